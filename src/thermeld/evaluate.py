"""Methods x sets x metrics into one long table; resumable, in parallel, naming what failed.

Beside the table grows a journal, `TABLE.jsonl`: one line per (set, image, method, convention)
with all its values and what they were made from. A run skips what the journal holds for the
same method, sources, settings and version, and at its end writes the whole journal as the
table. A kill loses the images under way, nothing else.

What is scored is what would be saved: the fused image in 8 bits. Sources of 8 bits are scored
as stored; infrared of more bits is scored as its window shows it to the method. Which channels
a metric sees is its convention's business (`thermeld.metrics.CONVENTIONS`).
"""

import hashlib
import json
import math
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import islice
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np

from thermeld.data.results import DONE, FAILED, UNDEFINED, Row, require_table_place, write_table
from thermeld.data.sets import PairSet, fingerprint
from thermeld.errors import BadSetting, FusionError, UnreadableFile
from thermeld.fuse import COLORS, Fuser, find_method, resized
from thermeld.image import Stored, require_same_size, thermal_window, to_depth, unit
from thermeld.io import Pair, read_image
from thermeld.metrics import CONVENTIONS, score
from thermeld.metrics.scoring import names_in
from thermeld.registry import find_metric, lookup

FLOORS = ("average", "maximum", "laplacian", "laplacian-4")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


@dataclass(frozen=True)
class Entrant:
    """Whoever fuses: one of our methods, or a folder of images that others fused.

    Attributes:
        label: what the table calls it.
        method: a name of `thermeld.list_methods()` or an ONNX file; "" for given images.
        color: as of `Fuser`, or "given".
        given: folder of fused images, or a pattern as "fused/{set}/{stem}_IFCNN.jpg".
    """

    label: str
    method: str = ""
    color: str = "ycbcr"
    given: str = ""

    @classmethod
    def parse(cls, text: str, *, color: str = "ycbcr") -> "Entrant":
        """Read "NAME" or "NAME@COLOR"; where a method cannot blend, `color` blend means ycbcr.

        Raises:
            UnknownName, BadModel: no such method.
            BadSetting: no such colour mode, or the method cannot do it.
        """
        name, sign, asked = text.partition("@")
        card = find_method(name).card
        fallback = "ycbcr" if color == "blend" and not card.blends else color
        chosen = asked if sign else fallback
        if chosen not in COLORS or (chosen == "blend" and not card.blends):
            known = [mode for mode in COLORS if mode != "blend" or card.blends]
            raise BadSetting(f"{text}: the colour modes of {card.name} are {', '.join(known)}")
        return cls(f"{card.name}@{asked}" if sign else card.name, name, chosen)

    @classmethod
    def parse_given(cls, text: str) -> "Entrant":
        """Read "NAME=DIR" or "NAME=PATTERN".

        Raises:
            BadSetting: anything else.
        """
        label, sign, given = text.partition("=")
        if not sign or not label or not given:
            raise BadSetting(f"--fused takes NAME=DIR, got {text!r}")
        return cls(label, color="given", given=given)

    def facts(self) -> dict[str, Any]:
        """Settings, parameters, and a checksum over card and weights; the same for all images."""
        if self.given:
            return {"color": "given", "settings": "{}", "parameters": -1, "checksum": ""}
        entry = find_method(self.method)
        settings = json.dumps(dict(entry.settings), sort_keys=True)
        card = json.dumps(asdict(entry.card), sort_keys=True)
        whole = "\n".join((card, settings, entry.checksum))
        return {
            "color": self.color,
            "settings": settings,
            "parameters": entry.card.parameters,
            "checksum": hashlib.sha256(whole.encode()).hexdigest(),
        }

    def file(self, set_name: str, stem: str) -> Path:
        """The fused image that was given for a pair.

        Raises:
            UnreadableFile: there is none.
        """
        found = next((path for path in self._places(set_name, stem) if path.is_file()), None)
        if found is None:
            raise UnreadableFile(f"{self.given}: holds no fused image of {stem}")
        return found

    def has(self, set_name: str, stem: str) -> bool:
        """Whether a fused image was given for a pair."""
        return any(path.is_file() for path in self._places(set_name, stem))

    def _places(self, set_name: str, stem: str) -> Iterator[Path]:
        if "{stem}" in self.given:
            yield Path(self.given.replace("{stem}", stem).replace("{set}", set_name))
            return
        for folder in (Path(self.given) / set_name, Path(self.given)):
            yield from (folder / f"{stem}{suffix}" for suffix in IMAGE_SUFFIXES)


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        sets: of pairs.
        entrants: in the order of the table.
        metrics: names; all that the convention has if empty.
        convention: a key of `CONVENTIONS`.
        window: which infrared values become black and white, as of `Fuser`.
        fit: what to do when sizes differ, as of `Fuser`.
    """

    sets: tuple[PairSet, ...]
    entrants: tuple[Entrant, ...]
    metrics: tuple[str, ...]
    convention: str
    window: str = "auto"
    fit: str | None = None

    def __post_init__(self) -> None:
        lookup(CONVENTIONS, self.convention, "convention of metrics")
        known = names_in(self.convention)
        names = tuple(find_metric(name).card.name for name in self.metrics) or tuple(known)
        for name in names:
            if name not in known:
                raise BadSetting(f"{name} does not exist in convention {self.convention}")
        object.__setattr__(self, "metrics", names)
        labels = [entrant.label for entrant in self.entrants]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise BadSetting(f"{twice[0]} is named twice; give each method one name")
        if not (self.sets and labels):
            raise BadSetting("nothing to measure: name a set (--sets) and a method (--methods)")


@dataclass(frozen=True)
class Task:
    """One image to fuse and score; small, for it travels to a worker."""

    set: str
    pair: Pair
    entrant: Entrant
    metrics: tuple[str, ...]
    convention: str
    window: str
    fit: str | None
    made: Mapping[str, Any] = field(compare=False, default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the journal knows it by."""
        return (self.set, self.pair.stem, self.entrant.label, self.convention)


@dataclass(frozen=True)
class Outcome:
    """What became of one task."""

    key: tuple[str, str, str, str]
    state: str
    error: str = ""
    skipped: bool = False

    @property
    def kind(self) -> str:
        """In one word: "measured", "skipped" (done before) or "failed"."""
        return "skipped" if self.skipped else "failed" if self.state == FAILED else "measured"


def evaluate(plan: Plan, out: Path, *, jobs: int = 0) -> Iterator[Outcome]:
    """Measure everything that the journal beside `out` does not hold yet; then write `out`.

    Args:
        plan: what to measure.
        out: the table, .parquet or .csv. Rows of earlier runs stay in it.
        jobs: processes; 0 for one per core.

    Yields:
        What became of each image and method, as it ends.

    Raises:
        BadSetting, MissingExtra, UnwritableFile: before any work, the table cannot be written.
        FusionError: a worker process died; all it had finished is kept.
    """
    require_table_place(out)
    journal = Journal(out.with_name(f"{out.name}.jsonl"))
    todo = []
    for task in tasks_of(plan):
        if journal.holds(task):
            yield Outcome(task.key, DONE, skipped=True)
        else:
            todo.append(task)
    try:
        for task, record in _work_through(todo, jobs or len(os.sched_getaffinity(0))):
            journal.record(record)
            yield Outcome(task.key, record["state"], record["error"])
    finally:
        write_table(out, journal.rows())


def entrants_of(
    names: Iterable[str], *, color: str = "ycbcr", floors: bool = True
) -> tuple[Entrant, ...]:
    """Methods by name, before them the floors that every table needs.

    Raises:
        FusionError: as `Entrant.parse`.
    """
    wanted = dict.fromkeys([*(FLOORS if floors else ()), *names])
    return tuple(Entrant.parse(name, color=color) for name in wanted)


def only_common(pairs: PairSet, given: Iterable[Entrant]) -> PairSet:
    """The pairs of a set for which all who gave images gave one.

    Raises:
        BadSetting: there is no such pair.
    """
    kept = tuple(pair for pair in pairs.pairs if all(e.has(pairs.name, pair.stem) for e in given))
    if not kept:
        raise BadSetting(f"no pair of {pairs.name} has an image in every --fused folder")
    return PairSet(pairs.name, kept, pairs.lonely)


def tasks_of(plan: Plan) -> Iterator[Task]:
    """All (set, image, method) of a plan; images in order, the methods of each together.

    Raises:
        UnreadableFile: a source cannot be read.
    """
    facts = {entrant: entrant.facts() for entrant in plan.entrants}
    common = {"window": plan.window, "fit": plan.fit, "version": version("thermeld")}
    for pairs in plan.sets:
        for pair in pairs.pairs:
            sources = fingerprint(pair)
            for entrant in plan.entrants:
                made = {**facts[entrant], **common, "sources": sources}
                if entrant.given:
                    made["checksum"] = _given_checksum(entrant, pairs.name, pair.stem)
                yield Task(
                    pairs.name, pair, entrant, plan.metrics, plan.convention, plan.window,
                    plan.fit, made,
                )  # fmt: skip


def _given_checksum(entrant: Entrant, set_name: str, stem: str) -> str:
    if not entrant.has(set_name, stem):
        return ""  # measuring it will say so, and that is recorded
    return hashlib.sha256(entrant.file(set_name, stem).read_bytes()).hexdigest()


class Journal:
    """One JSON object a line; the last line of a key counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records: dict[tuple[str, ...], dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                self._take(line)

    def _take(self, line: str) -> None:
        try:
            record = json.loads(line)
            self._records[_key(record)] = record
        except (ValueError, TypeError, KeyError):
            return  # cut short by a kill: that image is measured again

    def holds(self, task: Task) -> bool:
        """Whether every metric of a task was measured, from the same things in the same way."""
        record = self._records.get(task.key)
        if record is None or record["state"] == FAILED or record["made"] != task.made:
            return False
        return all(name in record["values"] for name in task.metrics)

    def record(self, record: dict[str, Any]) -> None:
        """Append a line; values of other metrics that still hold are taken along."""
        before = self._records.get(_key(record))
        if before and before["made"] == record["made"] and record["state"] != FAILED:
            record = {**record, "values": {**before["values"], **record["values"]}}
        self._records[_key(record)] = record
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Begins with a newline too, in case a kill cut the line before short.
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record) + "\n")

    def rows(self) -> Iterator[Row]:
        """The journal as the long table: sets as they came, then by image and method."""
        sets = list(dict.fromkeys((key[0], key[3]) for key in self._records))
        for key in sorted(self._records, key=lambda key: (sets.index((key[0], key[3])), key)):
            yield from _rows(self._records[key])


def _key(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (record["set"], record["image"], record["method"], record["convention"])


def _rows(record: Mapping[str, Any]) -> Iterator[Row]:
    made = record["made"]
    for metric, value in record["values"].items():
        missing = FAILED if record["state"] == FAILED else UNDEFINED
        yield Row(
            set=record["set"],
            image=record["image"],
            method=record["method"],
            metric=metric,
            convention=record["convention"],
            value=value,
            state=missing if value is None else DONE,
            error=record["error"],
            seconds=record["seconds"],
            pixels=record["pixels"],
            parameters=made["parameters"],
            color=made["color"],
            settings=made["settings"],
            checksum=made["checksum"],
            sources=made["sources"],
            version=made["version"],
        )


def _work_through(tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Task, dict[str, Any]]]:
    if jobs == 1:
        yield from ((task, measure(task)) for task in tasks)
        return
    waiting = iter(tasks)
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker)
    running: dict[Future[dict[str, Any]], Task] = {}
    try:
        running |= {pool.submit(measure, task): task for task in islice(waiting, 2 * jobs)}
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield running.pop(future), future.result()
                running |= {pool.submit(measure, task): task for task in islice(waiting, 1)}
    except BrokenProcessPool as error:
        raise FusionError(
            "a worker process died, perhaps for want of memory; what was done is kept, "
            "run the same command again with --jobs 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """One thread a process, and an end when the parent ends, however it ends."""
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def measure(task: Task) -> dict[str, Any]:
    """Fuse and score one image: a line of the journal, also where it fails."""
    record: dict[str, Any] = {
        "set": task.set,
        "image": task.pair.stem,
        "method": task.entrant.label,
        "convention": task.convention,
        "made": dict(task.made),
        **{"state": DONE, "error": "", "seconds": None, "pixels": 0},
    }
    try:
        ir, vis = _sources(task)
        fused, record["seconds"] = _fused(task, ir, vis)
        record["pixels"] = fused.shape[0] * fused.shape[1]
        shown = to_depth(unit(ir, window=thermal_window(task.window)(ir.dtype)), np.uint8)
        values = score(
            shown, eight_bits(vis), fused, metrics=task.metrics, convention=task.convention
        )
    except (FusionError, MemoryError) as error:
        reason = str(error) or "not enough memory; use fewer processes (--jobs 1)"
        failed = {"state": FAILED, "error": " ".join(reason.split())}
        return {**record, **failed, "values": dict.fromkeys(task.metrics)}
    finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
    return {**record, "values": finite}


def eight_bits(image: Stored) -> Stored:
    """What an 8-bit file of it would hold."""
    return to_depth(unit(image), np.uint8)


def _sources(task: Task) -> tuple[Stored, Stored]:
    """Both sources as stored, without alpha, of one size."""
    ir, vis = read_image(task.pair.ir).pixels, read_image(task.pair.vis).pixels
    if task.fit == "vis":
        ir = resized(ir, vis.shape[:2])
    elif task.fit == "ir":
        vis = resized(vis, ir.shape[:2])
    require_same_size(ir, vis)
    return ir, vis


def _fused(task: Task, ir: Stored, vis: Stored) -> tuple[Stored, float | None]:
    entrant = task.entrant
    if entrant.given:
        return eight_bits(read_image(entrant.file(task.set, task.pair.stem)).pixels), None
    fuser = _fuser(entrant.method, entrant.color, task.window)
    begun = time.perf_counter()
    fused = fuser(ir, vis)
    return eight_bits(fused), time.perf_counter() - begun


@cache
def _fuser(method: str, color: str, window: str) -> Fuser:
    return Fuser(method, color=color, window=window, threads=1)
