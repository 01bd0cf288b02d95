"""`thermeld list`: the methods there are, or all about one."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from thermeld.fuse import DEFAULT_METHOD, find_method, list_methods
from thermeld.registry import Method, MethodCard

EPILOG = """[bold]Examples[/bold]

thermeld list

thermeld list laplacian   (its source and settings)

thermeld list --markdown   (the table of the README)
"""
HEADINGS = ("method", "family", "parameters", "map", "what it is")


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("list", epilog=EPILOG)(run)


def run(
    method: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Cards as JSON.")] = False,
) -> None:
    """List the methods: family, parameters, whether they blend, what each is."""
    entries = [find_method(method)] if method else [find_method(c.name) for c in list_methods()]
    if as_json:
        typer.echo(json.dumps([_facts(entry) for entry in entries], indent=2))
    elif markdown:
        typer.echo(markdown_table(tuple(entry.card for entry in entries)))
    elif method:
        _print_card(entries[0])
    else:
        _print_table(tuple(entry.card for entry in entries))


def markdown_table(cards: tuple[MethodCard, ...]) -> str:
    """The methods as a Markdown table, names in code type."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for card in cards:
        name, *rest = _row(card)
        first, _, note = name.partition(" ")
        lines.append(f"| {' | '.join([f'`{first}` {note}'.strip(), *rest])} |")
    return "\n".join(lines)


def _row(card: MethodCard) -> tuple[str, ...]:
    return (
        f"{card.name} (default)" if card.name == DEFAULT_METHOD else card.name,
        card.family,
        f"{card.parameters:,}" if card.parameters else "",
        "yes" if card.blends else "",
        card.summary,
    )


def _print_table(cards: tuple[MethodCard, ...]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading == "parameters" else "left")
    for card in cards:
        table.add_row(*_row(card))
    Console().print(table)


def _print_card(entry: Method) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in _facts(entry).items():
        if key == "settings":
            value = ", ".join(f"{name}={default}" for name, default in entry.settings.items())
        table.add_row(f"[bold]{key}[/bold]", "none" if value in ("", None) else str(value))
    Console().print(table)


def _facts(entry: Method) -> dict[str, object]:
    return asdict(entry.card) | {"settings": dict(entry.settings), "sha256": entry.checksum}
