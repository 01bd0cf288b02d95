"""`thermeld present`: heat in colours with a legend, and the edges of the visible picture."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.cli._options import KelvinOption, WindowOption

EPILOG = """[bold]Examples[/bold]

thermeld present FLIR0042.jpg -o shown.png   (radiometric: legend in °C, both pictures inside)

thermeld present FLIR0042.jpg -o shown.png --palette white-hot --window 15:40

thermeld present thermal16.tiff vis.png -o shown.png --kelvin-per-count 0.01

thermeld present ir.png vis.png -o shown.png --palette viridis --edges 0.5

thermeld present DJI_0001_T.JPG DJI_0001_W.JPG -o shown.png --align auto

Palettes: iron, rainbow, white-hot, black-hot, viridis. With degrees known, --window is in °C.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("present", epilog=EPILOG)(run)


def run(
    ir: Annotated[Path, typer.Argument(help="Thermal picture.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture to write.")],
    vis: Annotated[
        Path | None,
        typer.Argument(help="Visible picture of the same view. FLIR's radiometric JPEGs hold it."),
    ] = None,
    palette: Annotated[str, typer.Option("--palette", help="How heat is coloured.")] = "iron",
    window: WindowOption = "auto",
    edges: Annotated[
        float, typer.Option("--edges", help="Strength of the visible edges, 0 to 1.")
    ] = 1.0,
    legend: Annotated[bool, typer.Option("--legend/--no-legend", help="Colours to values.")] = True,
    unit: Annotated[
        str, typer.Option("--unit", help="Of the legend, where the file does not tell: °C, K, ...")
    ] = "",
    kelvin_per_count: KelvinOption = None,
    align: Annotated[
        str | None,
        typer.Option(
            "--align",
            metavar="auto|WARP.json",
            help="Lay the thermal picture on the visible one first; shows what both see.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
) -> None:
    """Show a thermal picture in a palette's colours, with only the edges of the visible one.

    Colours keep meaning heat: the edges add and take equally, so that every
    place can be read against the legend. To mix the pictures themselves, use fuse.
    """
    from thermeld.align import Aligner, read_warp
    from thermeld.io import require_writable, write_image
    from thermeld.present import Look, present_file

    look = Look(palette, window, edges, legend, unit)
    require_writable(out, overwrite)
    aligner = None
    if align:
        warp = None if align == "auto" else read_warp(Path(align))
        aligner = Aligner(warp, wedges="crop")
    shown = present_file(ir, vis, look, kelvin_per_count=kelvin_per_count, aligner=aligner)
    write_image(out, shown, overwrite=overwrite)
    typer.echo(f"{out}: {ir.name} in {palette}")
