"""`thermeld evaluate --task segmentation`: what the judge says, told as it comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from thermeld.cli._parts import progress_bar, tell_tally
from thermeld.errors import BadSetting
from thermeld.registry import lookup, need

if TYPE_CHECKING:
    from thermeld.evaluate import Entrant
    from thermeld.train.judge import Forecast

TASKS = {"metrics": None, "segmentation": None}
STOPPED = 130


@dataclass(frozen=True)
class Terms:
    """How the judge is asked for: options of the command line."""

    budget: str
    seeds: int
    accelerator: str
    window: str
    as_json: bool


def require_segmentation(task: str, others: Mapping[str, object]) -> None:
    """Refuse another task, and options that only metrics have.

    Raises:
        UnknownName: no such task.
        BadSetting: one of `others` was given.
    """
    lookup(TASKS, task, "task")
    for option, value in others.items():
        if value:
            raise BadSetting(f"{option} does not go with --task segmentation; leave it out")


def run_judge(
    sets: Sequence[str], methods: tuple["Entrant", ...], terms: Terms, *, out: Path, data: Path
) -> None:
    """Judge one set under a progress bar, and say what became of it."""
    if len(sets) != 1:
        raise BadSetting("--task segmentation takes one labelled set, as --sets msrs")
    need("torch", "train")
    need("lightning_fabric", "train")
    from thermeld.train.judge import Watch, judge, plan_for
    from thermeld.train.judge.budget import read_budget
    from thermeld.train.judge.inputs import SOURCES

    plan = plan_for(
        sets[0], (*SOURCES, *methods), data=data, budget=read_budget(terms.budget),
        seeds=tuple(range(terms.seeds)), window=terms.window,
    )  # fmt: skip
    tally = {"trained": 0, "skipped": 0, "failed": 0, "stopped": 0}
    with progress_bar("judging", None) as advance_to:
        ended = 0

        def forecast(found: "Forecast") -> None:
            advance_to.expect(found.start_steps + found.trainings * found.steps)
            typer.echo(f"thermeld: {_told(found)}", err=True)

        def step(name: str, number: int, loss: float) -> None:
            advance_to(ended + number, f"{name}  loss {loss:.3f}")
            if name == "start":
                start_steps[0] = number

        start_steps = [0]
        watch = Watch(forecast, step)
        for outcome in judge(plan, out, accelerator=terms.accelerator, watch=watch):
            tally[outcome.kind] += 1
            ended = start_steps[0] + plan.steps * (tally["trained"] + tally["failed"])
            if outcome.kind == "failed":
                where = " ".join(outcome.key[:3])
                typer.echo(f"thermeld: {where}: {outcome.error}", err=True)
    _conclude(tally, out, as_json=terms.as_json)


def _told(found: "Forecast") -> str:
    start = f", after a common start of {found.start_steps} steps" if found.start_steps else ""
    return (
        f"{found.trainings} trainings of {found.steps} steps{start}: about {found.hours:.2f} h at "
        f"{found.step_seconds:.2f} s a step and {found.picture_seconds:.2f} s a picture judged"
    )


def _conclude(tally: Mapping[str, int], out: Path, *, as_json: bool) -> None:
    tell_tally(tally, out, as_json=as_json)
    if tally["stopped"]:
        typer.echo("thermeld: stopped; the same command again goes on from here", err=True)
        raise typer.Exit(STOPPED)
    if tally["failed"]:
        raise typer.Exit(1)
