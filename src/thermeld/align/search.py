"""A search over everything at once: all shifts for each of a grid of scales and rotations.

The correlation of two fields of edge directions over all shifts is one product of their Fourier
transforms. It is divided by the energy of the whole fields and not by that of the overlap: a few
edges that agree in a corner are no proof, and so count for little.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.structure import Edges, Level, about_centres, edges, size_of
from thermeld.align.warp import Matrix, spread, transformed


@dataclass(frozen=True)
class Range:
    """What a search tries.

    Attributes:
        scales: of the infrared picture against one of the visible picture's area.
        degrees: rotations.
        shift: furthest, as a share of the visible picture's sides.
        width_px: longer side of the visible picture while searching.
    """

    scales: tuple[float, ...]
    degrees: tuple[float, ...]
    shift: float
    width_px: int


NEAR = Range(tuple(np.exp(0.05 * np.arange(-3, 4))), tuple(range(-8, 9, 2)), 0.2, 160)
FAR = Range(tuple(np.exp(0.063 * np.arange(-11, 12))), (-6, -3, 0, 3, 6), 0.4, 128)
SIGMA = 0.7
AROUND_PX = 8.0
APART = 0.02  # of the width: candidates nearer than this count as one


@dataclass(frozen=True)
class Candidate:
    """A place where the two fit.

    Attributes:
        matrix: infrared to visible pixels, full size.
        score: agreement of the edge directions there.
    """

    matrix: Matrix
    score: float


class Correlator:
    """Correlation of one visible field with many infrared ones of its size, over all shifts."""

    def __init__(self, vis: Edges, shift: float) -> None:
        self._reach = tuple(int(shift * side) for side in vis.valid.shape)
        sides = zip(vis.valid.shape, self._reach, strict=True)
        self._shape = tuple(cv2.getOptimalDFTSize(side + reach) for side, reach in sides)
        self._field = self._spectrum(vis.field)
        self._energy = float(np.vdot(vis.field, vis.field))

    def __call__(self, ir: Edges) -> NDArray[np.float32]:
        """Agreement by shift of the infrared field; no shift in the middle.

        Returns:
            (2 * reach_y + 1, 2 * reach_x + 1): rows are shifts down, columns to the right.
        """
        spectrum = cv2.mulSpectrums(self._field, self._spectrum(ir.field), 0, conjB=True)
        alike = cv2.idft(spectrum, flags=cv2.DFT_SCALE)[:, :, 0]  # the real part
        down, right = self._reach
        middle = np.roll(alike, self._reach, axis=(0, 1))[: 2 * down + 1, : 2 * right + 1]
        energy = self._energy * float(np.vdot(ir.field, ir.field))
        return np.asarray(middle / np.float32(np.sqrt(energy) + 1e-9))

    @property
    def middle(self) -> tuple[int, int]:
        """Where in the result the shift is none."""
        return self._reach[0], self._reach[1]

    def _spectrum(self, field: NDArray[np.float32]) -> Any:
        padded = np.zeros((*self._shape, 2), np.float32)
        padded[: field.shape[0], : field.shape[1]] = field
        return cv2.dft(padded)


def candidates(pair: Level, over: Range, count: int) -> list[Candidate]:
    """The best places over a grid of scales, rotations and all shifts, best first, no two alike."""
    whole = np.ones(pair.vis.shape, np.float32)
    vis = edges(pair.vis, whole, sigma=SIGMA, around_px=AROUND_PX)
    correlate = Correlator(vis, over.shift)
    found = [
        _best_shift(pair, correlate, scale, angle)
        for scale, angle in product(over.scales, over.degrees)
    ]
    found.sort(key=lambda one: -one.score)
    return distinct(found, count, pair)


def _best_shift(pair: Level, correlate: Correlator, scale: float, angle: float) -> Candidate:
    matrix = about_centres(size_of(pair.ir), size_of(pair.vis), scale, angle)
    surface = correlate(edges(*pair.laid(matrix), sigma=SIGMA, around_px=AROUND_PX))
    row, column = np.unravel_index(int(surface.argmax()), surface.shape)
    move = np.eye(3)
    move[:2, 2] = column - correlate.middle[1], row - correlate.middle[0]
    return Candidate(pair.outward(move @ matrix), float(surface[row, column]))


def distinct(found: Iterable[Candidate], count: int, pair: Level) -> list[Candidate]:
    """The first `count` candidates that send the infrared corners to different places."""
    corners = spread(size_of(pair.ir), 2)
    near = APART * max(pair.vis.shape)
    kept: list[Candidate] = []
    ends: list[NDArray[np.float64]] = []
    for one in found:
        end = transformed(pair.inward(one.matrix), corners)
        if all(np.hypot(*(end - other).T).mean() > near for other in ends):
            kept.append(one)
            ends.append(end)
        if len(kept) == count:
            break
    return kept
