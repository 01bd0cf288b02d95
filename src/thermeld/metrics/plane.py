"""What is measured: an image as 8-bit planes, each measured once and remembered.

Every published evaluation reads 8-bit files. So a metric here sees an image as an 8-bit file
would hold it: levels round(255 x), halves upward. Values read from 8-bit files come back
exactly, and an unsaved float image scores like its saved copy.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.metrics.windows import Real

T = TypeVar("T")
Levels: TypeAlias = NDArray[np.uint8]

SOBEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
TANG_GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)  # MATLAB's rgb2gray


class Plane:
    """One channel or gray version of an image.

    Attributes:
        levels: uint8 (H, W).
        strip: all channels of the image it belongs to side by side; None if it stands alone.
    """

    def __init__(self, levels: Levels, strip: "Plane | None" = None) -> None:
        self.levels = levels
        self.strip = strip
        self._known: dict[tuple[Any, ...], Any] = {}

    def once(self, measure: Callable[..., T], *others: Hashable) -> T:
        """`measure(self, *others)`, worked out the first time and remembered."""
        key = (measure, *others)
        if key not in self._known:
            self._known[key] = measure(self, *others)
        return self._known[key]  # type: ignore[no-any-return]

    @cached_property
    def values(self) -> Real:
        """The levels as numbers, 0..255."""
        return self.levels.astype(np.float64)

    @cached_property
    def histogram(self) -> Real:
        """How many pixels have each of the 256 levels."""
        counts = cv2.calcHist([self.levels], [0], None, [256], [0, 256])
        return np.asarray(counts, np.float64).ravel()

    @cached_property
    def stretched(self) -> "Plane | None":
        """Its own minimum..maximum spread over 0..255 and rounded; None for a constant plane."""
        low, high = int(self.levels.min()), int(self.levels.max())
        if low == high:
            return None
        ramp = np.clip((np.arange(256) - low) / (high - low), 0.0, 1.0)
        return Plane(np.floor(255.0 * ramp + 0.5).astype(np.uint8)[self.levels])


def sobel(plane: Plane, border: int) -> tuple[Real, Real]:
    """Unscaled Sobel responses along x and along y; whole numbers, so exact.

    Args:
        plane: (H, W).
        border: what OpenCV shall assume outside, as cv2.BORDER_CONSTANT (zeros).
    """
    along_x, along_y = (
        np.asarray(cv2.Sobel(plane.levels, cv2.CV_64F, dx, 1 - dx, borderType=border), np.float64)
        for dx in (1, 0)
    )
    return along_x, along_y


def unit_sobel(plane: Plane, places: Sequence[tuple[int, int]], *, edge: bool) -> tuple[Real, Real]:
    """Unscaled Sobel responses, along x and up along y, of the plane on 0..1.

    Fractions of 255 round, so the order of summation decides where a gradient is exactly 0 and
    which of two equal ones is the larger. Codes that ask such questions are matched only by
    summing as they do.

    Args:
        plane: (H, W).
        places: (row, column) of the nine taps in the order in which they are added up.
        edge: whether the border pixels go on outside; zeros otherwise.
    """
    rows, cols = plane.levels.shape
    around = np.pad(plane.values / 255.0, 1, mode="edge" if edge else "constant")
    along_x, along_y = np.zeros((rows, cols)), np.zeros((rows, cols))
    times = {1: around, 2: 2.0 * around}
    for row, col in places:
        here = (slice(row, row + rows), slice(col, col + cols))
        for total, tap in ((along_x, SOBEL[row][col]), (along_y, -SOBEL[col][row])):
            if tap:
                (np.add if tap > 0 else np.subtract)(total, times[abs(tap)][here], out=total)
    return along_x, along_y


class Picture:
    """One image of a triple, and the planes that the conventions make of it.

    Args:
        levels: uint8, (H, W) or (H, W, 3) in RGB order.
    """

    def __init__(self, levels: Levels) -> None:
        self.levels = levels

    @cached_property
    def channels(self) -> tuple[Plane, ...]:
        """Red, green and blue; one plane alone where the image has one or three equal ones."""
        if self.levels.ndim == 2:
            return (Plane(self.levels),)
        split = [np.asarray(channel, np.uint8) for channel in cv2.split(self.levels)]
        strip = Plane(np.hstack(split))
        if all(np.array_equal(split[0], channel) for channel in split[1:]):
            return (Plane(split[0], strip),)
        return tuple(Plane(channel, strip) for channel in split)

    @cached_property
    def gray(self) -> Plane:
        """MATLAB's gray: double precision, rounded halves up."""
        if self.levels.ndim == 2:
            return self.channels[0]
        return Plane((self.levels @ np.array(TANG_GRAY) + 0.5).astype(np.uint8))

    @cached_property
    def gray32(self) -> Plane:
        """OpenCV's gray: float32, rounded halves to even."""
        if self.levels.ndim == 2:
            return self.channels[0]
        bgr = np.ascontiguousarray(self.levels[:, :, ::-1], np.float32)
        return Plane(np.rint(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)).astype(np.uint8))
