"""`thermeld score`: one fused image measured against its two sources."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from thermeld.cli._options import JsonOption
from thermeld.cli._parts import names_in

EPILOG = """[bold]Examples[/bold]

thermeld score ir.png vis.png fused.png

thermeld score ir.png vis.png fused.png --metrics EN,VIF,Qabf --convention tang

thermeld score ir.png vis.png fused.png --labels labels.png --metrics person_visibility

thermeld score ir.png vis.png fused.png --json
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("score", epilog=EPILOG)(run)


def run(
    ir: Annotated[Path, typer.Argument(help="Infrared image.")],
    vis: Annotated[Path, typer.Argument(help="Visible image.")],
    fused: Annotated[Path, typer.Argument(help="The two, fused.")],
    metrics: Annotated[
        str, typer.Option("--metrics", help="Names, by commas; all of the convention if not given.")
    ] = "",
    convention: Annotated[
        str | None,
        typer.Option("--convention", help="Whose formulas; else each metric's default."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Class map, for visibility of people and cars.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a fused image; `thermeld metrics` says what the numbers mean."""
    from thermeld.io import read_image
    from thermeld.metrics import score
    from thermeld.registry import find_metric

    names = names_in(metrics) or None
    pixels = [read_image(path).pixels for path in (ir, vis, fused)]
    marked = None if labels is None else read_image(labels).pixels
    values = score(*pixels, labels=marked, metrics=names, convention=convention)
    if as_json:
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        typer.echo(json.dumps(finite))
        return
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("metric", "value", "better", "convention"):
        shown.add_column(heading, justify="right" if heading == "value" else "left")
    for name, value in values.items():
        card = find_metric(name).card
        shown.add_row(name, f"{value:.6g}", card.better, convention or card.default)
    Console().print(shown)
