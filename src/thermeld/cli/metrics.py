"""`thermeld metrics`: what can be measured, and what one metric is and does wrongly."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from thermeld.errors import UnreadableFile

if TYPE_CHECKING:
    from thermeld.metrics import Agreement

EPILOG = """[bold]Examples[/bold]

thermeld metrics

thermeld metrics SF   (formula, source, conventions, what fools it)

thermeld metrics --markdown > metrics.md   (all sheets as one page)

python benchmarks/metrics_agreement.py ../shared > agreement.csv

thermeld metrics --markdown --agreement agreement.csv > docs/metrics.md
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("metrics", epilog=EPILOG)(run)


def run(
    name: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As Markdown source; without a name, all of it.")
    ] = False,
    agreement: Annotated[
        Path | None,
        typer.Option("--agreement", help="What benchmarks/metrics_agreement.py measured."),
    ] = None,
) -> None:
    """List the metrics, or explain one."""
    from thermeld.metrics import document, sheet, table

    measured = _agreement(agreement) if agreement else []
    if markdown:
        typer.echo(sheet(name, measured) if name else document(measured).rstrip("\n"))
    else:
        Console().print(Markdown(sheet(name, measured) if name else table()))


def _agreement(path: Path) -> "list[Agreement]":
    from thermeld.metrics import Agreement

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Agreement(row["metric"], row["convention"], int(row["values"]), float(row["worst"]))
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path") from error
    except (KeyError, ValueError) as error:
        raise UnreadableFile(f"{path}: is no table of agreement ({error})") from error
