"""`thermeld live`: two live streams fused, on a page or in a window."""

import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import cv2
import typer

from thermeld.cli._options import (
    AlignOption,
    Choice,
    ColorOption,
    DistanceOption,
    FitOption,
    MapScaleOption,
    MethodOption,
    PrecisionOption,
    RuntimeOption,
    SettingsOption,
    WedgesOption,
    WindowOption,
)
from thermeld.cli._stop import stop_wish
from thermeld.cli.video import STREAM, BackendOption, FramesFpsOption, frame_rate, number
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD
from thermeld.image import Stored, eight_bits
from thermeld.io import encode_image
from thermeld.io.video import is_endless, open_source
from thermeld.video import Broadcast, Live

TOLD_EVERY_S = 2.0
QUALITY = 85  # of JPEG; half the size of 95

EPILOG = """[bold]Examples[/bold]

thermeld live 0 2 --fit vis

thermeld live rtsp://camera/ir rtsp://camera/vis --host 0.0.0.0 --port 8080

thermeld live ir.mp4 vis.mp4 -m laplacian

Exit codes: 0 the streams ended, 1 failed, 2 asked wrongly, 130 or 143 stopped.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("live", epilog=EPILOG)(run)


def run(
    ir: Annotated[str, typer.Argument(help=f"Infrared stream: {STREAM}.")],
    vis: Annotated[
        str, typer.Argument(help="Visible stream, likewise. Files play at their speed.")
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
        str, typer.Option(metavar="SECONDS", help="How much the visible stream lags behind.")
    ] = "0",
    frames_fps: FramesFpsOption = None,
    backend: BackendOption = "auto",
    host: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0 lets others in, without a password.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8765,
    show: Annotated[
        bool, typer.Option("--show", help="Show a window instead of serving a page.")
    ] = False,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
) -> None:
    """Fuse two live streams and serve the result as a page.

    Only the newest frames are fused. A camera that stops is connected again,
    after a pause that grows up to half a minute. A slow viewer slows nobody.
    """
    choice = Choice(
        *(method, color, fit, window, tuple(settings or ()), runtime, precision, map_scale),
        *(align, wedges, distance),
    )
    if show:
        _require_windows()
    rate = frame_rate("--frames-fps", frames_fps)
    opening = partial(open_source, frames_fps=rate, realtime=True, backend=backend)
    with stop_wish() as wish:
        live = Live(
            choice.fuser(),
            partial(opening, ir, gray=color != "per-channel"),
            partial(opening, vis),
            offset=number("--offset", offset),
            again=(is_endless(ir), is_endless(vis)),
            stop=wish,
        )
        (_in_a_window if show else partial(_on_a_page, host, port))(live, seconds)
    for feed in (live.ir, live.vis):
        if not feed.frames:
            raise BadSetting(f"the {feed.name} stream gave no picture: {feed.state}")
    if wish.signal:
        raise typer.Exit(128 + wish.signal)


def _on_a_page(host: str, port: int, live: Live, seconds: float | None) -> None:
    server = Broadcast(host, port, live.status)
    typer.echo(f"serving at {server.address}; Ctrl-C ends it")
    try:
        _run(live, seconds, lambda pixels: server.newest.put(jpeg(pixels)))
    finally:
        server.close()


def _in_a_window(live: Live, seconds: float | None) -> None:
    title = "thermeld live (q ends)"

    def put(pixels: Stored) -> None:
        shown = eight_bits(pixels[:, :, :3] if pixels.ndim == 3 else pixels)
        cv2.imshow(title, shown[:, :, ::-1] if shown.ndim == 3 else shown)
        if cv2.waitKey(1) & 0xFF == ord("q"):
            live.stop.set()

    _run(live, seconds, put)
    cv2.destroyAllWindows()


def _require_windows() -> None:
    lines = cv2.getBuildInformation().splitlines()
    if any(line.split() == ["GUI:", "NONE"] for line in lines):
        raise BadSetting(
            "this OpenCV cannot show windows (it is the headless build); leave --show out and open "
            "the page, or install opencv-python in place of opencv-python-headless"
        )


def jpeg(pixels: Stored) -> bytes:
    """A fused picture of any depth as JPEG."""
    opaque = pixels[:, :, :3] if pixels.ndim == 3 else pixels
    return encode_image(opaque, "jpeg", quality=QUALITY)


def _run(live: Live, seconds: float | None, put: Callable[[Stored], None]) -> None:
    """Hand over every picture, and tell on standard error how it goes."""
    begun = told = time.monotonic()
    for frame in live:
        put(frame.pixels)
        now = time.monotonic()
        if now - told >= TOLD_EVERY_S:
            told = now
            typer.echo(_line(live.status()), err=True)
        if seconds is not None and now - begun >= seconds:
            break
    live.stop.set()
    typer.echo(_line(live.status()), err=True)
    if live.note:
        typer.echo(f"thermeld: {live.note}", err=True)


def _line(status: dict[str, Any]) -> str:
    parts = [f"{status['fused']} fused"]
    if status["fps"] is not None:
        parts.append(f"{status['fps']:.1f} frames/s, latency {status['latency_ms']:.0f} ms")
    if status["failed"]:
        parts.append(f"{status['failed']} failed: {status['problem']}")
    for name in ("infrared", "visible"):
        state = status[name]["state"]
        parts += [] if state == "running" else [f"{name} {state}"]
    return f"thermeld: {'; '.join(parts)}"
