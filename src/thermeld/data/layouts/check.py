"""A whole set looked at: every picture decoded, sizes and labels compared, leaks searched."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from thermeld.data.layouts.frames import frame_pairs
from thermeld.data.layouts.labels import Labels
from thermeld.data.layouts.survey import Survey
from thermeld.data.layouts.trees import PairFiles
from thermeld.data.sets import KNOWN
from thermeld.errors import FusionError, SizeMismatch
from thermeld.image import Stored, require_same_size
from thermeld.io import read_image
from thermeld.io.files import shown

CLIP_STRIDE = 30  # frames; the ones between are decoded too, but not compared
AHEAD = 64  # pairs given to the threads at once


@dataclass(frozen=True)
class Finding:
    """Something a user of the set should know.

    Attributes:
        kind: "unreadable", "size", "labels", "leak", "duplicate", "absent", "count", "lonely" or
            "unlabelled".
        where: split and stem, or a path.
        what: in one line.
        spoils: whether the set should not be used before it is mended.
    """

    kind: str
    where: str
    what: str
    spoils: bool


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        pairs: split to how many pairs were looked at.
        findings: what spoils the set first.
    """

    pairs: Mapping[str, int]
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing spoils the set."""
        return not any(finding.spoils for finding in self.findings)


@dataclass(frozen=True)
class Seen:
    """One pair after it was opened; `prints` is role to a digest of the decoded pixels."""

    split: str
    stem: str
    findings: tuple[Finding, ...]
    prints: Mapping[str, str]


def check_set(
    found: Survey,
    *,
    against: Survey | None = None,
    jobs: int = 0,
    on_pair: Callable[[int], None] = lambda number: None,
) -> Report:
    """Open every file of a set.

    Leaks and duplicates are pictures whose decoded pixels are equal; a picture that was resized
    or compressed again is not recognised, nor is another picture of the same place.

    Args:
        found: what to check.
        against: a set of which no picture may be in `found`, as one kept for evaluation.
        jobs: threads; 0 means one per core.
        on_pair: told how many pairs are done.
    """
    tasks = [
        partial(look_at, pair, split if part is found else shown(part.folder), part)
        for part in (found, *([against] if against else []))
        for split, look in part.found.items()
        for pair in look.pairs
    ]
    seen = []
    for number, one in enumerate(_in_threads(tasks, jobs), 1):
        seen.append(one)
        on_pair(number)
    findings = [
        *_of_survey(found),
        *chain.from_iterable(one.findings for one in seen),
        *repeats(seen),
    ]
    pairs = {split: len(look.pairs) for split, look in found.found.items()}
    return Report(pairs, tuple(sorted(findings, key=lambda finding: not finding.spoils)))


def look_at(pair: PairFiles, split: str, found: Survey) -> Seen:
    """Open the files of one pair; whatever is refused becomes a finding."""
    layout, where = found.layout, f"{split}/{shown(Path(pair.stem))}"
    try:
        pictures = dict(_first_frames(pair) if layout.video else _pictures(pair))
    except SizeMismatch as error:
        return Seen(split, pair.stem, (Finding("size", where, str(error), True),), {})
    except FusionError as error:
        return Seen(split, pair.stem, (Finding("unreadable", where, str(error), True),), {})
    prints = {role: digest(pixels) for role, pixels in pictures.items() if np.ptp(pixels)}
    size = pictures["visible"].shape[:2]
    wrong = _of_labels(pair, layout.labels, where, (size[0], size[1]))
    return Seen(split, pair.stem, wrong, prints)


def digest(pixels: Stored) -> str:
    """The same for equal pixels; three equal channels count as one."""
    if pixels.ndim == 3 and (pixels == pixels[:, :, :1]).all():
        pixels = pixels[:, :, 0]
    shape = f"{pixels.shape}{pixels.dtype}".encode()
    return hashlib.blake2b(shape + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def repeats(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Pictures that occur twice: a leak between splits or sets, else a duplicate."""
    places = defaultdict(list)
    for one in seen:
        for role, print_ in one.prints.items():
            places[role, print_].append(one)
    roles = defaultdict(list)
    for (role, _), ones in places.items():
        if len(ones) > 1:
            roles[tuple((one.split, one.stem) for one in ones)].append(role)
    for names, found in roles.items():
        leaks = len({split for split, _ in names}) > 1
        where = ", ".join(f"{split}/{shown(Path(stem))}" for split, stem in names)
        what = f"{' and '.join(found)} picture the same"
        yield Finding("leak" if leaks else "duplicate", where, what, leaks)


def _pictures(pair: PairFiles) -> Iterator[tuple[str, Stored]]:
    vis = read_image(pair.vis).pixels
    if pair.ir is not None:
        ir = read_image(pair.ir).pixels
        require_same_size(ir, vis)
        yield "infrared", ir
    yield "visible", vis


def _first_frames(pair: PairFiles) -> Iterator[tuple[str, Stored]]:
    """Both clips decoded to their end; their first frames stand for them."""
    if pair.ir is None:
        return
    frames = frame_pairs(pair.ir, pair.vis, stride=CLIP_STRIDE)
    first = next(frames)
    for _ in frames:  # to the end: a clip that is cut off says so there
        pass
    yield from (("infrared", first.ir), ("visible", first.vis))


def _of_labels(
    pair: PairFiles, labels: Labels | None, where: str, size: tuple[int, int]
) -> tuple[Finding, ...]:
    if labels is None or pair.labels is None:
        return ()
    try:
        complaint = labels.complaint(pair.labels, size)
    except FusionError as error:
        return (Finding("unreadable", where, str(error), True),)
    return (Finding("labels", where, complaint, labels.spoils),) if complaint else ()


def _of_survey(found: Survey) -> Iterator[Finding]:
    """What the names alone tell."""
    for split, why in found.absent.items():
        yield Finding("absent", split, why, False)
    for split, look in found.found.items():
        published, here = _published(found, split), len(look.pairs)
        if published and here != published:
            yield Finding("count", split, f"{here} pairs here, {published} as published", False)
        for path in look.lonely:
            yield Finding(
                "lonely", f"{split}: {shown(path)}", "left out: no partner, or more than one", False
            )
        for stem in look.unlabelled:
            yield Finding("unlabelled", f"{split}/{shown(Path(stem))}", "has no labels", False)


def _published(found: Survey, split: str) -> int:
    """How many pairs there should be; sets of the layout "pairs" are known by their name."""
    known = KNOWN.get(found.folder.resolve().name) if found.layout.name == "pairs" else None
    return known.pairs if known else found.layout.expected[split]


def _in_threads(tasks: Sequence[Callable[[], Seen]], jobs: int) -> Iterator[Seen]:
    """Results in order; OpenCV decodes outside Python's lock, so threads are enough."""
    with ThreadPoolExecutor(jobs or None) as pool:
        for start in range(0, len(tasks), AHEAD):  # an interrupted user waits for one lot only
            yield from pool.map(lambda task: task(), tasks[start : start + AHEAD])
