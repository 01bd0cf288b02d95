"""`thermeld metrics`: what can be measured, and what one metric is and does wrongly."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

EPILOG = """[bold]Examples[/bold]

thermeld metrics

thermeld metrics SF   (formula, source, conventions, what fools it)

thermeld metrics --markdown > docs/metrics.md
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("metrics", epilog=EPILOG)(run)


def run(
    name: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As Markdown source; without a name, all of it.")
    ] = False,
) -> None:
    """List the metrics, or explain one."""
    from thermeld.metrics import sheet, table
    from thermeld.metrics.sheet import document

    if markdown:
        typer.echo(sheet(name) if name else document().rstrip("\n"))
    else:
        Console().print(Markdown(sheet(name) if name else table()))
