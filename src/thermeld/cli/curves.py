"""`thermeld curves`: losses and learning rates of training runs as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.errors import BadSetting
from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld curves runs/light-tardal

thermeld curves runs/light-tardal runs/light-tardal-sgd -o sgd-or-adamw.png --term source
"""
KINDS = (".png", ".svg")


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("curves", epilog=EPILOG)(run)


def run(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or their logs.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="PNG or SVG. Default: RUN/curves.svg.")
    ] = None,
    terms: Annotated[
        list[str] | None,
        typer.Option("--term", help="A logged value, as often as wanted. Default: losses, rate."),
    ] = None,
) -> None:
    """Draw what was logged in training, one line per run."""
    need("torch", "train")
    from thermeld.train.curves import draw_curves

    path = out or runs[0] / "curves.svg"
    if path.suffix not in KINDS:
        raise BadSetting(f"{path}: curves are written as {' or '.join(KINDS)}")
    draw_curves(runs, path, terms=terms or ())
    typer.echo(str(path))
