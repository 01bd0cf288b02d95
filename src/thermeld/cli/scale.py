"""`thermeld scale`: fuse and evaluate over a Ray cluster."""

import json
import time
from collections import Counter
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from thermeld.cli._options import (
    Choice,
    ColorOption,
    FitOption,
    JsonOption,
    MapScaleOption,
    MethodOption,
    SettingsOption,
    WindowOption,
    typed_settings,
)
from thermeld.cli._parts import names_in, progress_bar, tell_tally
from thermeld.cores import usable_cores
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, find_method
from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld scale fuse survey/ir survey/vis -o fused --dry-run

thermeld scale fuse pairs.parquet -o s3://bucket/fused --address ray-head:6379

thermeld scale fuse shards/ -o fused-shards --shard 1000   (tar files of KEY.ir.png, KEY.vis.png)

The same command again goes on where it ended. Exit codes: 0 all done, 1 an item failed or was
set aside, 2 asked wrongly.
"""

AddressOption = Annotated[
    str,
    typer.Option(metavar="local|auto|HOST:PORT", help="The cluster; local: this machine's cores."),
]
WorkersOption = Annotated[
    int, typer.Option(min=0, help="Actors, a core each. Default: as many as there are cores.")
]
MemoryOption = Annotated[
    int, typer.Option("--memory", min=64, help="Most MB that a worker may take for its pair.")
]


def add(app: typer.Typer) -> None:
    """Register the verb."""
    verbs = typer.Typer(no_args_is_help=True, help="Fuse or evaluate over a Ray cluster.")
    verbs.command("fuse", epilog=EPILOG)(fuse)
    verbs.command("evaluate")(evaluate)
    app.add_typer(verbs, name="scale")


def fuse(
    ir: Annotated[
        str, typer.Argument(help="Infrared folder; or a manifest, a tar file, a folder of them.")
    ],
    out: Annotated[str, typer.Option("-o", "--out", help="Folder of results, at any address.")],
    vis: Annotated[str | None, typer.Argument(help="Visible folder, if the first is one.")] = None,
    address: AddressOption = "local",
    workers: WorkersOption = 0,
    memory: MemoryOption = 1024,
    method: MethodOption = DEFAULT_METHOD,
    color: ColorOption = "ycbcr",
    fit: FitOption = None,
    window: WindowOption = "auto",
    settings: SettingsOption = None,
    map_scale: MapScaleOption = "1",
    suffix: Annotated[str, typer.Option("--format", help="png, jpg, webp, tiff, bmp.")] = "png",
    shard: Annotated[int, typer.Option(min=0, help="Results per tar file; 0 for files.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many, how much and how long.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fuse every pair of two folders, a manifest or tar shards; each result lands once."""
    need("fsspec", "scale")
    from thermeld.scale import FuseJob, Pool, fuse_items, items_of

    choice = Choice(method, color, fit, window, tuple(settings or ()), map_scale=map_scale)
    options: dict[str, Any] = {"color": color, "fit": fit, "window": window}
    options |= {"map_scale": int(map_scale) if map_scale.isdecimal() else map_scale}
    options |= {"settings": typed_settings(method, choice.settings)}
    where = method if not method.lower().endswith(".onnx") else str(Path(method).resolve())
    identity = find_method(method).checksum
    job = FuseJob(out, where, options, identity, f".{suffix.lstrip('.')}", shard)
    listing = items_of(ir, vis)
    if dry_run:
        _foretell(listing, job, workers or usable_cores(), as_json=as_json)
        return
    for name in listing.lonely:
        typer.echo(f"thermeld: {name}: picture without a partner, left out", err=True)
    pool = Pool(address, workers, memory)
    counts: Counter[str] = Counter()
    begun, bad = time.perf_counter(), []
    with progress_bar("fusing", len(listing.items)) as advance_to:
        for number, (row, skipped) in enumerate(fuse_items(listing.items, job, pool), 1):
            counts["skipped" if skipped and row.state == "done" else row.state] += 1
            bad += [] if row.state == "done" else [row]
            rate = (number - counts["skipped"]) / (time.perf_counter() - begun)
            advance_to(number, f"{rate:.1f}/s {row.id}")
    for row in bad:
        typer.echo(f"thermeld: {row.id}: {row.error}", err=True)
    _sum_up(out, counts, time.perf_counter() - begun, as_json=as_json)


def _foretell(listing: Any, job: Any, workers: int, *, as_json: bool) -> None:
    from thermeld.scale import forecast

    told = forecast(listing, job, workers)
    if as_json:
        typer.echo(json.dumps(asdict(told)))
        return
    for name in told.lonely:
        typer.echo(f"{name}: without a partner")
    for fault in told.faults:
        typer.echo(f"fails: {fault}")
    typer.echo(
        f"{told.items} pairs, {len(told.lonely)} pictures without a partner; "
        f"{told.bytes_in / 1e9:.3f} GB to read, about {told.bytes_out / 1e9:.3f} GB to write; "
        f"{1000 * told.item_s:.0f} ms a pair on one core, {told.hours:.2f} h on {workers} workers"
    )


def _sum_up(out: str, counts: Counter[str], seconds: float, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**counts, "out": out, "seconds": round(seconds, 3)}))
    else:
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        typer.echo(f"{out}: {told or 'nothing to do'}, in {seconds:.1f} s")
    if counts["failed"] or counts["quarantined"]:
        raise typer.Exit(1)


def evaluate(
    sets: Annotated[list[str], typer.Argument(metavar="SET...", help="As of thermeld evaluate.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The table: .parquet or .csv.")] = Path(
        "results.parquet"
    ),
    methods: Annotated[str, typer.Option("--methods", help="Names, by commas.")] = "",
    metrics: Annotated[str, typer.Option("--metrics", help="Names, by commas; or all.")] = "",
    convention: Annotated[str, typer.Option("--convention", help="Whose formulas.")] = "tang",
    data: Annotated[Path, typer.Option("--data", help="Folder in which named sets lie.")] = Path(
        "data"
    ),
    color: ColorOption = "ycbcr",
    window: WindowOption = "auto",
    fit: FitOption = None,
    floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Measure them too.")] = True,
    address: AddressOption = "local",
    workers: WorkersOption = 0,
    memory: MemoryOption = 1024,
) -> None:
    """Fuse and score every pair of the sets, into the table that `thermeld evaluate` makes."""
    from thermeld.data.sets import find_set
    from thermeld.evaluate import Plan, entrants_of
    from thermeld.evaluate import evaluate as measure_all
    from thermeld.scale import Pool, through_cluster

    if address != "local" and not data.is_absolute():
        raise BadSetting("workers elsewhere need an absolute --data, on a folder all can read")
    found = tuple(find_set(name, root=data) for name in sets)
    entrants = entrants_of(names_in(methods), color=color, floors=floors)
    plan = Plan(found, entrants, names_in(metrics), convention, window, fit)
    through = partial(through_cluster, pool=Pool(address, workers, memory))
    counts: Counter[str] = Counter()
    with progress_bar("measuring", sum(len(s.pairs) for s in found) * len(entrants)) as advance_to:
        for number, outcome in enumerate(measure_all(plan, out, through=through), 1):
            counts[outcome.kind] += 1
            advance_to(number, " ".join(outcome.key[:3]))
            if outcome.kind == "failed":
                typer.echo(f"thermeld: {' '.join(outcome.key[:3])}: {outcome.error}", err=True)
    tell_tally(counts, out, as_json=False)
    if counts["failed"]:
        raise typer.Exit(1)
