"""Which infrared file belongs to which visible file.

Partners share a stem (`ir/00012.png` and `vi/00012.jpg`), as in every published set.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io.files import shown
from thermeld.io.headers import SUFFIXES

DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class Pair:
    """Two files of one scene, under the name they share (the infrared one's if they do not)."""

    stem: str
    ir: Path
    vis: Path


@dataclass(frozen=True)
class Pairing:
    """What two files or folders amount to.

    Attributes:
        pairs: at least one, in natural order: frame2 before frame10.
        lonely_ir: infrared files without a partner.
        lonely_vis: visible files without a partner.
    """

    pairs: tuple[Pair, ...]
    lonely_ir: tuple[Path, ...] = ()
    lonely_vis: tuple[Path, ...] = ()


def pair_files(ir: str | Path, vis: str | Path) -> Pairing:
    """Pair two files whatever their names, or the images of two folders by stem.

    Only files with a known image suffix count; hidden files and folders inside are passed over.

    Raises:
        UnreadableFile: a path that does not exist or cannot be listed, or holds no image.
        BadSetting: a file and a folder, one folder given twice, two files of one stem in a
            folder, or no partners at all.
    """
    ir, vis = Path(ir), Path(vis)
    ir_is_folder, vis_is_folder = _is_folder(ir), _is_folder(vis)
    if ir_is_folder != vis_is_folder:
        folder, file = (ir, vis) if ir_is_folder else (vis, ir)
        raise BadSetting(
            f"{shown(folder)} is a folder but {shown(file)} is a file; "
            "give two files or two folders"
        )
    if not ir_is_folder:
        return Pairing((Pair(ir.stem, ir, vis),))
    if ir.samefile(vis):
        raise BadSetting(
            f"{shown(ir)} is given as infrared and as visible folder; give two folders "
            "whose files share their names"
        )
    return _pair_folders(ir, vis)


def _is_folder(path: Path) -> bool:
    try:
        if not path.exists():
            raise UnreadableFile(
                f"{shown(path)}: does not exist; check the spelling and the folder"
            )
        return path.is_dir()
    except OSError as error:
        raise UnreadableFile(f"{shown(path)}: {error.strerror}; check the path") from error


def _pair_folders(ir: Path, vis: Path) -> Pairing:
    irs, viss = images_of(ir), images_of(vis)
    shared = sorted(irs.keys() & viss.keys(), key=natural)
    if not shared:
        first_ir, first_vis = next(iter(irs.values())), next(iter(viss.values()))
        raise BadSetting(
            f"no file in {shown(ir)} has a partner of the same name in {shown(vis)}; there is, for "
            f"example, {shown(Path(first_ir.name))} here and {shown(Path(first_vis.name))} there; "
            "rename them so that their names agree up to the extension"
        )
    return Pairing(
        tuple(Pair(stem, irs[stem], viss[stem]) for stem in shared),
        tuple(path for stem, path in irs.items() if stem not in viss),
        tuple(path for stem, path in viss.items() if stem not in irs),
    )


def images_of(folder: Path) -> dict[str, Path]:
    """Stem to file of the images in a folder, in natural order.

    Raises:
        UnreadableFile: it cannot be listed, or holds none.
        BadSetting: two of them share a stem.
    """
    try:
        files = [path for path in folder.iterdir() if _is_image(path)]
    except OSError as error:
        raise UnreadableFile(
            f"{shown(folder)}: cannot be listed ({error.strerror}); check its access rights"
        ) from error
    if not files:
        raise UnreadableFile(
            f"{shown(folder)}: holds no image; expected names ending with {' '.join(SUFFIXES)}"
        )
    found: dict[str, Path] = {}
    for path in sorted(files, key=lambda path: natural(path.name)):
        stem = normalize("NFC", path.stem)  # macOS may store é as two characters, Linux as one
        if stem in found:
            raise BadSetting(
                f"{shown(found[stem])} and {shown(path)} have one name, so it is unclear which "
                "to pair; remove or rename one of them"
            )
        found[stem] = path
    return dict(sorted(found.items(), key=lambda item: natural(item[0])))


def _is_image(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sort key under which frame2 comes before frame10."""
    parts = DIGITS.split(name.casefold())
    numbered = [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]
    return numbered, name  # the name itself decides between img1 and img01
