"""`thermeld info`: what a file holds, and how it would be read."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from thermeld.errors import FusionError
from thermeld.image import thermal_window
from thermeld.io import Picture, read_image

EPILOG = """[bold]Examples[/bold]

thermeld info thermal16.tiff

thermeld info ir/*.png --json
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("info", epilog=EPILOG)(run)


def run(
    files: Annotated[list[Path], typer.Argument(help="Image files.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show format, size, depth and values of images, and the thermal window they would get."""
    failed = False
    for path in files:
        try:
            facts = _facts(read_image(path))
        except FusionError as error:
            typer.echo(f"thermeld: {error}", err=True)
            failed = True
            continue
        typer.echo(json.dumps(facts) if as_json else _sentence(facts))
    if failed:
        raise typer.Exit(1)


def _facts(picture: Picture) -> dict[str, Any]:
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
        "thermal_window": None if window is None else _ends(window.on(finite)),
    }


def _ends(window: Any) -> list[float]:
    return [window.low, window.high]


def _sentence(facts: dict[str, Any]) -> str:
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
    return text
