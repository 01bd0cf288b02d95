"""One Fuser over many files: resumable, going on past bad pairs, nothing half-written.

A folder of results holds a journal, `thermeld.jsonl`: one line per result with the SHA-256 of
its bytes, what it was made from and how. A later run skips a result that the journal vouches
for, makes anew one that is missing, damaged or out of date, and refuses to touch any other
file.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from thermeld.cores import usable_cores
from thermeld.errors import FusionError, UnreadableFile, UnwritableFile
from thermeld.fuse import Fuser, resized
from thermeld.image import Stored, eight_bits, to_depth
from thermeld.io import (
    Pair,
    Picture,
    encode_image,
    read_image,
    read_pair,
    require_writable,
    write_bytes,
    write_image,
)
from thermeld.io.parts import lock, sweep
from thermeld.panel import panel

JOURNAL = "thermeld.jsonl"
COMPARE_FOLDER = "compare"


@dataclass(frozen=True)
class Done:
    """A result that is on the disk: made now, or found made and intact (`skipped`).

    `note` says in one line how the pair was aligned, "" if it was not asked for.
    """

    pair: Pair
    out: Path
    seconds: float = 0.0
    skipped: bool = False
    note: str = ""


@dataclass(frozen=True)
class Failed:
    """A pair that could not be fused, and why in one line."""

    pair: Pair
    error: str


@dataclass(frozen=True)
class Job:
    """What to make of each pair.

    Attributes:
        fuser: does the fusing; shared by all workers.
        identity: everything that decides the result, as plain values for the journal.
        out: folder of the results.
        suffix: of the results, as ".png".
        overwrite: replace files that are not this job's own.
        compare: also write ir | visible | fused panels into out/compare.
    """

    fuser: Fuser
    identity: Mapping[str, Any]
    out: Path
    suffix: str = ".png"
    overwrite: bool = False
    compare: bool = False

    def target(self, pair: Pair) -> Path:
        """Where the result of a pair goes."""
        return self.out / f"{pair.stem}{self.suffix}"

    def panel(self, pair: Pair) -> Path:
        """Where its panel goes."""
        return self.out / COMPARE_FOLDER / f"{pair.stem}.png"

    def files(self, pair: Pair) -> tuple[Path, ...]:
        """All that is made of a pair."""
        return (self.target(pair), self.panel(pair)) if self.compare else (self.target(pair),)

    def key(self, made: Path) -> str:
        """What the journal calls a file."""
        return made.relative_to(self.out).as_posix()


def fuse_files(
    fuser: Fuser, pair: Pair, out: Path, *, overwrite: bool = False, compare: Path | None = None
) -> Done:
    """Fuse two files into a third, in the format that its name asks for.

    Raises:
        FusionError: unreadable input, sizes that differ, a place that cannot be written, ...
    """
    begun = time.perf_counter()
    for target in filter(None, (out, compare)):
        require_writable(target, overwrite)
        require_no_source(target, sources_of((pair,)))
    ir, vis = read_pair(pair)
    fused, note = fuser.with_note(ir.pixels, stored_with_alpha(vis))
    pixels, alpha = split_alpha(fused)
    write_image(out, pixels, alpha=alpha, overwrite=overwrite)
    if compare is not None:
        write_image(compare, panel_of(fuser, ir, vis, fused), overwrite=overwrite)
    return Done(pair, out, time.perf_counter() - begun, note=note)


def fuse_folder(pairs: Iterable[Pair], job: Job, *, workers: int = 0) -> Iterator[Done | Failed]:
    """Fuse pairs, several at a time, telling what became of each as it ends.

    Args:
        pairs: of files.
        job: what to make of them.
        workers: pairs in work at once; 0 for one per core. Each holds a pair in memory.

    Raises:
        UnwritableFile: before any work: results exist that are not this job's own, or the
            folder cannot be written to.
    """
    pairs = list(pairs)
    require_writable(job.out / f"any{job.suffix}", overwrite=True)
    with Journal(job.out / JOURNAL) as journal:
        for folder in (job.out, job.out / COMPARE_FOLDER):
            sweep(folder)  # what a killed run left
        yield from _fuse_all(pairs, job, journal, workers or usable_cores())


def _fuse_all(
    pairs: list[Pair], job: Job, journal: "Journal", count: int
) -> Iterator[Done | Failed]:
    intact = _plan(pairs, job, journal)
    yield from (Done(pair, job.target(pair), skipped=True) for pair in pairs if pair in intact)
    waiting = (pair for pair in pairs if pair not in intact)
    pool = ThreadPoolExecutor(count)
    try:
        running = {pool.submit(_attempt, pair, job, journal) for pair in islice(waiting, count)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {
                pool.submit(_attempt, pair, job, journal) for pair in islice(waiting, len(ended))
            }
            yield from (future.result() for future in ended)
    finally:
        pool.shutdown(cancel_futures=True)


class Journal:
    """What a folder's results are, one JSON object a line; the last line of a name counts.

    Used as a context manager, it keeps other runs out of the folder while this one works.

    Raises:
        UnwritableFile: it cannot be read or written, or another run holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._rows: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> "Journal":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+", encoding="utf-8", errors="replace")
        except OSError as error:
            raise self._unwritable(error) from error
        if lock(self._file.fileno()) is False:
            self._file.close()
            raise UnwritableFile(
                f"{self.path.parent}: another run is writing into this folder; wait for it to end"
            )
        self._file.seek(0)
        for line in self._file:
            self._take(line)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()  # which also gives the folder free

    def _take(self, line: str) -> None:
        try:
            row = json.loads(line)
            if {"sha256", "made", "from"} <= row.keys():
                self._rows[row["file"]] = row
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return  # cut short by a kill: that result is not vouched for

    def _unwritable(self, error: OSError) -> UnwritableFile:
        return UnwritableFile(
            f"{self.path}: the journal cannot be written ({error.strerror}); free space, check "
            "access rights or choose another folder"
        )

    def row(self, file: str) -> Mapping[str, Any]:
        """The last line about a file; empty if there is none."""
        return self._rows.get(file, {})

    def record(self, row: dict[str, Any]) -> None:
        """Append a line; written before the file gets its name, so no result lacks its line."""
        with self._lock:
            self._rows[row["file"]] = row
            try:
                # Begins with a newline too, in case a kill cut the line before short.
                self._file.write("\n" + json.dumps(row, sort_keys=True) + "\n")
                self._file.flush()
            except OSError as error:
                raise self._unwritable(error) from error


def _plan(pairs: list[Pair], job: Job, journal: Journal) -> set[Pair]:
    """Pairs whose results are there and intact; refuses if others' files are in the way."""
    sources = sources_of(pairs)
    for pair in pairs:
        for made in job.files(pair):
            require_no_source(made, sources)
    states = {
        pair: {made: _state(made, pair, job, journal) for made in job.files(pair)} for pair in pairs
    }
    foreign = [made for found in states.values() for made in found if found[made] == "foreign"]
    if foreign and not job.overwrite:
        raise UnwritableFile(
            f"{foreign[0]} and {len(foreign) - 1} more exist and were not made by this command "
            "with these settings; choose another folder, or replace them with --overwrite"
        )
    return {pair for pair, found in states.items() if set(found.values()) == {"intact"}}


def sources_of(pairs: Iterable[Pair]) -> frozenset[Path]:
    """The real paths of all pictures to be fused."""
    return frozenset(path.resolve() for pair in pairs for path in (pair.ir, pair.vis))


def require_no_source(made: Path, sources: frozenset[Path]) -> None:
    """Refuse to write over a picture that is being fused, whatever else is allowed.

    Raises:
        UnwritableFile: `made` is one of the sources.
    """
    if made.exists() and made.resolve() in sources:
        raise UnwritableFile(
            f"{made}: is one of the pictures to be fused; write the result elsewhere"
        )


def _state(made: Path, pair: Pair, job: Job, journal: Journal) -> str:
    """Of a result: "missing" (to be made), "intact", or "foreign" (not ours to replace)."""
    if not made.exists():
        return "missing"
    row = journal.row(job.key(made))
    if not row or not made.is_file():
        return "foreign"
    if _sha256(made.read_bytes()) != row["sha256"]:
        return "foreign" if _readable(made) else "missing"
    if row["made"] != job.identity:
        return "foreign"
    return "intact" if row["from"] == _sources(pair) else "missing"


def _readable(path: Path) -> bool:
    try:
        read_image(path)
    except UnreadableFile:
        return False
    return True


def _attempt(pair: Pair, job: Job, journal: Journal) -> Done | Failed:
    begun = time.perf_counter()
    target = job.target(pair)
    try:
        ir, vis, fused, note = _fused(pair, job.fuser)
        made = {target: _encoded(fused, target.suffix)}
        if job.compare:
            made[job.panel(pair)] = encode_image(panel_of(job.fuser, ir, vis, fused), ".png")
        for path, data in made.items():
            row = {"file": job.key(path), "sha256": _sha256(data), "made": job.identity}
            journal.record({**row, "from": _sources(pair)})
            write_bytes(path, data, overwrite=True)
    except FusionError as error:
        return Failed(pair, str(error))
    except MemoryError:
        return Failed(pair, "not enough memory for this pair; use fewer workers (--jobs 1)")
    return Done(pair, target, time.perf_counter() - begun, note=note)


def fused_bytes(pair: Pair, fuser: Fuser, suffix: str) -> bytes:
    """The file that a pair becomes, as bytes: what `fuse_folder` writes.

    Raises:
        FusionError: unreadable input, sizes that differ, ...
    """
    return _encoded(_fused(pair, fuser)[2], suffix)


def _fused(pair: Pair, fuser: Fuser) -> tuple[Picture, Picture, Stored, str]:
    ir, vis = read_pair(pair)
    return ir, vis, *fuser.with_note(ir.pixels, stored_with_alpha(vis))


def panel_of(fuser: Fuser, ir: Picture, vis: Picture, fused: Stored) -> Stored:
    """Infrared | visible | fused, 8 bit, the infrared as the fuser's window shows it."""
    size = fused.shape[:2]
    shown_ir = resized(to_depth(fuser.infrared(ir.pixels), np.uint8), size)
    shown_vis = resized(eight_bits(vis.pixels), size)
    shown_fused = eight_bits(split_alpha(fused)[0])
    pictures = {
        "infrared": shown_ir,
        "visible": shown_vis,
        f"fused: {fuser.card.name}": shown_fused,
    }
    return panel(pictures)


def stored_with_alpha(picture: Picture) -> Stored:
    """Pixels, and alpha as a fourth channel where there is one (grey is tripled for it)."""
    if picture.alpha is None:
        return picture.pixels
    grey = picture.pixels.ndim == 2
    colour = np.dstack([picture.pixels] * 3) if grey else picture.pixels
    return np.dstack([colour, picture.alpha])


def split_alpha(image: Stored) -> tuple[Stored, Stored | None]:
    """(H, W, 4) as its colour and its alpha; anything else as it is, without."""
    if image.ndim == 3 and image.shape[2] == 4:
        return image[:, :, :3], image[:, :, 3]
    return image, None


def _encoded(fused: Stored, suffix: str) -> bytes:
    pixels, alpha = split_alpha(fused)
    return encode_image(pixels, suffix, alpha=alpha)


def _sources(pair: Pair) -> list[list[Any]]:
    found = [(path, path.stat()) for path in (pair.ir, pair.vis)]
    return [[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in found]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
