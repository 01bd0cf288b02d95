"""What the judge found: IoU per class by method, over seeds, and what of it is noise."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from thermeld.data.results import FAILED, Row
from thermeld.data.segmentation import CONVENTION, INFRARED, IOU, MEAN, VALUES, VISIBLE
from thermeld.errors import UnreadableFile
from thermeld.report.means import podium, values_of
from thermeld.report.tables import Cell, Table

DIGITS = 2  # of percent


@dataclass(frozen=True)
class Bench:
    """Everything the judge found on one set.

    Attributes:
        set: its name.
        values: method, value's name, seed to a share in [0, 1]; only where there is one.
        rows: all of them.
    """

    set: str
    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    rows: Sequence[Row]

    @property
    def methods(self) -> tuple[str, ...]:
        """The sources first, then by mIoU, the best first; those without a value last."""

        def place(method: str) -> tuple[int, float]:
            source = (INFRARED, VISIBLE).index(method) if method in (INFRARED, VISIBLE) else 2
            return source, -(self.mean(method, MEAN) or 0.0)

        return tuple(sorted(self.values, key=place))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the values, those of classes that no label names left out."""
        found = {name for values in self.values.values() for name, by in values.items() if by}
        return tuple(name for name in VALUES if name in found)

    def seeds(self, method: str) -> tuple[str, ...]:
        """Those with which a method was trained."""
        return tuple(self.values[method].get(MEAN, {}))

    def mean(self, method: str, name: str) -> float | None:
        """Over the seeds; None if there is no value."""
        found = self.values[method].get(name, {})
        return fmean(found.values()) if found else None

    def spread(self, method: str, name: str) -> float | None:
        """Standard deviation over the seeds (n - 1); None for fewer than two."""
        found = list(self.values[method].get(name, {}).values())
        return stdev(found) if len(found) > 1 else None


def split(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Rows of metrics on images, and rows of the judge."""
    parts: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        parts[row.convention == CONVENTION].append(row)
    return parts


def benches(rows: Iterable[Row], methods: Sequence[str] = ()) -> list[Bench]:
    """One per set that was judged, in order of first appearance.

    Args:
        rows: of the judge.
        methods: only these; all if empty.
    """
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        if not methods or row.method in methods:
            by_set.setdefault(row.set, []).append(row)
    return [Bench(name, values_of(group), group) for name, group in by_set.items()]


def score_table(bench: Bench) -> Table:
    """Percent by method and class, the spread over the seeds below; best bold, second underlined.

    The layout is that of SeAFusion's table: a row a method, a column a class, then their mean.
    """
    columns = {name: _column(bench, name) for name in bench.names}
    rows = [
        (
            Cell(method),
            *(columns[name][method] for name in bench.names),
            Cell(str(len(bench.seeds(method)))),
        )
        for method in bench.methods
    ]
    return Table(
        ("method", *(name.removeprefix(IOU) for name in bench.names), "seeds"), tuple(rows)
    )


def _column(bench: Bench, name: str) -> dict[str, Cell]:
    means = {method: bench.mean(method, name) for method in bench.values}
    known = {method: mean for method, mean in means.items() if mean is not None}
    first, second = podium(known, "higher")
    return {
        method: Cell(
            _percent(mean),
            1 if method in first else 2 if method in second else 0,
            _spread(bench.spread(method, name)),
        )
        for method, mean in means.items()
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.{DIGITS}f}"


def _spread(share: float | None) -> str:
    return "" if share is None else f"±{100 * share:.{DIGITS}f}"


def gap_table(bench: Bench) -> Table:
    """Differences of mIoU to the sources and to the best method; "noise" where it is no more.

    A difference no larger than the spread of either method over its seeds could as well be the
    draw of the seeds. With one seed nobody knows, and it says so.
    """
    others = _others(bench)
    rows = [
        (Cell(method), *(_gap(bench, method, other) for other in others.values()))
        for method in bench.methods
    ]
    return Table((MEAN, *(f"minus {heading}" for heading in others)), tuple(rows))


def _others(bench: Bench) -> dict[str, str]:
    """Heading to method: the sources that were judged, and the best of all."""
    means = {m: mean for m in bench.methods if (mean := bench.mean(m, MEAN)) is not None}
    best = max(means, key=lambda method: means[method]) if means else ""
    found = {source: source for source in (INFRARED, VISIBLE) if source in means}
    return found | ({f"{best} (the best)": best} if best and best not in found else {})


def _gap(bench: Bench, method: str, other: str) -> Cell:
    one, two = bench.mean(method, MEAN), bench.mean(other, MEAN)
    if one is None or two is None or method == other:
        return Cell("–")
    spreads = [bench.spread(name, MEAN) for name in (method, other)]
    known = [spread for spread in spreads if spread is not None]
    sign = "−" if one < two else "+"
    text = f"{sign}{100 * abs(one - two):.{DIGITS}f}"
    if len(known) < 2:
        return Cell(text, note="one seed")
    return Cell(text, note="noise" if abs(one - two) <= max(known) else "")


def remarks(bench: Bench) -> Iterator[str]:
    """What a reader must know beside the numbers."""
    absent = [n for n in VALUES if n.startswith(IOU) and n not in bench.names]
    if absent and bench.names:
        names = ", ".join(name.removeprefix(IOU) for name in absent)
        yield f"{bench.set}: no label names {names}: not in the table and not in {MEAN}."
    for name in bench.names:
        lost = [m for m in bench.methods if bench.mean(m, name) == 0.0]
        if lost:
            everybody = len(lost) == len(bench.values)
            who = "was found by no method" if everybody else f"was missed by {', '.join(lost)}"
            yield (
                f"{bench.set}: {name.removeprefix(IOU)} {who}, with any seed: "
                f"IoU 0, and counted in {MEAN}."
            )
    if len({bench.seeds(method) for method in bench.values}) > 1:
        yield f"{bench.set}: not all methods were trained with all seeds; see the last column."
    if len({(_budget(row), row.sources) for row in bench.rows}) > 1:
        yield f"{bench.set}: budgets or data differ between rows; those cannot be compared."
    for method, error in {r.method: r.error for r in bench.rows if r.state == FAILED}.items():
        yield f"{bench.set}: {method} failed: {error}"


def budget_text(bench: Bench) -> str:
    """How each training went, for a caption.

    Raises:
        UnreadableFile: settings of a row that the judge did not write.
    """
    budget = json.loads(_budget(bench.rows[0]))
    try:
        crop, box = (f"{height}x{width}" for height, width in (budget["crop"], budget["box"]))
        epochs = budget["start_epochs"]
        start = (
            f"one start of {epochs} epochs on blends of the sources" if epochs else "random weights"
        )
        return (
            f"Budget {budget['name']}: {budget['epochs']} epochs in batches of {budget['batch']} "
            f"crops of {crop} pixels, judged on pictures fitted into {box}, all from {start}"
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFile(f"a row of {bench.set} tells no budget ({error})") from error


def _budget(row: Row) -> str:
    try:
        return json.dumps(json.loads(row.settings)["budget"], sort_keys=True)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(
            f"{row.set}, {row.method}: a row of convention {CONVENTION} without a budget"
        ) from error
