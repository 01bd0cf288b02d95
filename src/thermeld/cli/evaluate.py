"""`thermeld evaluate`: methods on sets, measured into one long table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermeld.cli._judging import Terms, require_segmentation, run_judge
from thermeld.cli._options import FitOption, JsonOption, WindowOption
from thermeld.cli._parts import names_in, progress_bar, tell_tally

if TYPE_CHECKING:
    from thermeld.evaluate import Plan

EPILOG = """[bold]Examples[/bold]

thermeld evaluate --methods mobilefuse,wavelet-max --sets ../shared/data/vifb21 -o results.parquet

thermeld evaluate --sets tno25 roadscene50 --data ../shared/data --metrics EN,SD,SF,MI,SCD,VIF,Qabf

thermeld evaluate --sets msrs --fused SeAFusion=fused/msrs --common --no-floors -o theirs.csv

thermeld evaluate --task segmentation --sets msrs --methods mobilefuse --budget small -o seg.csv

The floors average, maximum, laplacian and laplacian-4 are always measured too, unless --no-floors.

--task segmentation trains DeepLabv3+ on each method's images of a labelled set's train pairs, and
on infrared and visible alone, and measures IoU per class on its validation pairs (needs PyTorch).

Exit codes: 0 all measured, 1 an image failed, 2 asked wrongly.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("evaluate", epilog=EPILOG)(run)


def run(
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[SET]...", help="More sets, as after --sets.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--sets", help="Folders SET with ir/ and vi/, names, NAME:val, or scenes:N."),
    ] = None,
    methods: Annotated[
        str, typer.Option("--methods", help="Names, by commas; NAME@blend sets its colour mode.")
    ] = "",
    metrics: Annotated[
        str, typer.Option("--metrics", help="Names, by commas; all of the convention if not given.")
    ] = "",
    convention: Annotated[str, typer.Option("--convention", help="Whose formulas.")] = "tang",
    fused: Annotated[
        list[str] | None,
        typer.Option("--fused", metavar="NAME=DIR", help="Images others fused, by stem."),
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Only pairs that every --fused folder has.")
    ] = False,
    out: Annotated[Path, typer.Option("-o", "--out", help="The table: .parquet or .csv.")] = Path(
        "results.parquet"
    ),
    data: Annotated[Path, typer.Option("--data", help="Folder in which named sets lie.")] = Path(
        "data"
    ),
    color: Annotated[
        str, typer.Option("--color", help="ycbcr, gray, per-channel, or blend if it can.")
    ] = "ycbcr",
    window: WindowOption = "auto",
    fit: FitOption = None,
    floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Measure them too.")] = True,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, help="Processes. Default: one per core.")
    ] = 0,
    task: Annotated[str, typer.Option("--task", help="metrics, or segmentation.")] = "metrics",
    budget: Annotated[
        str, typer.Option("--budget", help="Of segmentation: published, small, or a TOML file.")
    ] = "published",
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Of segmentation: trainings per method.")
    ] = 3,
    accelerator: Annotated[
        str, typer.Option("--accelerator", help="Of segmentation: cpu, cuda, or auto.")
    ] = "auto",
    as_json: JsonOption = False,
) -> None:
    """Fuse and score every pair of the sets; stop it and run it again to go on.

    One row per set, image, method and metric, with times, checksums and the version.
    A method that fails on an image is in the table as failed.
    """
    from thermeld.data.sets import find_set
    from thermeld.evaluate import Entrant, Plan, entrants_of, only_common

    wanted = [*(sets or []), *(more or [])]
    given = tuple(Entrant.parse_given(text) for text in fused or [])
    if task != "metrics":
        require_segmentation(task, {"--metrics": metrics, "--common": common, "--fit": fit})
        named = (*entrants_of(names_in(methods), color=color, floors=False), *given)
        terms = Terms(budget, seeds, accelerator, window, as_json)
        run_judge(wanted, named, terms, out=out, data=data)
        return
    found = [find_set(name, root=data) for name in wanted]
    if common:
        found = [only_common(pairs, given) for pairs in found]
    entrants = (*entrants_of(names_in(methods), color=color, floors=floors), *given)
    plan = Plan(tuple(found), entrants, names_in(metrics), convention, window, fit)
    _measure(plan, out, jobs=jobs, as_json=as_json)


def _measure(plan: "Plan", out: Path, *, jobs: int, as_json: bool) -> None:
    from thermeld.evaluate import evaluate

    for pairs in plan.sets:
        for path in pairs.lonely:
            typer.echo(f"thermeld: {path}: image without a partner, left out", err=True)
    tally = {"measured": 0, "skipped": 0, "failed": 0}
    total = sum(len(pairs.pairs) for pairs in plan.sets) * len(plan.entrants)
    with progress_bar("measuring", total) as advance_to:
        for number, outcome in enumerate(evaluate(plan, out, jobs=jobs), 1):
            where = " ".join(outcome.key[:3])
            advance_to(number, where)
            tally[outcome.kind] += 1
            if outcome.kind == "failed":
                typer.echo(f"thermeld: {where}: {outcome.error}", err=True)
    tell_tally(tally, out, as_json=as_json)
    if tally["failed"]:
        raise typer.Exit(1)
