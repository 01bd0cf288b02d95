"""`thermeld align`: how an infrared picture lies on a visible one, kept as a file."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from thermeld.cli._options import JsonOption, WindowOption

EPILOG = """[bold]Examples[/bold]

thermeld align ir.png vis.jpg -o warp.json --warped ir_on_vis.png

thermeld fuse ir.png vis.jpg -o fused.png --align warp.json

Exit codes: 0 aligned, or in place already; 1 refused, and no file is written; 2 asked wrongly.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("align", epilog=EPILOG)(run)


def run(
    ir: Annotated[Path, typer.Argument(help="Infrared image.")],
    vis: Annotated[Path, typer.Argument(help="Visible image of the same scene, of any size.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the warp goes, as warp.json.")],
    warped: Annotated[
        Path | None,
        typer.Option("--warped", help="Also write the infrared image as it lies on the visible."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="auto|translation|affine|homography")
    ] = "auto",
    local: Annotated[
        bool, typer.Option("--local", help="Also bend smoothly, for scenes of several depths.")
    ] = False,
    estimator: Annotated[
        str,
        typer.Option(
            "--estimator",
            metavar="auto|edges|ecc|mutual",
            help="Edge directions, gradient magnitudes (ECC), or mutual information; auto chooses.",
        ),
    ] = "auto",
    window: WindowOption = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find how the infrared image lies on the visible one, or refuse and say why."""
    from thermeld.align import apply, estimate, require_free, warp_to_json, write_text
    from thermeld.image import luminance, thermal_window, unit
    from thermeld.io import read_image, require_writable, write_image

    require_free(out, overwrite)
    if warped is not None:
        require_writable(warped, overwrite)
    thermal, colour = read_image(ir).pixels, read_image(vis).pixels
    plane = luminance(unit(thermal, window=thermal_window(window)(thermal.dtype)))
    seen = luminance(unit(colour))
    found = estimate(plane, seen, model=model, local=local, estimator=estimator)
    if as_json:
        typer.echo(json.dumps(_facts(found, out)))
    else:
        typer.echo(f"{ir}: {found.sentence}", err=found.refused is not None)
    if found.refused:
        raise typer.Exit(1)
    text = warp_to_json(found.warp, confidence=round(found.confidence, 4), method=found.method)
    write_text(out, text, overwrite=overwrite)
    if warped is not None:
        write_image(warped, apply(found.warp, thermal)[0], overwrite=overwrite)


def _facts(found: Any, out: Path) -> dict[str, Any]:
    return {
        "aligned": found.refused is None,
        "confidence": round(found.confidence, 4),
        "displaced_px": round(found.warp.displaced_px(), 3),
        "score_before": round(found.score_before, 4),
        "score_after": round(found.score_after, 4),
        "method": found.method,
        "refused": found.refused,
        "out": None if found.refused else str(out),
        "matrix": found.warp.matrix.tolist(),
    }
