"""A long table of results -> Markdown, LaTeX, CSV, plots, and one self-contained HTML page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thermeld.data.results import Row, read_table, write_whole
from thermeld.errors import BadSetting
from thermeld.registry import lookup
from thermeld.report.judged import judged_parts
from thermeld.report.means import Board, boards, failures, mixed_versions, ranks_together
from thermeld.report.page import Page, Part
from thermeld.report.plots import box_figure, cdf_figure, cost_figure, standalone
from thermeld.report.published import Printed, published_table
from thermeld.report.segmentation import (
    Bench,
    benches,
    budget_text,
    remarks,
    score_table,
    split,
)
from thermeld.report.tables import (
    interval_table,
    latex,
    mean_table,
    means_csv,
    rank_table,
    versus_table,
)

__all__ = ["Panel", "Report", "write_report"]

COLOUR = {
    "vifb": "red, green and blue are measured one by one, each against its own channel of the "
    "visible image and against the infrared image, and averaged",
    "tang": "all three images become 8-bit gray first (0.2989 R + 0.5870 G + 0.1140 B, rounded)",
    "tang2022": "as tang, in the arithmetic of that code before March 2023",
    "cddfuse": "all three images become gray first (0.299 R + 0.587 G + 0.114 B, rounded)",
    "paper": "all three images become 8-bit gray first",
}


@dataclass(frozen=True)
class Panel:
    """A picture that somebody made for the report, as JPEG, and what it shows."""

    title: str
    text: str
    jpeg: bytes


@dataclass(frozen=True)
class Report:
    """What a report shall hold beyond the table itself.

    Attributes:
        methods: only these; all if empty.
        against: method that all others are compared with; no comparison if "".
        published: numbers to set beside ours.
        panels: pictures, at the end.
        title: of the page.
    """

    methods: tuple[str, ...] = ()
    against: str = ""
    published: tuple[Printed, ...] = ()
    panels: tuple[Panel, ...] = ()
    title: str = "Fusion methods compared"


def write_report(table: Path, out: Path, report: Report) -> list[Path]:
    """Write report.html, report.md, tables.tex, means.csv and the plots into a folder.

    Raises:
        UnreadableFile: the table is missing or damaged.
        UnknownName: a method that is not in it.
        MissingExtra: plots without matplotlib, or Parquet without pyarrow.
        UnwritableFile: the folder cannot be written to.
    """
    rows = read_table(table)
    if not rows:
        raise BadSetting(f"{table}: holds no row")
    present = {row.method: row for row in rows}
    for name in (*report.methods, *filter(None, [report.against])):
        lookup(present, name, f"method in {table.name}")
    measured, judged = split(rows)
    found = boards(measured, report.methods)
    names = [f"{board.set}-{board.convention}".replace(":", "-") for board in found]
    sections = _overview(found)
    sections |= {b.title: list(_parts(b, n, report)) for b, n in zip(found, names, strict=True)}
    courts = benches(judged, report.methods)
    for bench in courts:
        name = f"{bench.set}-segmentation".replace(":", "-")
        sections[f"{bench.set}, segmentation"] = list(judged_parts(bench, table, name))
    if report.panels:
        sections["Panels"] = [
            Part(panel.title, panel.text, jpeg=panel.jpeg, file=f"panel-{number}.jpg")
            for number, panel in enumerate(report.panels, 1)
        ]
    page = Page(report.title, _notes(found, courts, rows), sections)
    files = {"report.html": page.html().encode(), "report.md": page.markdown().encode()}
    tables = [latex(mean_table(board), _caption(board)) for board in found]
    tables += [latex(score_table(bench), _judged_caption(bench)) for bench in courts]
    files["tables.tex"] = "\n\n".join(tables).encode()
    files["means.csv"] = means_csv(found).encode()
    files |= _pictures(sections)
    return [write_whole(out / name, data) for name, data in files.items()]


def _overview(found: Sequence[Board]) -> dict[str, list[Part]]:
    """Ranks over everything that was measured, where that is more than one board."""
    if len(found) < 2:
        return {}
    text = (
        "Average rank over all metrics of all conventions of a set, among the methods that have "
        "them all; what two conventions compute counts twice. Best bold, second underlined."
    )
    return {"All measures together": [Part("Ranks", text, rank_table(ranks_together(found)))]}


def _pictures(sections: Mapping[str, Sequence[Part]]) -> dict[str, bytes]:
    parts = [part for section in sections.values() for part in section if part.file]
    return {part.file: part.jpeg or standalone(part.svg).encode() for part in parts}


def _parts(board: Board, name: str, report: Report) -> Iterator[Part]:
    yield Part("Means", _caption(board), mean_table(board))
    beside = published_table(board, list(report.published))
    if beside:
        yield Part(
            "Beside published values",
            "Published values (publ.) as printed, right of ours where a method was measured here. "
            "Others fused those images, and perhaps used other formulas: compare with care.",
            beside,
        )
    if report.against in board.values:
        yield Part(
            f"Against {report.against}",
            f"Mean of the differences, method minus {report.against}, image by image. Below: "
            "bootstrap 95 % interval, and p of the two-sided Wilcoxon signed-rank test after "
            "Holm's correction over this table; bold where p < 0.05.",
            versus_table(board, report.against),
        )
    yield Part(
        "Cumulative distributions",
        "A point (x, y): 100x % of the pairs have values no more than y.",
        svg=cdf_figure(board),
        file=f"{name}-cdf.svg",
    )
    yield Part(
        "Spread over the images",
        "Boxes from the first to the third quartile with the median; whiskers to the last value "
        "within 1.5 boxes, points beyond.",
        svg=box_figure(board),
        file=f"{name}-box.svg",
    )
    cost = cost_figure(board)
    if cost:
        text = "Median CPU time on one thread of the machine that made the table."
        yield Part("Cost and quality", text, svg=cost, file=f"{name}-cost.svg")
    yield Part(
        "Intervals of the means",
        "Bootstrap over the images, 4000 resamples, percentiles 2.5 and 97.5.",
        interval_table(board),
    )


def _caption(board: Board) -> str:
    return (
        f"Means over the pairs of {board.set} in convention {board.convention}; best bold, second "
        "underlined, by unrounded values. Average rank: over the metrics, ties averaged."
    )


def _judged_caption(bench: Bench) -> str:
    return (
        f"IoU in percent on {bench.set}, mean and standard deviation over the seeds; best bold, "
        f"second underlined. {budget_text(bench)}."
    )


def _notes(found: Sequence[Board], courts: Sequence[Bench], rows: Sequence[Row]) -> list[str]:
    versions = ", ".join(sorted({row.version for row in rows}))
    notes = [
        f"Made by thermeld report from a table of thermeld evaluate (version {versions}).",
        "Fused images are scored as the 8-bit file they would be saved as.",
    ]
    conventions = dict.fromkeys(board.convention for board in found)
    notes += [f"Convention {name}: {COLOUR[name]}." for name in conventions]
    measured, _ = split(rows)
    notes += _colour_notes(measured)
    for bench in courts:
        notes += remarks(bench)
    for board in found:
        for method in mixed_versions(board):
            notes.append(f"{board.set}: the rows of {method} come from several versions of it.")
    notes += _failure_notes(measured)
    return notes


def _colour_notes(rows: Sequence[Row]) -> Iterator[str]:
    meaning = {
        "ycbcr": "luminance is fused, the visible image's chrominance kept",
        "blend": "infrared is mixed into red, green and blue alike by the blending map",
        "gray": "one gray channel",
        "per-channel": "red, green and blue are fused one by one",
        "given": "the fused image was given as a file",
    }
    modes: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        modes.setdefault((row.color, row.set), {})[row.method] = None
    together: dict[tuple[str, str], list[str]] = {}
    for (mode, name), methods in modes.items():
        together.setdefault((mode, ", ".join(sorted(methods))), []).append(name)
    for (mode, names), sets in together.items():
        yield f"Colour mode {mode} ({meaning.get(mode, mode)}) on {', '.join(sets)}: {names}."


def _failure_notes(rows: Sequence[Row]) -> list[str]:
    failed = failures(rows)
    if not failed:
        return ["No method failed on any image."]
    lines = [
        f"Failed: {method} on {name}/{image}: {error}"
        for (name, method, image), error in failed.items()
    ]
    more = len(lines) - 20
    return lines[:20] + ([f"... and {more} more failures, in the table."] if more > 0 else [])
