"""What a run of the judge will cost, by a few steps measured on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lightning_fabric import Fabric

from thermeld.data.segmentation import CLASSES
from thermeld.image import eight_bits
from thermeld.io import read_image
from thermeld.train.judge.data import Pictures, pictures_of
from thermeld.train.judge.inputs import LabelledPairs
from thermeld.train.judge.plan import Plan
from thermeld.train.judge.start import start_path, start_recipe
from thermeld.train.judge.task import Judging

PROBED = 3  # steps whose time is multiplied; the first one warms up


@dataclass(frozen=True)
class Forecast:
    """What a run will cost, by a few steps measured on this machine.

    Attributes:
        trainings: still to do.
        steps: of each.
        start_steps: of the common start, if it is still to be trained.
        step_seconds: of wall time, of one step.
        picture_seconds: of answering for one picture of the validation split.
        hours: for all of it.
    """

    trainings: int
    steps: int
    start_steps: int
    step_seconds: float
    picture_seconds: float
    hours: float


def forecast(plan: Plan, fabric: Fabric, out: Path, count: int) -> Forecast:
    """Measure a few steps and answers on the visible images, and multiply.

    The time of fusing is not in it. What was left half done by a stopped run is counted whole.
    """
    few = [LabelledPairs(p.name, p.pairs[:4], p.labels[:4]) for p in (plan.train, plan.val)]
    train_few, val_few = (_sources(plan, part) for part in few)
    recipe = plan.budget.recipe("forecast", pairs=len(plan.train.pairs), seed=0)
    task = Judging(recipe, plan.budget, fabric, train_few, val_few, classes=len(CLASSES))
    step = _usual(lambda number: task.step(number))
    size = val_few.labels[0].shape
    picture = _usual(lambda _: task.answer(val_few.images[0], size))
    start = _start_steps(plan, out)
    each = plan.steps * step + len(plan.val.pairs) * picture
    hours = (start * step + count * each) / 3600
    return Forecast(count, plan.steps, start, step, picture, hours)


def _sources(plan: Plan, part: LabelledPairs) -> Pictures:
    images = [eight_bits(read_image(pair.vis).pixels) for pair in part.pairs]
    return pictures_of(part.stems, images, part.labels, plan.budget.reduce)


def _usual(work: Callable[[int], object]) -> float:
    """Mean seconds of doing something again after a first time that warms up."""
    work(0)
    begun = time.perf_counter()
    for number in range(1, PROBED):
        work(number)
    return (time.perf_counter() - begun) / (PROBED - 1)


def _start_steps(plan: Plan, out: Path) -> int:
    """Steps of the start that are still to be done; 0 if it is there, or not wanted."""
    if not plan.budget.start_epochs:
        return 0
    return 0 if start_path(plan, out).exists() else start_recipe(plan).steps
