"""Methods x sets x metrics into one long table; resumable, in parallel, naming what failed.

Beside the table grows a journal, `TABLE.jsonl`: one line per (set, image, method, convention)
with all its values and what they were made from. A run skips what the journal holds for the
same method, sources, settings and version, and at its end writes the whole journal as the
table. A kill loses the images under way, nothing else.

What is scored is what would be saved: the fused image in 8 bits. Sources of 8 bits are scored
as stored; infrared of more bits is scored as its window shows it to the method. Which channels
a metric sees is its convention's business (`thermeld.metrics.CONVENTIONS`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from thermeld.cores import usable_cores
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


class Through(Protocol):
    """What measures tasks, several at a time."""

    def __call__(self, tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Each task with its line of the journal, as it ends."""
        ...


def evaluate(
    plan: Plan, out: Path, *, jobs: int = 0, through: Through = work_through
) -> Iterator[Outcome]:
    """Measure everything that the journal beside `out` does not hold yet; then write `out`.

    Args:
        plan: what to measure.
        out: the table, .parquet or .csv. Rows of earlier runs stay in it.
        jobs: processes; 0 for one per core.
        through: what measures tasks, each with its line of the journal as it ends.

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
        work = partial(through, jobs=jobs or usable_cores())
        yield from _evaluate(plan, out, Journal(path), work)


def _evaluate(
    plan: Plan,
    out: Path,
    journal: Journal,
    work: Callable[[Iterable[Task]], Iterator[tuple[Task, dict[str, Any]]]],
) -> Iterator[Outcome]:
    todo = []
    for task in tasks_of(plan):
        if journal.holds(task):
            yield Outcome(task.key, DONE, skipped=True)
        else:
            todo.append(task)
    try:
        for task, record in work(todo):
            journal.record(record)
            yield Outcome(task.key, record["state"], record["error"])
    finally:
        write_table(out, journal.rows())
