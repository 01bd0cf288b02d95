"""Segmentation as the judge: the same network learned on every method's images, and asked.

One training per method and seed, all of one budget: the same scenes in the same order, varied
alike, from the same start. What is reported is how well the network learned on a method's images
finds the classes in others of them, over a whole validation split.

What is finished stands in the journal beside the table, like every other measurement; a training
that was stopped goes on from its last checkpoint.

Source: Tang et al., "Image fusion in the loop of high-level vision tasks: SeAFusion", 2022, whose
task-driven comparison this is; network and settings: see `deeplab` and `budget`.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lightning_fabric import Fabric
from torch import Tensor

from thermeld.data.results import DONE, require_table_place, write_table
from thermeld.data.segmentation import CLASSES, CONVENTION, files_beside, place_of
from thermeld.errors import FusionError
from thermeld.evaluate.entrants import Entrant
from thermeld.evaluate.journal import Journal, kept_for_this_run, line_of
from thermeld.io.parts import sweep
from thermeld.train.judge.data import Pictures
from thermeld.train.judge.forecast import Forecast, forecast
from thermeld.train.judge.inputs import LabelledPairs
from thermeld.train.judge.plan import Plan, Training, plan_for, trainings_of
from thermeld.train.judge.score import values_of
from thermeld.train.judge.show import keep_curve, keep_examples
from thermeld.train.judge.start import start_weights
from thermeld.train.judge.task import Judging
from thermeld.train.loop import keep_freed_memory, train
from thermeld.train.run import start_fabric

__all__ = ["Forecast", "Judged", "Plan", "Watch", "judge", "plan_for"]

START = "start"  # the training that all others begin with, in progress and outcomes
Tensors: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True)
class Judged:
    """What became of one training: "trained", "skipped" (done before), "failed" or "stopped"."""

    key: tuple[str, str, str, str]
    kind: str
    error: str = ""


@dataclass(frozen=True)
class Watch:
    """Who is told how a run goes on.

    Attributes:
        forecast: what it will cost, before it starts.
        step: name of a training, its steps done, its loss.
    """

    forecast: Callable[[Forecast], None] = lambda forecast: None
    step: Callable[[str, int, float], None] = lambda name, number, loss: None


def judge(
    plan: Plan, out: Path, *, accelerator: str = "auto", watch: Watch | None = None
) -> Iterator[Judged]:
    """Train and ask everything that the journal beside `out` does not hold; keep `out` written.

    Args:
        plan: what to judge.
        out: the table, .parquet or .csv. Rows of earlier runs stay in it.
        accelerator: "cpu", "cuda", or "auto".
        watch: who is told.

    Yields:
        What became of each training as it ends; after "stopped" (a signal came) nothing more.

    Raises:
        BadSetting, MissingExtra, UnwritableFile: before any work, the table cannot be written,
            or another run is filling it.
        FusionError: what the start or the training loop refuses.
    """
    require_table_place(out)
    path = out.with_name(f"{out.name}.jsonl")
    with kept_for_this_run(path):
        sweep(out.parent)
        yield from _judge(plan, out, Journal(path), accelerator, watch or Watch())


def _judge(
    plan: Plan, out: Path, journal: Journal, accelerator: str, watch: Watch
) -> Iterator[Judged]:
    todo = []
    for training in trainings_of(plan):
        if journal.holds(training):
            yield Judged(training.key, "skipped")
        else:
            todo.append(training)
    write_table(out, journal.rows())
    if not todo:
        return
    keep_freed_memory()
    fabric = start_fabric(plan.budget.precision, accelerator)
    watch.forecast(forecast(plan, fabric, out, len(todo)))
    start = _start(plan, fabric, out, watch)
    if isinstance(start, Judged):
        yield start
        return
    court = _Court(plan, out, fabric, start, watch)
    for training in todo:
        ended, record = court.hear(training)
        if record:
            journal.record(record)
            write_table(out, journal.rows())
        yield ended
        if ended.kind == "stopped":
            return


def _start(plan: Plan, fabric: Fabric, out: Path, watch: Watch) -> Tensors | Judged | None:
    """The common start; None for random weights; or that it was stopped."""
    if not plan.budget.start_epochs:
        return None
    found = start_weights(plan, out, fabric, on_step=_teller(watch, START))
    return found or Judged((plan.val.name, "", START, CONVENTION), "stopped")


def _teller(watch: Watch, name: str) -> Callable[[int, Mapping[str, float]], None]:
    return lambda number, terms: watch.step(name, number, terms["loss"])


@dataclass(frozen=True)
class _Court:
    """What all trainings of a run share."""

    plan: Plan
    out: Path
    fabric: Fabric
    start: Tensors | None
    watch: Watch

    def pictures(self, entrant: Entrant, part: LabelledPairs) -> Pictures:
        """An entrant's images of one split."""
        return Pictures(part.stems, self.plan.images(entrant, part, self.out), part.labels)

    def hear(self, training: Training) -> tuple[Judged, dict[str, Any]]:
        """Train and ask one; with it a line of the journal, empty if it was stopped."""
        plan, record = self.plan, line_of(training)
        try:
            parts = [self.pictures(training.entrant, part) for part in (plan.train, plan.val)]
        except FusionError as error:
            reason = " ".join(str(error).split())
            return Judged(training.key, "failed", reason), {**record, "error": reason}
        recipe = plan.budget.recipe(training.entrant.label, pairs=len(parts[0]), seed=training.seed)
        task = Judging(
            recipe, plan.budget, self.fabric, *parts, classes=len(CLASSES), start=self.start
        )
        run = files_beside(self.out) / "runs" / training.digest
        tell = _teller(self.watch, f"{training.entrant.label}, {training.key[1]}")
        outcome = train(task, recipe, run, fabric=self.fabric, on_step=tell)
        if outcome.steps < recipe.steps:
            return Judged(training.key, "stopped"), {}
        counts = task.confusion()
        self._keep(task, training, run)
        facts = {"state": DONE, "seconds": outcome.seconds, "pixels": int(counts.sum())}
        return Judged(training.key, "trained"), {**record, **facts, "values": values_of(counts)}

    def _keep(self, task: Judging, training: Training, run: Path) -> None:
        """Take what the report shows out of a finished run, and remove the rest."""
        set_name, seed, method, _ = training.key
        place = place_of(self.out, set_name)
        keep_curve(run, place, method, seed)
        if training.seed == self.plan.seeds[0]:
            keep_examples(task, self.plan.val, place, method)
        shutil.rmtree(run)
