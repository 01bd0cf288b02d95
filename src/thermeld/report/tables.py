"""Tables as text: Markdown, LaTeX with booktabs, CSV, HTML. Best bold, second underlined."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from thermeld.report.means import Board, better_of, podium
from thermeld.report.statistics import Difference, bootstrap_interval, difference, holm

ARROW = {"higher": "↑", "lower": "↓"}
TEX_ARROW = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}
TEX_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}"}

MEANS_COLUMNS = (
    "set",
    "convention",
    "method",
    "metric",
    "mean",
    "low95",
    "high95",
    "images",
    "rank",
)


@dataclass(frozen=True)
class Cell:
    """One cell: its text, its place on the podium (1, 2, or 0 for neither), and a small note."""

    text: str
    place: int = 0
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Headings and rows; the first column names the row."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def number(value: float | None, digits: int = 3) -> str:
    """As published tables print it; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def digits_for(values: Iterable[float]) -> int:
    """Decimals of a column: three, or four where three would leave next to nothing."""
    return 4 if max(map(abs, values), default=1.0) < 0.1 else 3


def mean_table(board: Board) -> Table:
    """Means by method, the number of images, and the average rank."""
    columns = {metric: _mean_cells(board, metric) for metric in board.metrics}
    places = board.average_ranks()
    ranked = _podium_cells(places, "lower")
    rows = []
    for method in board.methods:
        cells = [Cell(method), Cell(_images(board, method))]
        cells += [columns[metric][method] for metric in board.metrics]
        rows.append((*cells, ranked.get(method, Cell("–"))))
    better = better_of(board.metrics)
    headings = [f"{metric} {ARROW[better[metric]]}" for metric in board.metrics]
    return Table(("method", "pairs", *headings, "average rank ↓"), tuple(rows))


def rank_table(together: Mapping[str, Mapping[str, float]]) -> Table:
    """Average ranks by method and set, and their mean of those that are ranked on every set."""
    columns = {name: _podium_cells(dict(values), "lower") for name, values in together.items()}
    known = dict.fromkeys(method for values in together.values() for method in values)
    means = {
        method: sum(values[method] for values in together.values()) / len(together)
        for method in known
        if all(method in values for values in together.values())
    }
    overall = _podium_cells(means, "lower")
    ordered = sorted(known, key=lambda method: (means.get(method, 1e9), method))
    blank = Cell("–")
    rows = [
        (
            Cell(method),
            *(cells.get(method, blank) for cells in columns.values()),
            overall.get(method, blank),
        )
        for method in ordered
    ]
    return Table(("method", *(f"{name} ↓" for name in together), "mean ↓"), tuple(rows))


def _mean_cells(board: Board, metric: str) -> dict[str, Cell]:
    shown = _podium_cells(board.column(metric), better_of([metric])[metric])
    cells = {}
    for method in board.values:
        count = board.count(method, metric)
        cell = shown.get(method, Cell("–"))
        note = f"n={count}" if count != len(board.images) else ""
        cells[method] = Cell(cell.text, cell.place, note)
    return cells


def _podium_cells(values: dict[str, float], better: str) -> dict[str, Cell]:
    first, second = podium(values, "higher" if better == "higher" else "lower")
    digits = digits_for(values.values())
    return {
        name: Cell(number(value, digits), 1 if name in first else 2 if name in second else 0)
        for name, value in values.items()
    }


def _images(board: Board, method: str) -> str:
    most = max((board.count(method, metric) for metric in board.metrics), default=0)
    whole = len(board.images)
    return str(whole) if most == whole else f"{most} of {whole}"


def interval_table(board: Board) -> Table:
    """Bootstrap 95 % intervals of the means."""
    columns = {metric: _interval_cells(board, metric) for metric in board.metrics}
    rows = [
        (Cell(method), *(columns[metric][method] for metric in board.metrics))
        for method in board.methods
    ]
    return Table(("method", *board.metrics), tuple(rows))


def _interval_cells(board: Board, metric: str) -> dict[str, Cell]:
    values = {m: list(found.get(metric, {}).values()) for m, found in board.values.items()}
    ends = {method: bootstrap_interval(given) for method, given in values.items() if given}
    digits = digits_for(end for both in ends.values() for end in both)
    shown = {m: Cell(" to ".join(number(end, digits) for end in both)) for m, both in ends.items()}
    return {method: shown.get(method, Cell("–")) for method in board.values}


def versus_table(board: Board, against: str) -> Table:
    """Mean differences to one method, with the signed-rank test; bold where Holm p < 0.05."""
    others = [method for method in board.methods if method != against]
    found: dict[tuple[str, str], Difference] = {}
    for method in others:
        for metric in board.metrics:
            gap = difference(
                board.values[method].get(metric, {}), board.values[against].get(metric, {})
            )
            if gap is not None:
                found[method, metric] = gap
    sure = dict(zip(found, holm([gap.p for gap in found.values()]), strict=True))
    digits = {
        metric: digits_for(gap.mean for key, gap in found.items() if key[1] == metric)
        for metric in board.metrics
    }
    rows = []
    for method in others:
        cells = [Cell(method)]
        for metric in board.metrics:
            key = (method, metric)
            missing = key not in found
            cells.append(Cell("–") if missing else _gap_cell(found[key], sure[key], digits[metric]))
        rows.append(tuple(cells))
    return Table((f"minus {against}", *board.metrics), tuple(rows))


def _gap_cell(gap: Difference, sure: float, digits: int) -> Cell:
    sign = "−" if gap.mean < 0 else "+"
    chance = "p<0.001" if sure < 0.001 else f"p={sure:.3f}"
    ends = f"{number(gap.low, digits)} to {number(gap.high, digits)}".replace("-", "−")
    note = f"{ends}; {chance}"
    return Cell(f"{sign}{number(abs(gap.mean), digits)}", 1 if sure < 0.05 else 0, note)


def markdown(table: Table) -> str:
    """A Markdown table; bold and <u>underlined</u>."""
    marks: dict[int, Callable[[str], str]] = {1: "**{}**".format, 2: "<u>{}</u>".format}

    def show(cell: Cell) -> str:
        text = marks.get(cell.place, str)(cell.text)
        return f"{text} ({cell.note})" if cell.note else text

    aligned = ["---", *["---:"] * (len(table.headings) - 1)]
    lines = [list(table.headings), aligned, *[[show(cell) for cell in row] for row in table.rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex(table: Table, caption: str) -> str:
    """A table for a paper; needs the booktabs package."""
    marks: dict[int, Callable[[str], str]] = {
        1: r"\textbf{{{}}}".format,
        2: r"\underline{{{}}}".format,
    }

    def show(cell: Cell) -> str:
        text = marks.get(cell.place, str)(tex(cell.text))
        return rf"{text}\,({tex(cell.note)})" if cell.note else text

    rows = [" & ".join(show(cell) for cell in row) + r" \\" for row in table.rows]
    columns = "l" + "r" * (len(table.headings) - 1)
    return "\n".join(
        [
            r"\begin{table}", r"\centering", rf"\caption{{{tex(caption)}}}",
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
            " & ".join(tex(heading) for heading in table.headings) + r" \\", r"\midrule",
            *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}",
        ]
    )  # fmt: skip


def tex(text: str) -> str:
    """Text that LaTeX prints as it is."""
    arrows = {"↑": r"$\uparrow$", "↓": r"$\downarrow$", "–": "--", "−": "$-$"}
    return "".join((TEX_SPECIAL | arrows).get(sign, sign) for sign in text)


def html(table: Table) -> str:
    """An HTML table; classes b and u mark best and second."""

    def show(cell: Cell) -> str:
        text = escape(cell.text)
        text = {1: f"<b>{text}</b>", 2: f"<u>{text}</u>"}.get(cell.place, text)
        note = escape(cell.note).replace("; ", "<br>")
        return f"{text}<small>{note}</small>" if note else text

    head = "".join(f"<th>{escape(heading)}</th>" for heading in table.headings)
    rows = [
        f"<tr><th>{show(row[0])}</th>{''.join(f'<td>{show(c)}</td>' for c in row[1:])}</tr>"
        for row in table.rows
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def means_csv(boards: Sequence[Board]) -> str:
    """All means unrounded, a line each, with counts, intervals and ranks."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MEANS_COLUMNS)
    for board in boards:
        places = board.average_ranks()
        for method in board.methods:
            for metric in board.metrics:
                values = list(board.values[method].get(metric, {}).values())
                ends = bootstrap_interval(values) if values else ("", "")
                mean = board.mean(method, metric)
                facts = ["" if mean is None else mean, *ends, len(values), ""]
                writer.writerow([board.set, board.convention, method, metric, *facts])
            rank = ["average rank", "", "", "", "", places.get(method, "")]
            writer.writerow([board.set, board.convention, method, *rank])
    return text.getvalue()
