"""Methods x sets x metrics into one long table; resumable, in parallel, naming what failed.

Beside the table grows a journal, `TABLE.jsonl`: one line per (set, image, method, convention)
with all its values and what they were made from. A run skips what the journal holds for the
same method, sources, settings and version, and at its end writes the whole journal as the
table. A kill loses the images under way, nothing else.

What is scored is what would be saved: the fused image in 8 bits. Sources of 8 bits are scored
as stored; infrared of more bits is scored as its window shows it to the method. Which channels
a metric sees is its convention's business (`thermeld.metrics.CONVENTIONS`).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thermeld.data.results import DONE, FAILED, require_table_place, write_table
from thermeld.evaluate.entrants import FLOORS, Entrant, entrants_of
from thermeld.evaluate.journal import Journal, kept_for_this_run
from thermeld.evaluate.measure import work_through
from thermeld.evaluate.plan import Plan, Task, only_common, tasks_of
from thermeld.io.parts import sweep

__all__ = [
    "FLOORS",
    "Entrant",
    "Outcome",
    "Plan",
    "Task",
    "entrants_of",
    "evaluate",
    "only_common",
    "tasks_of",
]


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
        BadSetting, MissingExtra, UnwritableFile: before any work, the table cannot be written,
            or another run is filling it.
        FusionError: a worker process died; all it had finished is kept.
    """
    require_table_place(out)
    path = out.with_name(f"{out.name}.jsonl")
    with kept_for_this_run(path):
        sweep(out.parent)  # what a killed run left
        yield from _evaluate(plan, out, Journal(path), jobs or _usable_cores())


def _evaluate(plan: Plan, out: Path, journal: Journal, jobs: int) -> Iterator[Outcome]:
    todo = []
    for task in tasks_of(plan):
        if journal.holds(task):
            yield Outcome(task.key, DONE, skipped=True)
        else:
            todo.append(task)
    try:
        for task, record in work_through(todo, jobs):
            journal.record(record)
            yield Outcome(task.key, record["state"], record["error"])
    finally:
        write_table(out, journal.rows())


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
