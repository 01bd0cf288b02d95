"""`thermeld list`: the methods there are."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from thermeld.fuse import DEFAULT_METHOD, list_methods
from thermeld.registry import METHODS, MethodCard

EPILOG = """[bold]Examples[/bold]

thermeld list

thermeld list --markdown   (the table of the README)

thermeld list --json
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("list", epilog=EPILOG)(run)


def run(
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every card, as JSON.")] = False,
) -> None:
    """List the methods: family, parameters, settings, what each is."""
    cards = list_methods()
    if as_json:
        typer.echo(json.dumps([_facts(card) for card in cards], indent=2))
    elif markdown:
        typer.echo(markdown_table(cards))
    else:
        _print_table(cards)


HEADINGS = ("method", "family", "parameters", "map", "settings", "what it is")


def _row(card: MethodCard) -> tuple[str, ...]:
    settings = ", ".join(f"{key}={value}" for key, value in METHODS[card.name].settings.items())
    name = f"{card.name} (default)" if card.name == DEFAULT_METHOD else card.name
    return (
        name,
        card.family,
        f"{card.parameters:,}" if card.parameters else "",
        "yes" if card.blends else "",
        settings,
        card.summary,
    )


def markdown_table(cards: tuple[MethodCard, ...]) -> str:
    """The methods as a Markdown table, names in code type."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for card in cards:
        name, *rest = _row(card)
        first, _, note = name.partition(" ")
        lines.append(f"| {' | '.join([f'`{first}` {note}'.strip(), *rest])} |")
    return "\n".join(lines)


def _print_table(cards: tuple[MethodCard, ...]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading == "parameters" else "left")
    for card in cards:
        table.add_row(*_row(card))
    Console().print(table)


def _facts(card: MethodCard) -> dict[str, object]:
    return asdict(card) | {"settings": dict(METHODS[card.name].settings)}
