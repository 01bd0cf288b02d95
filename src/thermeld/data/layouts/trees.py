"""Which files of a folder belong together: by the stem they share, or by a list of stems."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from thermeld.errors import UnreadableFile
from thermeld.io import SUFFIXES, pair_files
from thermeld.io.files import shown
from thermeld.io.pairing import natural

DEEPEST = 8  # folders; no published set goes deeper


@dataclass(frozen=True)
class PairFiles:
    """The files of one scene.

    Attributes:
        stem: its name in the set.
        ir: infrared image or video; None in a set of visible images only.
        vis: visible image or video.
        labels: class map or boxes, or None where there are none.
    """

    stem: str
    ir: Path | None
    vis: Path
    labels: Path | None = None


@dataclass(frozen=True)
class Look:
    """What one split of a set amounts to.

    Attributes:
        pairs: in natural order.
        lonely: images whose partner is missing.
        unlabelled: stems without labels in a split that has a folder of labels.
    """

    pairs: tuple[PairFiles, ...]
    lonely: tuple[Path, ...] = ()
    unlabelled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parallel:
    """Folders side by side whose files share stems; "{split}" in a path is filled in.

    Where several paths are given, the first that exists is meant: archives and mirrors differ in
    spelling.
    """

    ir: tuple[str, ...]
    vis: tuple[str, ...]
    labels: tuple[str, ...] = ()
    label_suffix: str = ".png"

    def __call__(self, folder: Path, split: str) -> Look:
        """Pair the files of one split.

        Raises:
            UnreadableFile: a folder is missing, empty or cannot be listed.
            BadSetting: two files of one stem, or no partners at all.
        """
        pairing = pair_files(*(_first(folder, names, split) for names in (self.ir, self.vis)))
        places = [folder / name.format(split=split) for name in self.labels]
        place = next((path for path in places if path.is_dir()), None)
        labels = {} if place is None else files_by_stem(place, (self.label_suffix,))
        pairs = tuple(
            PairFiles(pair.stem, pair.ir, pair.vis, labels.get(pair.stem)) for pair in pairing.pairs
        )
        without = tuple(pair.stem for pair in pairs if labels and pair.labels is None)
        return Look(pairs, (*pairing.lonely_ir, *pairing.lonely_vis), without)

    def fits(self, folder: Path, split: str) -> bool:
        """Whether both image folders are there."""
        return all(
            any((folder / name.format(split=split)).is_dir() for name in names)
            for names in (self.ir, self.vis)
        )


@dataclass(frozen=True)
class Listed:
    """Visible images named by a list of stems, with a class map each.

    Attributes:
        stems: the list's path, "{split}" filled in.
        images: path of one image, "{stem}" filled in.
        labels: path of one class map.
    """

    stems: str
    images: str
    labels: str

    def __call__(self, folder: Path, split: str) -> Look:
        """The listed files of one split.

        Raises:
            UnreadableFile: the list is missing, empty or not text.
        """
        path = folder / self.stems.format(split=split)
        pairs, lonely, unlabelled = [], [], []
        for stem in stems_in(path):
            image, labels = (folder / name.format(stem=stem) for name in (self.images, self.labels))
            if not image.is_file():
                lonely.append(image)
                continue
            labelled = labels.is_file()
            pairs.append(PairFiles(stem, None, image, labels if labelled else None))
            if not labelled:
                unlabelled.append(stem)
        return Look(tuple(pairs), tuple(lonely), tuple(unlabelled))

    def fits(self, folder: Path, split: str) -> bool:
        """Whether the list is there."""
        return (folder / self.stems.format(split=split)).is_file()


def stems_in(path: Path) -> list[str]:
    """The words of a text file.

    Raises:
        UnreadableFile: missing, empty or not text.
    """
    try:
        stems = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise UnreadableFile(f"{shown(path)}: cannot read this list ({why})") from error
    if not stems:
        raise UnreadableFile(f"{shown(path)}: names no images")
    return stems


def files_by_stem(folder: Path, suffixes: Collection[str] = tuple(SUFFIXES)) -> dict[str, Path]:
    """Files of these kinds in a folder, by stem, in natural order; hidden ones are left out.

    Raises:
        UnreadableFile: the folder cannot be listed.
    """
    try:
        paths = sorted(folder.iterdir(), key=lambda path: natural(path.name))
    except OSError as error:
        raise UnreadableFile(
            f"{shown(folder)}: cannot be listed ({error.strerror}); check the path"
        ) from error
    return {
        normalize("NFC", path.stem): path
        for path in paths
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    }


def folders_in(root: Path) -> Iterator[Path]:
    """A folder and all below it, each once however links run, in natural order."""
    seen: set[Path] = set()
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        real = folder.resolve()
        if real in seen or depth > DEEPEST:
            continue
        seen.add(real)
        try:
            inside = sorted(folder.iterdir(), key=lambda path: natural(path.name), reverse=True)
        except OSError as error:
            raise UnreadableFile(
                f"{shown(folder)}: cannot be listed ({error.strerror}); check its access rights"
            ) from error
        yield folder
        waiting += [
            (path, depth + 1) for path in inside if not path.name.startswith(".") and path.is_dir()
        ]


def _first(folder: Path, names: tuple[str, ...], split: str) -> Path:
    paths = [folder / name.format(split=split) for name in names]
    return next((path for path in paths if path.is_dir()), paths[0])
