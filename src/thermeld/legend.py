"""A bar of colours with numbers, to be put beside a picture of heat."""

from collections.abc import Callable, Iterator
from math import ceil, floor, log10

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.image import Image, Stored

PAPER, INK = 24, 235  # grey levels: dark, as on a camera's screen
FONT = cv2.FONT_HERSHEY_SIMPLEX
DEGREES = "°C"
LEAST_ROWS = 32


def with_legend(
    picture: Stored,
    bar: Image,
    place: Callable[[float], float],
    *,
    ends: tuple[float, float],
    unit: str,
) -> Stored:
    """A picture with a legend at its right.

    Args:
        picture: uint8 (H, W, 3).
        bar: (N, 3), the colours from the coldest to the hottest.
        place: where on the bar a value lies, 0 to 1; not falling.
        ends: the coldest and the hottest value that are told apart.
        unit: above the bar.

    Returns:
        uint8 (H, W', 3), wider by the legend; below 32 rows, where no number has room, as it is.
    """
    height = picture.shape[0]
    if height < LEAST_ROWS:
        return picture
    scale = float(np.clip(height / 480, 0.4, 3.0))
    line = round(22 * scale)
    top, bottom = 2 * line, max(height - line, 2 * line + 2)
    labels = dict(_labels(place, ends, bottom - top, line))
    sheet = np.full((height, _width([*labels.values(), unit], scale), 3), PAPER, np.uint8)
    left, right = round(8 * scale), round(28 * scale)
    levels = np.linspace(len(bar) - 1, 0, bottom - top).round().astype(int)
    sheet[top:bottom, left:right] = np.rint(bar[levels] * 255)[:, None].astype(np.uint8)
    _write(sheet, unit, (left, line + line // 3), scale)
    for share, text in labels.items():
        row = round(bottom - 1 - share * (bottom - 1 - top))
        cv2.line(sheet, (right, row), (right + round(5 * scale), row), (INK,) * 3, 1)
        _write(sheet, text, (right + round(9 * scale), row + round(5 * scale)), scale)
    return np.concatenate([picture, sheet], axis=1)


def _labels(
    place: Callable[[float], float], ends: tuple[float, float], length: int, line: int
) -> Iterator[tuple[float, str]]:
    """Place and text: both ends, and round numbers wherever there is room between."""
    low, high = ends
    if high - low < 1e-6 * max(1.0, abs(low)):  # all of one value
        yield 0.0, f"{low:g}"
        return
    coarse = round_step((high - low) / max(1, length // (2 * line)))
    yield 0.0, _text(low, coarse / 10)
    yield 1.0, _text(high, coarse / 10)
    taken = [0.0, 1.0]
    # On a straight bar the coarse step fills it; finer ones find room where it is bent.
    for step, gap in ((coarse, 1.2), (coarse / 5, 2.6), (coarse / 20, 2.6)):
        for number in range(ceil(low / step), floor(high / step) + 1):
            share = place(number * step)
            if min(abs(share - other) for other in taken) * length > gap * line:
                taken.append(share)
                yield share, _text(number * step, step)


def _text(value: float, step: float) -> str:
    """With the digits that a step of this size needs."""
    text = f"{value:.{max(0, ceil(-log10(step)))}f}"
    return text.removesuffix(".0")


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... (or tenths of them) that is no less."""
    decade = 10.0 ** floor(log10(least))
    return next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= least * 0.999)


def _width(texts: list[str], scale: float) -> int:
    widest = max(cv2.getTextSize(text, FONT, 0.5 * scale, 1)[0][0] for text in texts)
    return round(37 * scale) + widest + round(8 * scale)


def _write(sheet: NDArray[np.uint8], text: str, at: tuple[int, int], scale: float) -> None:
    """Text with its lower left corner at (x, y); the font knows no degree sign, a ring is drawn."""
    x, y = at
    thick = max(1, round(scale))
    if text == DEGREES:
        ring = max(2, round(3 * scale))
        cv2.circle(sheet, (x + ring, y - round(10 * scale)), ring, (INK,) * 3, thick, cv2.LINE_AA)
        x, text = x + round(9 * scale), "C"
    cv2.putText(sheet, text, (x, y), FONT, 0.5 * scale, (INK,) * 3, thick, cv2.LINE_AA)
