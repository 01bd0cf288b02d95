"""`thermeld data`: which layouts of published sets are known, and whether a folder is whole."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from thermeld.cli._options import JsonOption
from thermeld.cli._parts import progress_bar

if TYPE_CHECKING:
    from thermeld.data.layouts import Finding, Layout, Report

EPILOG = """[bold]Examples[/bold]

thermeld data

thermeld data check msrs MSRS-main

thermeld data check roadscene RoadScene --split train --against data/roadscene50

thermeld data check pairs my-set   (my-set/ir and my-set/vi)
"""
HEADINGS = ("layout", "pairs", "labels", "what it is")
SHOWN = 10  # findings of one kind

verbs = typer.Typer(
    help="List the layouts of published sets, or check a folder.", rich_markup_mode="rich"
)


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.add_typer(verbs, name="data", epilog=EPILOG, invoke_without_command=True, callback=list_all)


def list_all(
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown tables.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the layouts that can be read and checked, and the sets never trained on."""
    if context.invoked_subcommand:
        return
    from thermeld.data.layouts import LAYOUTS
    from thermeld.data.splits import EVALUATION_SETS

    layouts = tuple(LAYOUTS.values())
    if as_json:
        for layout in layouts:
            typer.echo(json.dumps(facts(layout)))
        return
    if markdown:
        typer.echo(markdown_table(layouts))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading)
    for layout in layouts:
        table.add_row(*_row(layout))
    Console().print(table)
    typer.echo(f"Kept for evaluation, never trained on: {', '.join(EVALUATION_SETS)}.")


def check(
    layout: Annotated[str, typer.Argument(help="A name of `thermeld data`.")],
    folder: Annotated[Path, typer.Argument(help="Where the set lies.")],
    split: Annotated[
        list[str] | None, typer.Option("--split", help="Only this split; may be repeated.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="A folder with ir/ and vi/ none of whose pictures may be in the set."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Threads. Default: by cores.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Open every file of a set: partners, sizes, labels, duplicates, leaks between splits.

    Exit codes: 0 usable, 1 something spoils the set, 2 asked wrongly.
    """
    from thermeld.data.layouts import check_set, find_layout, survey

    chosen = find_layout(layout)
    found = survey(chosen, folder, tuple(split or ()))
    other = survey(find_layout("pairs"), against) if against else None
    total = len(found) + (len(other) if other else 0)
    with progress_bar(f"checking {chosen.name}", total, resumes=False) as advance_to:
        report = check_set(
            found, against=other, jobs=jobs, on_pair=lambda number: advance_to(number, "")
        )
    if as_json:
        findings = [asdict(finding) for finding in report.findings]
        facts = {"usable": report.usable, "pairs": dict(report.pairs), "findings": findings}
        typer.echo(json.dumps(facts))
    else:
        _print_report(chosen, report)
    if not report.usable:
        raise typer.Exit(1)


verbs.command("check", epilog=EPILOG)(check)


def facts(layout: "Layout") -> dict[str, object]:
    """A layout as plain data."""
    return {
        "name": layout.name,
        "what": layout.what,
        "cite": layout.cite,
        "tree": layout.tree,
        "pairs": dict(layout.expected),
        "labels": layout.labels.what if layout.labels else "",
        "licence": layout.licence,
        "holds": list(layout.holds),
    }


def markdown_table(layouts: "tuple[Layout, ...]") -> str:
    """Layouts as the table of docs/data.md."""
    lines = ["| layout | pairs | files | labels | licence, source |", "|---|---|---|---|---|"]
    for layout in layouts:
        name, pairs, labels, _ = _row(layout)
        source = ". ".join(part for part in (layout.licence, layout.cite) if part)
        lines.append(f"| `{name}` | {pairs} | `{layout.tree}` | {labels} | {source} |")
    return "\n".join(lines)


def _row(layout: "Layout") -> tuple[str, str, str, str]:
    counts = ", ".join(
        f"{split} {count}" if count else split for split, count in layout.expected.items()
    )
    return layout.name, counts, layout.labels.what if layout.labels else "", layout.what


def _print_report(layout: "Layout", report: "Report") -> None:
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        kinds[finding.kind].append(finding)
    for kind, findings in kinds.items():
        for finding in findings[:SHOWN]:
            typer.echo(f"{kind}: {finding.where}: {finding.what}")
        if len(findings) > SHOWN:
            typer.echo(f"{kind}: and {len(findings) - SHOWN} more (all with --json)")
    pairs = ", ".join(f"{split} {count}" for split, count in report.pairs.items())
    notes = sum(not finding.spoils for finding in report.findings)
    spoilt = len(report.findings) - notes
    state = "usable" if report.usable else f"not usable as it is: {spoilt} to mend"
    typer.echo(f"{layout.name}: {pairs} pairs; {state}{f'; {notes} notes' if notes else ''}")
    if layout.holds:
        typer.echo(
            f"Part of this set is {', '.join(layout.holds)}, kept for evaluation; --against a "
            "folder of it shows whether any of it is here."
        )
