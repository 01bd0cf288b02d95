"""The dual-tree complex wavelet transform in two dimensions, forward and back.

Two trees of real wavelets, half a sample apart, make one complex wavelet: nearly unmoved by
shifts, in six directions an octave. The first octave is not decimated; its four phases are the
trees. Later octaves filter both trees at once, their samples interleaved.

Filters: 5/3 ("legall") at the first octave, quarter-shift ("qshift_06", 10 taps of which 6 are
not zero) at the others. All borders are half-sample symmetric.

Source: Kingsbury, "Complex wavelets for shift invariant analysis and filtering of signals",
Applied and Computational Harmonic Analysis 10(3), 2001; "A dual-tree complex wavelet transform
with improved orthogonality and symmetry properties", ICIP 2000.
"""

from typing import Any, NamedTuple, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

ComplexPlane: TypeAlias = NDArray[np.complexfloating[Any, Any]]

_LOW, _HIGH = np.array([-1, 2, 6, 2, -1]) / 8, np.array([-1, 2, -1]) / 4
_LOW_BACK, _HIGH_BACK = np.array([1, 2, 1]) / 4, np.array([-1, -2, 6, -2, -1]) / 8

_SHIFT = np.zeros(10)
_SHIFT[[0, 2, 3, 4, 5, 7]] = (
    0.03516383657149474,
    -0.08832942445107285,
    0.23389032060723564,
    0.7602723690661257,
    0.5875182977235605,
    -0.11430183714424873,
)


class Trees(NamedTuple):
    """One filter for each of the two trees, 10 taps."""

    a: Plane
    b: Plane

    @property
    def a_first(self) -> bool:
        """Whether tree a holds the even samples."""
        return float(np.sum(self.a * self.b)) > 0


_ALTERNATING = (-1.0) ** np.arange(10)
_DOWN_LOW = Trees(_SHIFT[::-1], _SHIFT)
_DOWN_HIGH = Trees((_ALTERNATING * _SHIFT[::-1])[::-1], _ALTERNATING * _SHIFT[::-1])
_UP_LOW = Trees(_SHIFT, _SHIFT[::-1])
_UP_HIGH = Trees(_DOWN_HIGH.b, _DOWN_HIGH.a)


class Octave(NamedTuple):
    """Six complex bands of one octave and the size of the low-pass they were taken from."""

    bands: tuple[ComplexPlane, ...]
    size: tuple[int, int]


def analyse(plane: Plane, levels: int) -> tuple[Plane, list[Octave]]:
    """Low-pass and octaves from fine to coarse of a plane with even sides."""
    octaves = []
    for level in range(levels):
        size = (plane.shape[0], plane.shape[1])
        if level == 0:
            plane, bands = _first_split(plane)
        else:
            plane, bands = _later_split(_by_fours(plane))
        octaves.append(Octave(bands, size))
    return plane, octaves


def synthesise(low: Plane, octaves: list[Octave]) -> Plane:
    """The plane that `analyse` took apart."""
    for level in reversed(range(len(octaves))):
        bands, size = octaves[level]
        details = _unpacked(bands[0:2]), _unpacked(bands[2:4]), _unpacked(bands[4:6])
        if level == 0:
            return _first_join(low, details)
        low = _trimmed(_later_join(low, details), size)
    return low


def _by_fours(plane: Plane) -> Plane:
    """Repeat one edge sample at both ends of a side that four does not divide."""
    rows, cols = (int(side % 4 != 0) for side in plane.shape)
    return cast(Plane, cv2.copyMakeBorder(plane, rows, rows, cols, cols, cv2.BORDER_REPLICATE))


def _trimmed(plane: Plane, size: tuple[int, int]) -> Plane:
    rows, cols = ((have - want) // 2 for have, want in zip(plane.shape, size, strict=True))
    return plane[rows : plane.shape[0] - rows, cols : plane.shape[1] - cols]


def _first_split(plane: Plane) -> tuple[Plane, tuple[ComplexPlane, ...]]:
    details = ((_HIGH, _LOW), (_LOW, _HIGH), (_HIGH, _HIGH))
    bands = [band for pair in details for band in _packed(_filtered(plane, *pair))]
    return _filtered(plane, _LOW, _LOW), tuple(bands)


def _first_join(low: Plane, details: tuple[Plane, Plane, Plane]) -> Plane:
    return cast(
        Plane,
        _filtered(low, _LOW_BACK, _LOW_BACK)
        + _filtered(details[0], _HIGH_BACK, _LOW_BACK)
        + _filtered(details[1], _LOW_BACK, _HIGH_BACK)
        + _filtered(details[2], _HIGH_BACK, _HIGH_BACK),
    )


def _filtered(plane: Plane, along: Plane, across: Plane) -> Plane:
    """Filter columns by `along` and rows by `across`, symmetric filters of odd length."""
    kernels = across[::-1].copy(), along[::-1].copy()
    return cast(Plane, cv2.sepFilter2D(plane, -1, *kernels, borderType=cv2.BORDER_REFLECT))


def _later_split(plane: Plane) -> tuple[Plane, tuple[ComplexPlane, ...]]:
    low, high = _down(plane, _DOWN_LOW), _down(plane, _DOWN_HIGH)
    details = (
        _down(high.T, _DOWN_LOW).T,
        _down(low.T, _DOWN_HIGH).T,
        _down(high.T, _DOWN_HIGH).T,
    )
    return _down(low.T, _DOWN_LOW).T, tuple(b for band in details for b in _packed(band))


def _later_join(low: Plane, details: tuple[Plane, Plane, Plane]) -> Plane:
    left = _up(low, _UP_LOW) + _up(details[0], _UP_HIGH)
    right = _up(details[1], _UP_LOW) + _up(details[2], _UP_HIGH)
    return (_up(left.T, _UP_LOW) + _up(right.T, _UP_HIGH)).T


def _down(plane: Plane, trees: Trees) -> Plane:
    """Filter and halve the columns of both trees, (4 n, W) to (2 n, W)."""
    count = plane.shape[0] // 4
    wide = cv2.copyMakeBorder(plane, 8, 8, 0, 0, cv2.BORDER_REFLECT)
    halves = np.empty((count, 2, plane.shape[1]), plane.dtype)
    for tree, (taps, shift) in enumerate(((trees.a, 10), (trees.b, 11))):
        slot = tree if trees.a_first else 1 - tree
        rows = ((8 + shift - 2 * k, taps[k]) for k in range(10) if taps[k])
        halves[:, slot] = _weighted((wide[row::4][:count], tap) for row, tap in rows)
    return halves.reshape(2 * count, -1)


def _up(plane: Plane, trees: Trees) -> Plane:
    """Double the columns of both trees, (2 n, W) to (4 n, W)."""
    count = plane.shape[0] // 2
    wide = cv2.copyMakeBorder(plane, 4, 4, 0, 0, cv2.BORDER_REFLECT)
    quarters = np.empty((count, 4, plane.shape[1]), plane.dtype)
    shifts = (4, 5) if trees.a_first else (5, 4)
    for slot in range(4):
        taps, shift = trees[slot % 2][slot // 2 :: 2], shifts[slot % 2]
        rows = ((4 + shift - 2 * j, taps[j]) for j in range(5) if taps[j])
        quarters[:, slot] = _weighted((wide[row::2][:count], tap) for row, tap in rows)
    return quarters.reshape(4 * count, -1)


def _weighted(terms: Any) -> Plane:
    total = None
    for rows, tap in terms:
        scaled = rows * rows.dtype.type(tap)
        total = scaled if total is None else np.add(total, scaled, out=total)
    return cast(Plane, total)


def _packed(band: Plane) -> tuple[ComplexPlane, ComplexPlane]:
    """Two directions from the four phases of 2x2 blocks [[a, b], [c, d]]."""
    root = band.dtype.type(np.sqrt(0.5))
    first = (band[::2, ::2] + 1j * band[::2, 1::2]) * root
    second = (band[1::2, 1::2] - 1j * band[1::2, ::2]) * root
    return cast(tuple[ComplexPlane, ComplexPlane], (first - second, first + second))


def _unpacked(pair: tuple[ComplexPlane, ...]) -> Plane:
    one, other = pair
    height, width = one.shape
    root = one.real.dtype.type(np.sqrt(0.5))
    first, second = (one + other) * root, (other - one) * root
    band = np.empty((2 * height, 2 * width), one.real.dtype)
    band[::2, ::2], band[::2, 1::2] = first.real, first.imag
    band[1::2, ::2], band[1::2, 1::2] = -second.imag, second.real
    return band
