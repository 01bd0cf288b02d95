"""Rows of a benchmark as text and as a plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from thermeld.bench.timing import Row
from thermeld.registry import need

COLUMNS = (
    ("method", "label", "{}"),
    ("engine", "engine", "{}"),
    ("thr", "threads", "{}"),
    ("size", "size", "{}"),
    ("least ms", "least_ms", "{:.1f}"),
    ("cpu ms", "cpu_ms", "{:.1f}"),
    ("median", "median_ms", "{:.1f}"),
    ("p95", "p95_ms", "{:.1f}"),
    ("fps", "fps", "{:.1f}"),
    ("MP/s", "megapixels_per_s", "{:.1f}"),
    ("peak MB", "peak_mb", "{:.0f}"),
    ("file kB", "kilobytes", "{:.0f}"),
    ("params", "parameters", "{:,}"),
    ("GMAC", "gigamacs", "{:.2f}"),
    ("bound by", "bound", "{}"),
    ("of peak", "of_peak", "{:.0%}"),
)


def as_text(rows: Sequence[Row]) -> str:
    """A table with one line a row; sizes as WIDTHxHEIGHT."""
    lines = [[title for title, _, _ in COLUMNS]]
    for row in rows:
        facts = vars(row) | {
            "size": f"{row.width}x{row.height}",
            "kilobytes": row.bytes / 1000 or None,
            "parameters": row.parameters or None,
        }
        lines.append(
            [
                "-" if facts[name] is None else pattern.format(facts[name])
                for _, name, pattern in COLUMNS
            ]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def plot(rows: Sequence[Row], path: Path) -> None:
    """Least time against number of pixels, a line per method and engine, both axes logarithmic.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    need("matplotlib", "report")
    figures: Any = need("matplotlib.figure", "report")
    figure = figures.Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    names = sorted({(row.label, row.engine, row.threads) for row in rows})
    for label, engine, threads in names:
        own = sorted(
            (row.width * row.height / 1e6, row.least_ms)
            for row in rows
            if (row.label, row.engine, row.threads) == (label, engine, threads)
        )
        axes.plot(*zip(*own, strict=True), marker="o", label=f"{label}, {engine}, {threads} thr")
    axes.set(xscale="log", yscale="log", xlabel="megapixels", ylabel="least time of a pair, ms")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(fontsize="x-small")
    figure.savefig(path)
