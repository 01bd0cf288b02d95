"""`thermeld rig`: cameras fixed to each other, calibrated once for all their pictures."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermeld.cli._options import JsonOption
from thermeld.errors import BadSetting

if TYPE_CHECKING:
    from thermeld.align.rig import Parallax, Rig
    from thermeld.image import Image

EPILOG = """[bold]Examples[/bold]

thermeld rig calibrate ir/ vis/ -o rig.json

thermeld rig calibrate --points points.csv --sizes 320x256,1920x1080 -o rig.json

thermeld fuse ir.png vis.png -o fused.png --align rig.json

points.csv begins with the line ir_x,ir_y,vis_x,vis_y. FOLDER alone must hold ir/ and vis/ or vi/.
"""
VISIBLE = ("vis", "vi", "visible")


def add(app: typer.Typer) -> None:
    """Register the verb."""
    verbs = typer.Typer(help="Cameras fixed to each other, calibrated once.", no_args_is_help=True)
    verbs.callback()(_rig)
    verbs.command("calibrate", epilog=EPILOG)(calibrate)
    app.add_typer(verbs, name="rig")


def _rig() -> None:
    """Cameras fixed to each other, calibrated once."""


def calibrate(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the rig goes, as rig.json.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Infrared pictures; or a folder of ir/ and vis/.")
    ] = None,
    vis: Annotated[Path | None, typer.Argument(help="Visible pictures of the same names.")] = None,
    points: Annotated[
        Path | None, typer.Option("--points", help="Points picked by hand: CSV or JSON.")
    ] = None,
    sizes: Annotated[
        str, typer.Option("--sizes", help="With --points: WIDTHxHEIGHT of infrared,visible.")
    ] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="auto|translation|affine|homography")
    ] = "auto",
    distance: Annotated[
        float | None, typer.Option("--distance", help="Of the calibrated scene, in metres.")
    ] = None,
    baseline: Annotated[
        float | None,
        typer.Option("--baseline", help="Metres from visible to infrared camera, right positive."),
    ] = None,
    focal_px: Annotated[
        float | None, typer.Option("--focal-px", help="Of the visible camera, in pixels.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find one warp from several pairs of the same two cameras, or from picked points."""
    from dataclasses import replace

    from thermeld.align import require_free, rig_to_json, write_text

    require_free(out, overwrite)
    if (folder is None) == (points is None):
        raise BadSetting("give folders of pictures, or --points, one of the two")
    rig = _from_points(points, sizes, model) if points else _from_pairs(folder, vis, model)
    known = (baseline, focal_px, distance)
    if any(value is not None for value in known):
        rig = replace(rig, parallax=_parallax(*known))
    write_text(out, rig_to_json(rig), overwrite=overwrite)
    _tell(rig, out, as_json=as_json)


def _from_points(points: Path, sizes: str, model: str) -> "Rig":
    from thermeld.align.points import read_points
    from thermeld.align.rig import from_points

    try:
        ir, vis = (
            (int(side[1]), int(side[0])) for side in (one.split("x") for one in sizes.split(","))
        )
    except (ValueError, IndexError) as error:
        raise BadSetting(
            "points need the sizes of the pictures, as --sizes 320x256,1920x1080"
        ) from error
    return from_points(read_points(points), ir, vis, model=model)


def _from_pairs(folder: Path | None, vis: Path | None, model: str) -> "Rig":
    from thermeld.align.rig import calibrate as calibrated
    from thermeld.io import pair_files

    assert folder is not None
    if vis is None:
        inside = [folder / name for name in VISIBLE if (folder / name).is_dir()]
        if not inside or not (folder / "ir").is_dir():
            raise BadSetting(f"{folder} holds no ir/ and vis/; or name two folders")
        folder, vis = folder / "ir", inside[0]
    pairs = {
        pair.stem: (_plane(pair.ir, thermal=True), _plane(pair.vis, thermal=False))
        for pair in pair_files(folder, vis).pairs
    }
    return calibrated(pairs, model="affine" if model == "auto" else model)


def _plane(path: Path, *, thermal: bool) -> "Image":
    from thermeld.image import luminance, thermal_window, unit
    from thermeld.io import read_image

    pixels = read_image(path).pixels
    window = thermal_window("auto")(pixels.dtype) if thermal else None
    return luminance(unit(pixels, window=window))


def _parallax(baseline: float | None, focal_px: float | None, distance: float | None) -> "Parallax":
    from thermeld.align.rig import Parallax

    if baseline is None or focal_px is None or distance is None:
        raise BadSetting("parallax needs all three: --baseline, --focal-px and --distance")
    return Parallax(baseline, focal_px, distance)


def _tell(rig: "Rig", out: Path, *, as_json: bool) -> None:
    if as_json:
        facts = {"out": str(out), "residuals_px": dict(rig.residuals), "left_out": rig.left_out}
        typer.echo(json.dumps(facts))
        return
    for name, residual in rig.residuals.items():
        mark = "  left out" if name in rig.left_out else ""
        typer.echo(f"{name}: {residual:.2f} px{mark}")
    for name in rig.left_out:
        if name not in rig.residuals:
            typer.echo(f"thermeld: {name}: disagrees with the others, left out", err=True)
    typer.echo(f"{out}: infrared displaced by {rig.warp.displaced_px():.1f} px on average")
