"""What is known about the metrics, as Markdown that also reads well in a terminal."""

from collections.abc import Iterable
from typing import NamedTuple

from thermeld.metrics.scoring import CONVENTIONS
from thermeld.registry import LABELLED, METRICS, MetricCard, find_metric

ARROWS = {"higher": "↑", "lower": "↓"}


class Agreement(NamedTuple):
    """How far this implementation is from an oracle.

    Attributes:
        metric: its name in the table of metrics.
        convention: whose values they are.
        values: how many were compared.
        worst: largest relative difference.
    """

    metric: str
    convention: str
    values: int
    worst: float


def table() -> str:
    """One line per metric: direction, conventions (the default first) and what it measures."""
    lines = ["| metric | better | conventions | measures |", "|---|---|---|---|"]
    for card in (entry.card for entry in (METRICS | LABELLED).values()):
        names = ", ".join(card.conventions)
        lines.append(f"| {card.name} | {ARROWS[card.better]} | {names} | {card.summary} |")
    return "\n".join(lines)


def sheet(name: str, agreement: Iterable[Agreement] = ()) -> str:
    """Everything known about one metric.

    Args:
        name: as in the table, or another name of it in published tables.
        agreement: measured against the oracles; those of other metrics are passed over.

    Raises:
        UnknownName: with the nearest spelling.
    """
    card = find_metric(name).card
    return "\n".join([f"# {card.name}", "", *_facts(card, agreement)])


def document(agreement: Iterable[Agreement] = ()) -> str:
    """The conventions, the table and all sheets as one page."""
    measured = list(agreement)
    lines = ["# Metrics", "", "## Conventions", ""]
    lines += [f"- `{name}`: {meaning}." for name, meaning in CONVENTIONS.items()]
    lines += ["", "## All metrics", "", table()]
    for entry in (METRICS | LABELLED).values():
        lines += ["", f"## {entry.card.name}", "", *_facts(entry.card, measured)]
    return "\n".join(lines) + "\n"


def _facts(card: MetricCard, agreement: Iterable[Agreement]) -> list[str]:
    lines = [card.summary, "", f"- better: {card.better} {ARROWS[card.better]}"]
    lines += [f"- range: {card.range}", f"- formula: {card.formula}", f"- source: {card.source}"]
    if card.also:
        lines.append(f"- also called: {', '.join(card.also)}")
    if card.labelled:
        lines.append("- needs a label map beside the images, labels/STEM.png in a set")
    if not card.symmetric:
        lines.append("- infrared and visible cannot change places")
    lines += [f"- fooled by: {card.fooled_by}", "- conventions:"]
    for name, meaning in card.conventions.items():
        default = f" (default: {card.why})" if name == card.default else ""
        lines.append(f"  - `{name}`: {meaning}{default}")
    compared = [row for row in agreement if row.metric == card.name]
    if compared:
        lines += ["- measured agreement:", *(f"  - {_agreed(row)}" for row in compared)]
    return lines


def _agreed(row: Agreement) -> str:
    return f"`{row.convention}`: {row.values} values, largest relative difference {row.worst:.1e}"
