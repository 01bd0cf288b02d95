"""`thermeld page`: the page as a folder that any web host can serve."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """[bold]Examples[/bold]

thermeld page -o site

python -m http.server --directory site --bind 127.0.0.1   (then open http://127.0.0.1:8000)

Pictures never leave the visitor's machine: fusion runs in the browser.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("page", epilog=EPILOG)(run)


def run(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the page.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is in the folder.")
    ] = False,
) -> None:
    """Write the page that fuses pictures in the browser as a static folder."""
    from thermeld.serve.page import write_page

    size = write_page(out, overwrite=overwrite)
    typer.echo(f"{out}: the page, {size / 1e6:.1f} MB; serve it with any web host")
