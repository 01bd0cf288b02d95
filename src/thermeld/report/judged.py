"""The judge's part of a report: tables, losses, and answers to look at."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.segmentation import (
    CLASSES,
    COLOURS,
    curve_file,
    example_file,
    place_of,
    truth_file,
)
from thermeld.errors import UnreadableFile
from thermeld.image import Stored
from thermeld.io import encode_image, read_image
from thermeld.panel import panel
from thermeld.report.page import Part
from thermeld.report.plots import DASHES, canvas
from thermeld.report.segmentation import Bench, budget_text, gap_table, score_table

COLUMNS = 4
LINE_PX, SQUARE_PX = 30, 16
POINTS = 60  # of a curve
TRUTH = "labels"


@dataclass(frozen=True)
class Curve:
    """Losses of a method: steps, and at each the mean over its seeds."""

    steps: NDArray[np.float64]
    losses: NDArray[np.float64]


def judged_parts(bench: Bench, table: Path, name: str) -> Iterator[Part]:
    """Tables, and what the judge kept beside the results table, if it is still there.

    Args:
        bench: one set.
        table: of the results.
        name: of the section's files.

    Raises:
        UnreadableFile: a curve or a picture is damaged.
    """
    yield Part(
        "Intersection over union",
        f"Percent, over all pixels of {bench.set}; mean over the seeds, below it their standard "
        "deviation. DeepLabv3+ on MobileNetV2, learned anew on each method's images, in every "
        f"seed on the same crops. {budget_text(bench)}.",
        score_table(bench),
    )
    yield Part(
        "What is noise",
        "Differences of mIoU in points. noise: no larger than the standard deviation over the "
        "seeds of either of the two methods, so other seeds could turn it round.",
        gap_table(bench),
    )
    place = place_of(table, bench.set)
    curves = read_curves(place, bench)
    if curves:
        text = "Loss by step, mean over the seeds and over neighbouring steps."
        yield Part("Training", text, svg=curve_figure(curves), file=f"{name}-training.svg")
    for number, stem in enumerate(_stems(place), 1):
        text = f"Answers of the judge on {stem}, first seed, each on the image it was given."
        yield Part(
            f"Example {stem}",
            text,
            jpeg=encode_image(example_sheet(place, stem, bench.methods), ".jpg", quality=80),
            file=f"{name}-example-{number}.jpg",
        )


def read_curves(place: Path, bench: Bench) -> dict[str, Curve]:
    """The losses of each method that has some.

    Raises:
        UnreadableFile: a file that is no curve.
    """
    found = {}
    for method in bench.methods:
        files = [curve_file(place, method, seed) for seed in bench.seeds(method)]
        runs = [_losses(path) for path in files if path.is_file()]
        if runs:
            length = min(len(run) for run in runs)
            mean = np.mean([run[:length] for run in runs], axis=0)
            found[method] = _thinned(mean)
    return found


def _losses(path: Path) -> NDArray[np.float64]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return np.array([float(row["loss"]) for row in csv.DictReader(file)])
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UnreadableFile(f"{path}: not a curve of the judge ({error})") from error


def _thinned(losses: NDArray[np.float64]) -> Curve:
    """Means of neighbours, at most `POINTS` of them."""
    block = max(1, -(-len(losses) // POINTS))
    parts = [losses[at : at + block] for at in range(0, len(losses), block)]
    middles = [at * block + (len(part) + 1) / 2 for at, part in enumerate(parts)]
    return Curve(np.array(middles), np.array([part.mean() for part in parts]))


def curve_figure(curves: Mapping[str, Curve]) -> str:
    """One line a method, as SVG."""
    with canvas(1, 1, (9.5, 3.2)) as (axes, legend, done):
        for at, (method, curve) in enumerate(curves.items()):
            look = {"color": f"C{at % 10}", "linestyle": DASHES[at // 10 % len(DASHES)]}
            axes[0].plot(curve.steps, curve.losses, **look, label=method, linewidth=1.1)
        axes[0].set(xlabel="step", ylabel="loss (cross-entropy + Dice)")
        legend(axes[0].get_legend_handles_labels())
    return done()


def _stems(place: Path) -> list[str]:
    """Examples that were kept, by the names of their files."""
    return sorted(path.stem for path in place.glob("examples/*.jpg"))


def example_sheet(place: Path, stem: str, methods: Sequence[str]) -> Stored:
    """The labels and every method's answer in a grid, under them the colours of the classes."""
    files = {TRUTH: truth_file(place, stem)}
    files |= {method: example_file(place, stem, method) for method in methods}
    pictures = {name: read_image(path).pixels for name, path in files.items() if path.is_file()}
    size = next(iter(pictures.values())).shape[1::-1]
    same = {n: cv2.resize(np.asarray(image, np.uint8), size) for n, image in pictures.items()}
    names = list(same)
    blank = np.full_like(same[names[0]], 255)
    rows = []
    for start in range(0, len(names), COLUMNS):
        cells = {name: same[name] for name in names[start : start + COLUMNS]}
        missing = {" " * n: blank for n in range(1, COLUMNS - len(cells) + 1)}
        rows.append(panel(cells | (missing if len(names) > COLUMNS else {})))
    return np.concatenate([*rows, legend_strip(rows[0].shape[1])], axis=0)


def legend_strip(width: int) -> Stored:
    """Squares in the colours of the classes with their names, in as many lines as it takes."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    places, x, y = [], SQUARE_PX // 2, 0
    for name in CLASSES:
        wide = 2 * SQUARE_PX + cv2.getTextSize(name, font, scale, 1)[0][0] + SQUARE_PX
        if x + wide > width and x > SQUARE_PX:
            x, y = SQUARE_PX // 2, y + LINE_PX
        places.append((x, y))
        x += wide
    strip = np.full((y + LINE_PX, width, 3), 255, np.uint8)
    for (left, top), name, colour in zip(places, CLASSES, COLOURS, strict=True):
        corner = (left + SQUARE_PX, top + 7 + SQUARE_PX)
        cv2.rectangle(strip, (left, top + 7), corner, colour, cv2.FILLED)
        at = (left + SQUARE_PX + 6, top + SQUARE_PX + 4)
        cv2.putText(strip, name, at, font, scale, (30, 30, 30), 1, cv2.LINE_AA)
    return strip
