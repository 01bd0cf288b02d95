"""`thermeld list`: the methods there are, or all about one."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from thermeld.fuse import DEFAULT_METHOD, find_method, list_methods
from thermeld.registry import Method, MethodCard, need

EPILOG = """[bold]Examples[/bold]

thermeld list

thermeld list laplacian   (its source and settings)

thermeld list --markdown   (the table of the README)

thermeld list --networks --markdown   (what can be trained, and the table of docs/networks.md)
"""
NETWORK_HEADINGS = ("network", "parameters", "MACs (10^9)", "at", "get it by", "source")
HEADINGS = ("method", "family", "parameters", "map", "what it is")
# Which one for what; docs/results.md and docs/own-network.md have the figures behind it.
CHOICES = (
    ("thermeld-nano", "people and detail by night and day, in the least time of all networks"),
    ("thermeld-small", "the same with more of faint detail, in under twice the time"),
    ("mobilefuse", "calm pictures and films; every pixel lies between those of its sources"),
    ("laplacian", "nothing learned, the most even of all by day, and fast"),
    ("lwc-densefuse", "an auto-encoder, where DenseFuse is used today"),
    ("maximum", "a floor to compare with: what does not beat it has learned little"),
)


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("list", epilog=EPILOG)(run)


def run(
    method: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Cards as JSON.")] = False,
    networks: Annotated[
        bool, typer.Option("--networks", help="The networks of the training room instead.")
    ] = False,
) -> None:
    """List the methods: family, parameters, whether they blend, what each is."""
    if networks:
        _list_networks(markdown=markdown, as_json=as_json)
        return
    entries = [find_method(method)] if method else [find_method(c.name) for c in list_methods()]
    if as_json:
        typer.echo(json.dumps([_facts(entry) for entry in entries], indent=2))
    elif markdown:
        typer.echo(markdown_table(tuple(entry.card for entry in entries)))
        if not method:
            typer.echo("\n" + choices_text())
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


def choices_text() -> str:
    """Which method to choose for what, as Markdown."""
    return "\n".join(["Choose", "", *(f"- `{name}` for {what}" for name, what in CHOICES)])


def _list_networks(*, markdown: bool, as_json: bool) -> None:
    """Name, parameters, multiply-adds and source of every network, counted now."""
    need("torch", "train")
    from thermeld.train.count import list_networks

    facts = list_networks()
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in facts], indent=2))
        return
    rows = [
        (
            row.name,
            f"{row.parameters:,}",
            f"{row.macs / 1e9:,.3f}",
            f"{row.size[1]}x{row.size[0]}",
            row.get,
            row.source,
        )
        for row in facts
    ]
    if markdown:
        rule = "|---|--:|--:|--:|---|---|"
        lines = [" | ".join(("", f"`{name}`", *rest, "")).strip() for name, *rest in rows]
        typer.echo("\n".join([f"| {' | '.join(NETWORK_HEADINGS)} |", rule, *lines]))
    else:
        _print_columns(NETWORK_HEADINGS, rows, right=NETWORK_HEADINGS[1:4])


def _print_columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str]
) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _row(card: MethodCard) -> tuple[str, ...]:
    return (
        f"{card.name} (default)" if card.name == DEFAULT_METHOD else card.name,
        card.family,
        f"{card.parameters:,}" if card.parameters else "",
        "yes" if card.blends else "",
        card.summary,
    )


def _print_table(cards: tuple[MethodCard, ...]) -> None:
    _print_columns(HEADINGS, [_row(card) for card in cards], right=("parameters",))
    _print_columns(("choose", "for"), CHOICES, right=())


def _print_card(entry: Method) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in _facts(entry).items():
        if key == "settings":
            value = ", ".join(f"{name}={default}" for name, default in entry.settings.items())
        table.add_row(f"[bold]{key}[/bold]", "none" if value in ("", None) else str(value))
    Console().print(table)


def _facts(entry: Method) -> dict[str, object]:
    return asdict(entry.card) | {"settings": dict(entry.settings), "sha256": entry.checksum}
