"""How much later one recording began than the other, from when things move in both.

Both views show the same motion at the same time, whatever it looks like in them. So the change
from frame to frame, over time and in each cell of a coarse grid, is nearly the same curve in
both; the shift at which the curves agree best is the offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting
from thermeld.image import Stored, luminance, unit
from thermeld.io.video import Frame

CELLS = (6, 8)  # rows and columns of the grid
CELL_PX = 8  # frames are shrunk to this many pixels per cell, against noise
WATCHED_S = 60.0
MOST_S = 10.0  # offsets looked for, to either side
OVERLAP_S = 2.0  # least time that both must show
SLOW_S = 1.5
LEAST_AGREEMENT = 0.25  # unrelated clips of M2VD reach 0.19, partners 0.28 to 0.64


@dataclass(frozen=True)
class Motion:
    """Change from frame to frame.

    Attributes:
        seconds: (N,) of the later frame of each two.
        energy: (N, cells) mean absolute change.
    """

    seconds: NDArray[np.float64]
    energy: NDArray[np.float64]


@dataclass(frozen=True)
class Offset:
    """Add `seconds` to an infrared frame's time to get the visible frame's.

    `agreement` is the correlation of the two motions there, at most 1.
    """

    seconds: float
    agreement: float


def motion(frames: Iterable[Frame], *, watched_s: float = WATCHED_S) -> Motion:
    """The motion in a stream's first minute; broken frames are passed over."""
    before: NDArray[np.float32] | None = None
    seconds, energy = [], []
    for frame in frames:
        if frame.seconds > watched_s:
            break
        if frame.pixels is None:
            continue
        now = _small(frame.pixels)
        if before is not None:
            seconds.append(frame.seconds)
            energy.append(_per_cell(np.abs(now - before)))
        before = now
    return Motion(np.array(seconds), np.array(energy).reshape(len(seconds), -1))


def _small(pixels: Stored) -> NDArray[np.float32]:
    """The luminance, shrunk and free of brightness and contrast."""
    size = (CELLS[1] * CELL_PX, CELLS[0] * CELL_PX)
    natural = np.issubdtype(pixels.dtype, np.unsignedinteger)
    image = unit(pixels) if natural else pixels.astype(np.float32)
    small = cv2.resize(
        luminance(image[:, :, :3] if image.ndim == 3 else image), size, None, 0, 0, 3
    )
    spread = float(small.std())
    return np.asarray((small - small.mean()) / max(spread, 1e-6), np.float32)


def _per_cell(change: NDArray[np.float32]) -> NDArray[np.float64]:
    rows, columns = CELLS
    cells = change.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3))
    # The root tames the few largest.
    return np.asarray(np.sqrt(cells.ravel()), np.float64)


def estimate_offset(ir: Motion, vis: Motion, *, most_s: float = MOST_S) -> Offset:
    """The offset at which the two motions agree best.

    Args:
        ir: of the infrared stream.
        vis: of the visible stream.
        most_s: largest offset looked for.

    Raises:
        BadSetting: too short, too little motion, or too little in common.
    """
    if min(len(ir.seconds), len(vis.seconds)) < 2:
        raise BadSetting("--offset auto needs more than two frames; state --offset SECONDS")
    step = min(float(np.median(np.diff(one.seconds))) for one in (ir, vis))
    first, second = (_quick(_evenly(one, step), step) for one in (ir, vis))
    least = max(3, round(OVERLAP_S / step))
    furthest = min(round(most_s / step), max(len(first), len(second)) - least)
    if furthest < 0:
        raise BadSetting(
            f"--offset auto needs {OVERLAP_S:g} s of both streams; state --offset SECONDS"
        )
    shifts = np.arange(-furthest, furthest + 1)
    agreements = np.array([_agreement(first, second, int(shift), least) for shift in shifts])
    # The same correlation over a longer time is less likely to be chance.
    shared = [_overlap(len(first), len(second), int(shift)) for shift in shifts]
    best = int((agreements * np.sqrt(np.maximum(shared, 0))).argmax())
    if agreements[best] < LEAST_AGREEMENT:
        raise BadSetting(
            f"the motion of the two streams has too little in common (correlation "
            f"{agreements[best]:.2f}) to tell their offset; state --offset SECONDS"
        )
    exact = shifts[best] + _vertex(agreements[max(0, best - 1) : best + 2])
    begun = float(vis.seconds[0] - ir.seconds[0])
    return Offset(float(exact * step) + begun, float(agreements[best]))


def _evenly(one: Motion, step: float) -> NDArray[np.float64]:
    """(N, cells) at even times, from the first."""
    times = np.arange(one.seconds[0], one.seconds[-1] + 1e-9, step)
    return np.stack([np.interp(times, one.seconds, cell) for cell in one.energy.T], axis=1)


def _agreement(ir: NDArray[np.float64], vis: NDArray[np.float64], shift: int, least: int) -> float:
    """Correlation where infrared sample i meets visible sample i + shift; -1 if too few meet."""
    both = _overlap(len(ir), len(vis), shift)
    if both < least:
        return -1.0
    first = _centred(ir[max(0, -shift) :][:both])
    second = _centred(vis[max(0, shift) :][:both])
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0.0 else -1.0


def _overlap(irs: int, viss: int, shift: int) -> int:
    return min(irs - max(0, -shift), viss - max(0, shift))


def _quick(curve: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """What changes within a second or so: slow drifts agree at any offset."""
    width = 2 * round(0.5 * SLOW_S / step) + 1
    slow = cv2.blur(curve, (1, width), borderType=cv2.BORDER_REFLECT_101)
    quick: NDArray[np.float64] = curve - slow
    return quick


def _centred(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each cell about its mean over time, so that what is always busy tells nothing."""
    result: NDArray[np.float64] = curve - curve.mean(axis=0)
    return result


def _vertex(around: NDArray[np.float64]) -> float:
    """Where between -0.5 and 0.5 the parabola through three samples is highest."""
    if len(around) < 3 or around.min() == -1.0:
        return 0.0
    left, middle, right = (float(value) for value in around)
    bend = left - 2.0 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0.0 else 0.0
