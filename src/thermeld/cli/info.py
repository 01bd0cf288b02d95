"""`thermeld info`: what a file holds, and how it would be read."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from thermeld.cli._options import KelvinOption
from thermeld.errors import BadSetting, FusionError
from thermeld.image import Window, thermal_window
from thermeld.io import Picture, Thermal, read_image, read_thermal, write_temperatures

EPILOG = """[bold]Examples[/bold]

thermeld info thermal16.tiff

thermeld info ir/*.png --json

thermeld info FLIR0042.jpg --temperatures degrees.tiff

thermeld info boson.tiff --kelvin-per-count 0.01
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("info", epilog=EPILOG)(run)


def run(
    files: Annotated[list[Path], typer.Argument(help="Image files.")],
    temperatures: Annotated[
        Path | None,
        typer.Option(
            "--temperatures",
            help="Write them: .tiff float degrees Celsius, .png 16-bit hundredths of a kelvin.",
        ),
    ] = None,
    kelvin_per_count: KelvinOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file of temperatures.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show format, size, depth and values of images, and what thermal cameras put into them.

    Degrees are told where they are known: FLIR radiometric JPEGs, and counts
    whose step is given. DJI's counts have none without DJI's own program.
    """
    if temperatures and len(files) > 1:
        raise BadSetting(f"--temperatures takes one file, got {len(files)}")
    failed = False
    for path in files:
        try:
            thermal = read_thermal(path, kelvin_per_count=kelvin_per_count)
            facts = _facts(read_image(path), thermal)
            if temperatures:
                write_temperatures(path, thermal, temperatures, overwrite=overwrite)
        except BadSetting:
            raise
        except FusionError as error:
            typer.echo(f"thermeld: {error}", err=True)
            failed = True
            continue
        typer.echo(json.dumps(facts) if as_json else _sentences(facts))
    if failed:
        raise typer.Exit(1)
    if temperatures and not as_json:
        typer.echo(f"{temperatures}: the temperatures")


def _facts(picture: Picture, thermal: Thermal | None) -> dict[str, Any]:
    pixels = picture.pixels
    finite = pixels[np.isfinite(pixels)]
    window = thermal_window("auto")(pixels.dtype)
    grey = pixels.ndim == 2 or bool((pixels == pixels[:, :, :1]).all())
    return {
        "file": str(picture.path),
        "format": picture.format,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "channels": 1 if pixels.ndim == 2 else 3,
        "grey": grey,
        "alpha": picture.alpha is not None,
        "type": pixels.dtype.name,
        "lowest": finite.min().item() if finite.size else None,
        "highest": finite.max().item() if finite.size else None,
        "not_finite": pixels.size - finite.size,
        "thermal_window": _ends(window.on(finite)) if isinstance(window, Window) else None,
        "thermal": _thermal_facts(thermal) if thermal else None,
    }


def _ends(window: Window) -> list[float]:
    return [window.low, window.high]


def _thermal_facts(thermal: Thermal) -> dict[str, Any]:
    placed = thermal.placement
    return {
        "kind": thermal.kind,
        "camera": thermal.model,
        "width": thermal.counts.shape[1],
        "height": thermal.counts.shape[0],
        "lowest": thermal.counts.min().item(),
        "highest": thermal.counts.max().item(),
        "celsius": _degrees(thermal),
        "no_celsius": thermal.reason,
        "settings": thermal.settings,
        "visible": bool(thermal.visible),
        "real2ir": placed.real2ir if placed else None,
        "offset_px": [placed.offset_x, placed.offset_y] if placed else None,
    }


def _degrees(thermal: Thermal) -> dict[str, float] | None:
    if thermal.radiometry is None:
        return None
    known = thermal.celsius()
    known = known[np.isfinite(known)]
    if not known.size:
        return None
    ends = {"min": known.min(), "max": known.max(), "mean": known.mean(dtype=np.float64)}
    return {name: round(float(value), 2) for name, value in ends.items()}


def _sentences(facts: dict[str, Any]) -> str:
    colour = "grey" if facts["channels"] == 1 else ("RGB, all grey" if facts["grey"] else "RGB")
    alpha = " with alpha" if facts["alpha"] else ""
    text = (
        f"{facts['file']}: {facts['format']}, {facts['width']}x{facts['height']}, {colour}{alpha}, "
        f"{facts['type']}, values {facts['lowest']} to {facts['highest']}"
    )
    if facts["not_finite"]:
        text += f", {facts['not_finite']} NaN or infinite"
    if facts["thermal_window"]:
        low, high = facts["thermal_window"]
        text += f"; as infrared it is shown from {low:g} to {high:g} (p0.1:p99.9)"
    return "\n  ".join([text, *(_thermal_lines(facts["thermal"]) if facts["thermal"] else ())])


def _thermal_lines(facts: dict[str, Any]) -> list[str]:
    camera = f", camera {facts['camera']}" if facts["camera"] else ""
    size = f"{facts['width']}x{facts['height']}"
    lines = [f"{facts['kind']}{camera}: {size} counts {facts['lowest']} to {facts['highest']}"]
    if facts["celsius"]:
        ends = facts["celsius"]
        lines += [
            f"temperatures {ends['min']:.1f} to {ends['max']:.1f} °C, mean {ends['mean']:.1f} °C"
        ]
    else:
        lines += [f"no temperatures: {facts['no_celsius'] or 'no count has one'}"]
    if facts["settings"]:
        lines += ["settings " + ", ".join(f"{k} {v:g}" for k, v in facts["settings"].items())]
    if facts["visible"] and facts["real2ir"]:
        x, y = facts["offset_px"]
        lines += [
            f"visible picture inside, {facts['real2ir']:.3f} times as wide as the thermal view, "
            f"whose centre lies {x:+d} right and {y:+d} down of its own"
        ]
    elif facts["visible"]:
        lines += ["visible picture inside; where the thermal view lies in it is not told"]
    return lines
