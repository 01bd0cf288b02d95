"""Plots as inline SVG: cumulative distributions, boxes, cost against rank."""

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thermeld.registry import need
from thermeld.report.means import Board, better_of

STYLE = {
    "svg.fonttype": "none",  # text stays text: small, searchable
    "svg.hashsalt": "thermeld",  # the same table gives the same bytes
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
DASHES = ("-", "--", "-.", ":")
COLUMNS, COLUMNS_WIDE = 5, 3
LABEL_PX, COST_AXIS_PX = 9.0, 170.0  # of the cost plots, in points


class Canvas(NamedTuple):
    """A figure under way.

    Attributes:
        axes: its plots, row by row.
        legend: draws a legend of (handles, labels) below all plots.
        svg: the finished figure, once the canvas is closed.
    """

    axes: list[Any]
    legend: Callable[[tuple[list[Any], list[str]]], None]
    svg: Callable[[], str]


def cdf(values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (x, y): 100 x percent of the pairs have values no more than y."""
    y = np.sort(np.asarray(values, np.float64))
    return np.arange(1, y.size + 1) / y.size, y


def cdf_figure(board: Board) -> str:
    """One plot per metric, one curve per method; the higher curve has the higher values."""
    with _grid(board) as (axes, legend, done):
        for axis, metric in zip(axes, board.metrics, strict=False):
            for method in board.methods:
                values = list(board.values[method].get(metric, {}).values())
                if values:
                    axis.plot(*cdf(values), **_look(board, method), label=method, linewidth=1.1)
            axis.set_title(_title(metric))
            axis.set_xlim(0, 1)
        legend(axes[0].get_legend_handles_labels())
    return done()


def box_figure(board: Board) -> str:
    """One plot per metric, a box per method: quartiles, median, whiskers to 1.5 times the box."""
    with _grid(board, wide=True) as (axes, _, done):
        for at, (axis, metric) in enumerate(zip(axes, board.metrics, strict=False)):
            methods = board.methods[::-1]
            values = [list(board.values[method].get(metric, {}).values()) for method in methods]
            drawn = axis.boxplot(
                values, orientation="horizontal", widths=0.65, patch_artist=True,
                flierprops={"marker": ".", "markersize": 3}, medianprops={"color": "black"},
            )  # fmt: skip
            for box, method in zip(drawn["boxes"], methods, strict=True):
                box.set(facecolor=_look(board, method)["color"], alpha=0.55, linewidth=0.7)
            axis.set_title(_title(metric))
            first = at % COLUMNS_WIDE == 0
            axis.set_yticks(range(1, len(methods) + 1), methods if first else [""] * len(methods))
    return done()


def cost_figure(board: Board) -> str | None:
    """Time and learned parameters against average rank; None where no time was taken."""
    ranks = board.average_ranks()
    times = {m: latency_ms(board, m) for m in board.methods if m in ranks}
    known = {method: time for method, time in times.items() if time is not None}
    if not known:
        return None
    parameters = {method: float(board.rows[method][0].parameters) for method in known}
    ticker = need("matplotlib.ticker", "report")
    with canvas(1, 2, (9.5, 3.6)) as (axes, _, done):
        for axis, costs, label in (
            (axes[0], known, "CPU milliseconds per megapixel, one thread"),
            (axes[1], parameters, "learned parameters"),
        ):
            _scatter(axis, costs, ranks, {m: _look(board, m)["color"] for m in costs})
            axis.set(xlabel=label, ylabel="average rank (1 is best)")
            axis.margins(x=0.25, y=0.12)
            axis.invert_yaxis()
        axes[0].set_xscale("log")
        axes[0].xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes[0].xaxis.set_major_formatter("{x:g}")
        axes[0].xaxis.set_minor_formatter("")
        axes[1].xaxis.set_major_formatter("{x:,.0f}")
    return done()


def _scatter(
    axis: Any, costs: Mapping[str, float], ranks: Mapping[str, float], colours: Mapping[str, str]
) -> None:
    """Points with their names to the right, pushed down where they would lie on one another."""
    reach = max(ranks.values()) - min(ranks.values()) or 1.0
    line = LABEL_PX / (COST_AXIS_PX / reach)  # height of a label, in ranks
    lowest = -line
    for method in sorted(costs, key=lambda name: (ranks[name], costs[name])):
        place = (costs[method], ranks[method])
        lowest = max(lowest + line, ranks[method])
        axis.plot(*place, "o", color=colours[method])
        down = (lowest - ranks[method]) * COST_AXIS_PX / reach
        axis.annotate(method, place, xytext=(6, -down - 3), textcoords="offset points")


def latency_ms(board: Board, method: str) -> float | None:
    """Median over the images of fusing time per megapixel; None for images that were given."""
    timed = {r.image: r for r in board.rows[method] if r.seconds is not None and r.pixels}
    if not timed:
        return None
    return median(1e9 * (row.seconds or 0.0) / row.pixels for row in timed.values())


def _title(metric: str) -> str:
    way = {"higher": "higher is better", "lower": "lower is better"}[better_of([metric])[metric]]
    return f"{metric} ({way})"


def _look(board: Board, method: str) -> dict[str, Any]:
    """Colour and dashes by the method's name, so that plots of one report agree."""
    at = sorted(board.values).index(method)
    return {"color": f"C{at % 10}", "linestyle": DASHES[at // 10 % len(DASHES)]}


@contextmanager
def _grid(board: Board, *, wide: bool = False) -> Iterator[Canvas]:
    columns = min(len(board.metrics), COLUMNS_WIDE if wide else COLUMNS)
    rows = -(-len(board.metrics) // columns)
    high = max(1.9, 0.4 + 0.19 * len(board.values)) if wide else 1.9
    size = (9.5, rows * high + (0.1 if wide else 0.7))
    with canvas(rows, columns, size) as (axes, legend, done):
        for spare in axes[len(board.metrics) :]:
            spare.remove()
        yield Canvas(axes, legend, done)


@contextmanager
def canvas(rows: int, columns: int, size: tuple[float, float]) -> Iterator[Canvas]:
    """Axes as a flat list, a function that draws the legend below, and one that gives the SVG."""
    matplotlib = need("matplotlib", "report")
    figures = need("matplotlib.figure", "report")
    with matplotlib.rc_context(STYLE):
        figure = figures.Figure(figsize=size, layout="constrained")
        axes = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())

        def legend(handles: tuple[list[Any], list[str]]) -> None:
            figure.legend(*handles, loc="outside lower center", ncols=6, frameon=False)

        text: list[str] = []
        yield Canvas(axes, legend, lambda: text[0])
        sink = io.StringIO()
        figure.savefig(sink, format="svg", metadata={"Date": None})
        text.append(inline(sink.getvalue()))


def inline(svg: str) -> str:
    """An SVG file as a part of an HTML page: no prologue, no metadata, no name spaces.

    Tenths of a point are enough for any screen, and halve the size.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", body)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*\n\s*", "\n", body)
    # Only within tags: the labels of the axes are text, and stay as they are.
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d)\d+", r"\1", tag[0]), body)
    body = re.sub(r' id="[a-z0-9]+_\d+"', "", body.replace("xlink:href", "href"))
    return _with_classes(_without_empty_groups(body).strip())


def _without_empty_groups(svg: str) -> str:
    """Groups that say nothing about what is in them are taken away, the innermost first."""
    bare = re.compile(r"<g>((?:(?!</?g[ >/]).)*)</g>\n?", re.DOTALL)
    before, body = "", svg.replace("<g/>", "")
    while before != body:
        before, body = body, bare.sub(r"\1", body)
    return re.sub(r"\n+", "\n", body)


def _with_classes(svg: str) -> str:
    """Each style once, as a class; named by its content, so that many plots fit into one page."""
    names: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        digest = hashlib.sha256(match[1].encode()).hexdigest()
        return f'class="{names.setdefault(match[1], f"s{digest[:5]}")}"'

    body = re.sub(r'style="([^"]*)"', named, svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    at = body.index(">") + 1
    return f"{body[:at]}<style>{rules}</style>{body[at:]}"


def standalone(svg: str) -> str:
    """The same as a file of its own."""
    return svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + "\n"
