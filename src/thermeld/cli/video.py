"""`thermeld video`: two streams into one video."""

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

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
    WedgesOption,
    WindowOption,
)
from thermeld.cli._parts import progress_bar
from thermeld.cli._stop import Wish, stop_wish
from thermeld.cores import usable_cores
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, Fuser
from thermeld.video import SETTLE_S, VideoJob, VideoReport, fuse_video

EPILOG = """[bold]Examples[/bold]

thermeld video ir.mp4 vis.mp4 -o fused.mp4

thermeld video ir_frames/ vis.mp4 -o fused.mkv --offset auto --window 7000:9000 --fit vis

thermeld video 0 rtsp://camera/stream -o fused.mp4 --fps 10 --seconds 60 --fit vis

Exit codes: 0 done, 1 failed, 2 asked wrongly, 130 or 143 stopped (the video is there).
"""

STREAM = "a video file, a folder of numbered frames, a device number, or an address"
FramesFpsOption = Annotated[
    str | None,
    typer.Option(
        "--frames-fps", help="Rate of numbered frames. Default: the other stream's, or 25."
    ),
]
BackendOption = Annotated[
    str,
    typer.Option("--backend", help="pyav, opencv, or auto: PyAV if installed; devices by OpenCV."),
]


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("video", epilog=EPILOG)(run)


def run(
    ir: Annotated[str, typer.Argument(help=f"Infrared stream: {STREAM}.")],
    vis: Annotated[str, typer.Argument(help="Visible stream, likewise.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            help=".mp4 or .mov (H.264, else MPEG-4), .mkv (FFV1, lossless), or a new folder of "
            "PNG frames.",
        ),
    ],
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
    offset: Annotated[
        str,
        typer.Option(
            metavar="SECONDS|auto",
            help="How much later the infrared recording began; auto tells from motion.",
        ),
    ] = "0",
    fps: Annotated[
        str | None, typer.Option(help="Frames per second, as 25 or 30000/1001. Default: visible's.")
    ] = None,
    frames_fps: FramesFpsOption = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="Stop after so much video. Cameras never end by themselves."),
    ] = None,
    backend: BackendOption = "auto",
    steady: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="How slowly the choice between the sources may change, against flicker; 0 for "
            "frames as the method makes them.",
        ),
    ] = SETTLE_S,
    flicker: Annotated[
        bool, typer.Option("--flicker", help="Measure how unsteady the brightness is.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, help="Frames in work at once. Default: one per core.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fuse two streams into one video.

    A broken frame does not end the run: the frame before is shown again, and the
    number of such frames told. Ctrl-C ends the video properly. Sound is left out.
    """
    workers = jobs or usable_cores()
    job = VideoJob(
        ir,
        vis,
        out,
        fps=frame_rate("--fps", fps),
        offset=None if offset == "auto" else number("--offset", offset),
        frames_fps=frame_rate("--frames-fps", frames_fps),
        most_s=seconds,
        overwrite=overwrite,
        backend=backend,
        workers=workers,
        settle_s=steady,
        flicker=flicker,
    )
    choice = Choice(
        *(method, color, fit, window, tuple(settings or ()), runtime, precision, map_scale),
        *(align, wedges, distance),
    )
    fuser = choice.fuser(threads=max(1, usable_cores() // workers))
    with stop_wish() as wish:
        report = _watched(fuser, job, wish)
    _tell(report, choice.method, as_json=as_json)
    if report.stopped:
        raise typer.Exit(128 + wish.signal)


def _watched(fuser: Fuser, job: VideoJob, wish: Wish) -> VideoReport:
    """Run with a progress bar that shows frames per second."""
    with progress_bar("fusing", None, resumes=False) as bar:
        begun = time.perf_counter()

        def show(report: VideoReport) -> None:
            rate = report.frames / (time.perf_counter() - begun)
            bar(report.frames, f"{rate:.1f} frames/s")

        return fuse_video(fuser, job, stop=wish, on_start=bar.expect, on_frame=show)


def _tell(report: VideoReport, method: str, *, as_json: bool) -> None:
    rate = report.frames / report.seconds
    bad = report.repeated + report.skipped
    if as_json:
        typer.echo(json.dumps(_facts(report, method)))
    for note in report.notes:
        typer.echo(f"thermeld: {note}", err=True)
    if bad:
        typer.echo(
            f"thermeld: {bad} bad frames: {report.repeated} replaced by the frame before, "
            f"{report.skipped} left out at the start; {'; '.join(report.problems)}",
            err=True,
        )
    if report.stopped:
        typer.echo(f"thermeld: stopped; {report.out} holds what was fused until then", err=True)
    if as_json:
        return
    height, width = report.size
    typer.echo(
        f"{report.out}: {report.frames} frames of {width}x{height} at {float(report.fps):g} fps "
        f"({report.codec}), fused by {method} in {report.seconds:.1f} s, {rate:.1f} frames/s"
    )
    if report.offset.agreement < 1.0:
        typer.echo(
            f"offset {report.offset.seconds:.3f} s, estimated from motion "
            f"(correlation {report.offset.agreement:.2f})"
        )
    if report.flicker is not None:
        typer.echo(f"flicker {report.flicker:.3f} times that of the less steady source")


def _facts(report: VideoReport, method: str) -> dict[str, Any]:
    return {
        "state": "stopped" if report.stopped else "done",
        "out": str(report.out),
        "method": method,
        "codec": report.codec,
        "frames": report.frames,
        "repeated": report.repeated,
        "skipped": report.skipped,
        "width": report.size[1],
        "height": report.size[0],
        "fps": round(float(report.fps), 6),
        "offset": round(report.offset.seconds, 4),
        "offset_agreement": round(report.offset.agreement, 4),
        "flicker": None if report.flicker is None else round(report.flicker, 4),
        "seconds": round(report.seconds, 3),
        "busy_seconds": {stage: round(busy, 3) for stage, busy in report.busy_s.items()},
        "problems": report.problems,
        "notes": report.notes,
    }


def frame_rate(option: str, text: str | None) -> Fraction | None:
    """A rate as typed: 25, 29.97 or 30000/1001.

    Raises:
        BadSetting: anything else, or not between 0 and 1000.
    """
    if text is None:
        return None
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise BadSetting(f"{option} takes a number, as 25 or 30000/1001, got {text!r}") from error
    if not 0 < value <= 1000:
        raise BadSetting(f"{option} lies between 0 and 1000, got {text}")
    return value.limit_denominator(1001)


def number(option: str, text: str) -> float:
    """Seconds as typed.

    Raises:
        BadSetting: no finite number.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise BadSetting(f"{option} takes seconds or auto, got {text!r}") from error
    if not abs(value) < 1e6:
        raise BadSetting(f"{option} is no sensible time: {text}")
    return value
