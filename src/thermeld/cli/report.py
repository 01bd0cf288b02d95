"""`thermeld report`: a table of results as pages that people read."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.cli._parts import names_in

EPILOG = """[bold]Examples[/bold]

thermeld report results.parquet -o report/

thermeld report results.parquet -o report/ --against maximum --published table2.csv

thermeld report results.parquet -o report/ --panels scenes:6/night-0

thermeld report results.parquet -o report/ --panels vifb21/walking,red=20,30,64,64 --data data

Panels show the sources; mind their licences before you pass a report on.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("report", epilog=EPILOG)(run)


def run(
    table: Annotated[Path, typer.Argument(help="What thermeld evaluate wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the report.")],
    methods: Annotated[str, typer.Option("--methods", help="Only these, by commas.")] = "",
    against: Annotated[
        str, typer.Option("--against", help="Compare all others with this method.")
    ] = "",
    published: Annotated[
        Path | None,
        typer.Option("--published", help="CSV with method, metric, value and perhaps set."),
    ] = None,
    panels: Annotated[
        list[str] | None,
        typer.Option("--panels", metavar="SET/IMAGE[,red=X,Y,W,H][,green=X,Y,W,H]"),
    ] = None,
    fused: Annotated[
        list[str] | None,
        typer.Option("--fused", metavar="NAME=DIR", help="Images others fused, for panels."),
    ] = None,
    data: Annotated[Path, typer.Option("--data", help="Folder in which named sets lie.")] = Path(
        "data"
    ),
    title: Annotated[str, typer.Option("--title", help="Of the page.")] = "Fusion methods compared",
) -> None:
    """Write the report: one HTML page, Markdown, LaTeX and CSV tables, and the plots."""
    from thermeld.data.results import read_table
    from thermeld.report import Report, write_report
    from thermeld.report.published import read_published
    from thermeld.report.showing import Source, show

    chosen = names_in(methods)
    source = Source(data, tuple(fused or ()), chosen)
    rows = read_table(table) if panels else []
    report = Report(
        methods=chosen,
        against=against,
        published=tuple(read_published(published) if published else ()),
        panels=tuple(show(text, rows, source) for text in panels or ()),
        title=title,
    )
    written = write_report(table, out, report)
    typer.echo(f"{written[0]}: open this one; beside it {len(written) - 1} files")
