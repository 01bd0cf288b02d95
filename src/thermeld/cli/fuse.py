"""`thermeld fuse`: two files into one, or two folders into a third."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from thermeld.batch import COMPARE_FOLDER, Done, Failed, Job, fuse_files, fuse_folder
from thermeld.cli._options import (
    AlignOption,
    Choice,
    ColorOption,
    DistanceOption,
    FitOption,
    JsonOption,
    MapScaleOption,
    MethodOption,
    PrecisionOption,
    RuntimeOption,
    SettingsOption,
    ThreadsOption,
    WedgesOption,
    WindowOption,
)
from thermeld.cli._parts import progress_bar
from thermeld.cores import usable_cores
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, Fuser
from thermeld.io import SUFFIXES, Pairing, pair_alone, pair_files

EPILOG = """[bold]Examples[/bold]

thermeld fuse ir.png vis.jpg -o fused.png

thermeld fuse ir/ vis/ -o fused/ --method laplacian --compare

thermeld fuse FLIR0042.jpg -o fused.png   (radiometric: both pictures are inside)

thermeld fuse ir.png vis.jpg -o fused.png --align auto   (cameras that do not line up)

thermeld fuse thermal16.tiff vis.png -o fused.png --window 7000:9000 --fit vis

Exit codes: 0 all done, 1 a pair failed, 2 asked wrongly.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("fuse", epilog=EPILOG)(run)


def run(
    ir: Annotated[Path, typer.Argument(help="Infrared image, or a folder of them.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Result: a file, or a folder.")],
    vis: Annotated[
        Path | None,
        typer.Argument(
            help="Visible image, or a folder; partners share a stem. Not needed for FLIR "
            "radiometric JPEGs, which hold it, and for DJI's, which have it beside them."
        ),
    ] = None,
    method: MethodOption = DEFAULT_METHOD,
    color: ColorOption = "ycbcr",
    fit: FitOption = None,
    window: WindowOption = "auto",
    align: AlignOption = None,
    wedges: WedgesOption = "visible",
    distance: DistanceOption = None,
    settings: SettingsOption = None,
    runtime: RuntimeOption = "onnxruntime",
    precision: PrecisionOption = "float32",
    map_scale: MapScaleOption = "1",
    threads: ThreadsOption = 0,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write infrared | visible | fused panels.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    suffix: Annotated[
        str, typer.Option("--format", help="Of a folder's results: png, jpg, webp, tiff, bmp.")
    ] = "png",
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, help="Pairs in work at once. Default: one per core.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fuse two files, or two folders pair by pair.

    A folder run can be stopped and run again: what is done and intact is
    skipped. A bad pair is named at the end and does not stop the rest.
    """
    if f".{suffix.lstrip('.').lower()}" not in SUFFIXES:
        raise BadSetting(f"--format must be one of {' '.join(SUFFIXES)}, got {suffix!r}")
    choice = Choice(
        *(method, color, fit, window, tuple(settings or ()), runtime, precision, map_scale),
        *(align, wedges, distance),
    )
    pairing = pair_files(ir, vis) if vis else pair_alone(ir)
    if not ir.is_dir():
        fuser = choice.fuser(threads=threads)
        _one(fuser, pairing, out, compare=compare, overwrite=overwrite, as_json=as_json)
        return
    workers = jobs or max(1, usable_cores() // max(1, threads))
    fuser = choice.fuser(threads=threads or max(1, usable_cores() // workers))
    folder = _folder(out)
    if folder.resolve() in (ir.resolve(), (vis or ir).resolve()):
        raise BadSetting(f"{out} holds the pictures to be fused; name another folder for results")
    job = Job(fuser, choice.identity(), folder, f".{suffix.lstrip('.')}", overwrite, compare)
    _many(pairing, job, workers, as_json=as_json)


def _one(
    fuser: Fuser, pairing: Pairing, out: Path, *, compare: bool, overwrite: bool, as_json: bool
) -> None:
    if out.is_dir():
        raise BadSetting(f"{out} is a folder; name the result, as {out / 'fused.png'}")
    sheet = out.with_name(f"{out.stem}_{COMPARE_FOLDER}.png") if compare else None
    done = fuse_files(fuser, pairing.pairs[0], out, overwrite=overwrite, compare=sheet)
    if as_json:
        typer.echo(json.dumps(_facts(done)))
        return
    typer.echo(f"{out}: fused by {fuser.card.name} in {done.seconds:.2f} s")
    if done.note:
        typer.echo(f"{pairing.pairs[0].stem}: {done.note}")
    if sheet:
        typer.echo(f"{sheet}: infrared | visible | fused")


def _folder(out: Path) -> Path:
    if out.exists() and not out.is_dir():
        raise BadSetting(f"{out} is a file; two folders are fused into a folder")
    return out


@dataclass
class _Tally:
    """What became of a folder's pairs."""

    made: int = 0
    skipped: int = 0
    failed: list[Failed] = field(default_factory=list)

    def take(self, outcome: Done | Failed) -> None:
        if isinstance(outcome, Failed):
            self.failed.append(outcome)
        elif outcome.skipped:
            self.skipped += 1
        else:
            self.made += 1


def _many(pairing: Pairing, job: Job, workers: int, *, as_json: bool) -> None:
    begun = time.perf_counter()
    tally = _Tally()
    for kind, lonely in (("infrared", pairing.lonely_ir), ("visible", pairing.lonely_vis)):
        for path in lonely:
            typer.echo(f"thermeld: {path}: {kind} image without a partner, left out", err=True)
    with progress_bar("fusing", len(pairing.pairs)) as advance_to:
        for number, outcome in enumerate(fuse_folder(pairing.pairs, job, workers=workers), 1):
            tally.take(outcome)
            advance_to(number, outcome.pair.stem)
            if isinstance(outcome, Done) and outcome.note:
                typer.echo(f"thermeld: {outcome.pair.stem}: {outcome.note}", err=True)
            if as_json:
                typer.echo(json.dumps(_facts(outcome)))
    seconds = time.perf_counter() - begun
    for failure in tally.failed:
        typer.echo(f"thermeld: {failure.pair.stem}: {failure.error}", err=True)
    _sum_up(tally, pairing, job, seconds, as_json=as_json)
    if tally.failed:
        raise typer.Exit(1)


def _sum_up(tally: _Tally, pairing: Pairing, job: Job, seconds: float, *, as_json: bool) -> None:
    lonely = [str(path) for path in (*pairing.lonely_ir, *pairing.lonely_vis)]
    if as_json:
        summary = {
            "state": "summary",
            "made": tally.made,
            "skipped": tally.skipped,
            "failed": [failure.pair.stem for failure in tally.failed],
            "without_partner": lonely,
            "out": str(job.out),
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(summary))
        return
    parts = [f"{tally.made} fused"]
    parts += [f"{tally.skipped} were done already"] if tally.skipped else []
    parts += [f"{len(tally.failed)} failed"] if tally.failed else []
    parts += [f"{len(lonely)} without a partner"] if lonely else []
    typer.echo(f"{job.out}: {', '.join(parts)}, in {seconds:.1f} s")


def _facts(outcome: Done | Failed) -> dict[str, Any]:
    pair = {"stem": outcome.pair.stem, "ir": str(outcome.pair.ir), "vis": str(outcome.pair.vis)}
    if isinstance(outcome, Failed):
        return {"state": "failed", **pair, "error": outcome.error}
    state = "skipped" if outcome.skipped else "done"
    note = {"alignment": outcome.note} if outcome.note else {}
    seconds = round(outcome.seconds, 4)
    return {"state": state, **pair, "out": str(outcome.out), "seconds": seconds, **note}
