"""From the long table to means: over how many images, in which order, who is best.

Ranks are as in the MobileFuse paper: per metric among the methods' unrounded means, 1 the best,
ties at the average of the places they share; then the mean over the metrics.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from thermeld.data.results import DONE, FAILED, Row
from thermeld.metrics import score as _score  # noqa: F401 - fills the table of metrics
from thermeld.registry import find_metric

Better = Literal["higher", "lower"]
K = TypeVar("K")


@dataclass(frozen=True)
class Board:
    """Everything measured on one set in one convention.

    Attributes:
        set: its name.
        convention: of the metrics.
        metrics: in the order of the table.
        images: all that any method was tried on.
        values: method, metric, image to value; only where there is one.
        rows: by method, for its times and facts.
    """

    set: str
    convention: str
    metrics: tuple[str, ...]
    images: tuple[str, ...]
    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """As headings say it."""
        return f"{self.set}, convention {self.convention}, {len(self.images)} pairs"

    @property
    def methods(self) -> tuple[str, ...]:
        """By average rank, the best first; those without a value last."""
        placed = self.average_ranks()
        return tuple(sorted(self.values, key=lambda name: (placed.get(name, 1e9), name)))

    def mean(self, method: str, metric: str) -> float | None:
        """Over the images that have a value; None if none has."""
        found = self.values[method].get(metric, {})
        return sum(found.values()) / len(found) if found else None

    def count(self, method: str, metric: str) -> int:
        """How many images a mean is over."""
        return len(self.values[method].get(metric, {}))

    def column(self, metric: str) -> dict[str, float]:
        """The means of one metric."""
        means = {method: self.mean(method, metric) for method in self.values}
        return {method: mean for method, mean in means.items() if mean is not None}

    def average_ranks(self) -> dict[str, float]:
        """Mean over the metrics of each method's rank."""
        return average_ranks({m: self.column(m) for m in self.metrics}, better_of(self.metrics))


def boards(rows: Iterable[Row], methods: Sequence[str] = ()) -> list[Board]:
    """One board per set and convention, in order of first appearance.

    Args:
        rows: of the long table.
        methods: only these; all if empty.
    """
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if not methods or row.method in methods:
            grouped.setdefault((row.set, row.convention), []).append(row)
    return [_board(*key, group) for key, group in grouped.items()]


def _board(name: str, convention: str, rows: Sequence[Row]) -> Board:
    by_method: dict[str, list[Row]] = {}
    for row in rows:
        by_method.setdefault(row.method, []).append(row)
    metrics = tuple(dict.fromkeys(row.metric for row in rows))
    images = tuple(dict.fromkeys(sorted(row.image for row in rows)))
    return Board(name, convention, metrics, images, values_of(rows), by_method)


def values_of(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """Method, metric, image to value; methods and metrics without a value hold nothing."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        found = values.setdefault(row.method, {}).setdefault(row.metric, {})
        if row.state == DONE and row.value is not None:
            found[row.image] = row.value
    return values


def better_of(metrics: Iterable[str]) -> dict[str, Better]:
    """Which way is better, by metric."""
    return {metric: find_metric(metric).card.better for metric in metrics}


def ranks(values: Mapping[str, float], better: Better) -> dict[str, float]:
    """Places from 1, the best; equal values share the average of their places."""
    ordered = sorted(values.values(), reverse=better == "higher")
    return {
        name: ordered.index(value) + (ordered.count(value) + 1) / 2
        for name, value in values.items()
    }


def average_ranks(
    columns: Mapping[K, Mapping[str, float]], better: Mapping[K, Better]
) -> dict[str, float]:
    """Mean over the metrics of the ranks; of a method without a value, over those it has.

    Args:
        columns: by metric (or what else tells columns apart), method to value.
        better: direction, by the same.
    """
    places: dict[str, list[float]] = {}
    for metric, values in columns.items():
        for name, place in ranks(values, better[metric]).items():
            places.setdefault(name, []).append(place)
    return {name: sum(found) / len(found) for name, found in places.items()}


def ranks_together(found: Iterable[Board]) -> dict[str, dict[str, float]]:
    """Average ranks over all metrics of all conventions of a set, by set and method.

    Methods that lack a metric of the set take no part there, so that all are ranked among the
    same rivals. A metric that two conventions compute counts twice.
    """
    by_set: dict[str, list[Board]] = {}
    for board in found:
        by_set.setdefault(board.set, []).append(board)
    return {name: _together(those) for name, those in by_set.items()}


def _together(found: Sequence[Board]) -> dict[str, float]:
    columns = {(b.convention, metric): b.column(metric) for b in found for metric in b.metrics}
    columns = {key: values for key, values in columns.items() if values}  # none has labels, say
    if not columns:
        return {}
    whole = set.intersection(*(set(values) for values in columns.values()))
    shared = {
        key: {name: value for name, value in values.items() if name in whole}
        for key, values in columns.items()
    }
    better = better_of(metric for _, metric in columns)
    return average_ranks(shared, {key: better[key[1]] for key in columns})


def podium(values: Mapping[str, float], better: Better) -> tuple[set[str], set[str]]:
    """Who is best and who second; several where unrounded values are equal."""
    distinct = sorted(set(values.values()), reverse=better == "higher")
    first, second = (
        {name for name, value in values.items() if distinct[at : at + 1] == [value]}
        for at in (0, 1)
    )
    return first, second


def failures(rows: Iterable[Row]) -> dict[tuple[str, str, str], str]:
    """(set, method, image) to why, of whatever failed."""
    return {(r.set, r.method, r.image): r.error for r in rows if r.state == FAILED}


def mixed_versions(board: Board) -> list[str]:
    """Methods whose rows on this board come from more than one version of them."""
    return [
        method
        for method, rows in board.rows.items()
        if len({(row.checksum, row.version, row.color) for row in rows}) > 1
        and rows[0].color != "given"
    ]
