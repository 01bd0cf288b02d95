"""Nonsubsampled pyramids: low-pass and band-pass planes, all of the size of the image.

Both are polynomials in one smoothing T = 2 (b' b) - 1, b a symmetric row of taps; step i of the
pyramid spreads the taps of b by 2**i. Borders are half-sample symmetric, which the filters keep,
so that a polynomial may be worked out by smoothing again and again.

Source: da Cunha, Zhou & Do, "The Nonsubsampled Contourlet Transform: Theory, Design, and
Applications", IEEE Trans. Image Process. 15(10), 2006, sec. III ("pyrexc", "maxflat").
"""

from typing import NamedTuple, cast

import cv2
import numpy as np

from thermeld.methods.planes import Plane

_ROOT = float(np.sqrt(2.0))
_SHORT = (_ROOT / 2, 0.5, (1 - _ROOT) / 2)  # in powers of T
_LONG = (_ROOT / 2, 2 - _ROOT, (1 - _ROOT) / 2, _ROOT - 1.5)


class Filters(NamedTuple):
    """A pyramid's taps b and its polynomials in T; low(T) low'(T) + high(T) high'(T) = 1."""

    taps: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    low_back: tuple[float, ...]
    high_back: tuple[float, ...]


def _mirrored(polynomial: tuple[float, ...]) -> tuple[float, ...]:
    """The polynomial of -T."""
    return tuple(c * (-1) ** power for power, c in enumerate(polynomial))


PYREXC = Filters((0.25, 0.5, 0.25), _SHORT, _mirrored(_SHORT), _LONG, _mirrored(_LONG))
MAXFLAT = Filters(
    (-1 / 32, 0.0, 9 / 32, 0.5, 9 / 32, 0.0, -1 / 32),
    _SHORT,
    _mirrored(_LONG),
    _LONG,
    _mirrored(_SHORT),
)


def analyse(plane: Plane, levels: int, filters: Filters) -> tuple[Plane, list[Plane]]:
    """Low-pass and band-passes, fine to coarse."""
    bands = []
    for level in range(levels):
        plane, band = _polynomials(plane, level, filters.taps, (filters.low, filters.high))
        bands.append(band)
    return plane, bands


def synthesise(low: Plane, bands: list[Plane], filters: Filters) -> Plane:
    """The plane that `analyse` took apart."""
    for level in reversed(range(len(bands))):
        (smooth,) = _polynomials(low, level, filters.taps, (filters.low_back,))
        (sharp,) = _polynomials(bands[level], level, filters.taps, (filters.high_back,))
        low = smooth + sharp
    return low


def _polynomials(
    plane: Plane, level: int, taps: tuple[float, ...], polynomials: tuple[tuple[float, ...], ...]
) -> list[Plane]:
    """Polynomials in T of a plane, T's taps spread for that level."""
    spread = np.zeros((len(taps) - 1) * 2**level + 1)
    spread[:: 2**level] = taps
    totals = [np.zeros_like(plane) for _ in polynomials]
    for power in range(max(len(polynomial) for polynomial in polynomials)):
        if power > 0:
            smooth = cv2.sepFilter2D(plane, -1, spread, spread, borderType=cv2.BORDER_REFLECT)
            plane = cast(Plane, 2 * smooth - plane)
        for total, polynomial in zip(totals, polynomials, strict=True):
            if power < len(polynomial):
                total += plane.dtype.type(polynomial[power]) * plane
    return totals
