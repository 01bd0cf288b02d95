"""The fast discrete curvelet transform by wrapping, real coefficients, forward and back.

A spectrum is cut into rings and rings into wedges, with smooth windows whose squares add to one
(`wedges.py`); the inverse Fourier transform of each wedge are the coefficients of one scale and
direction. A tight frame: the inverse is the adjoint. Curvelets also at the finest scale.

Source: Candes, Demanet, Donoho & Ying, "Fast Discrete Curvelet Transforms", Multiscale Modeling
& Simulation 5(3), 2006.
"""

from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane
from thermeld.methods.wedges import Places, Wedge, low_pass, wedges_of

Spectrum: TypeAlias = NDArray[np.complexfloating[Any, Any]]


class Ring(NamedTuple):
    """One scale: its wedges and the windows that part it from the coarser ones."""

    wedges: list[Wedge]
    shape: tuple[int, int]
    low: Plane  # over the centre of the spectrum: what goes on to coarser scales
    high: Plane  # over the centre: what stays


class Plan(NamedTuple):
    """All that depends on the size of an image alone."""

    size: tuple[int, int]
    rows: Places  # of the periodic extension of the spectrum
    cols: Places
    outermost: Plane
    rings: list[Ring]  # fine to coarse


class Curvelets(NamedTuple):
    """Coefficients: a coarse plane, and per ring and wedge two opposite directions."""

    coarse: Plane
    rings: list[list[tuple[Plane, Plane]]]  # fine to coarse


@lru_cache(maxsize=2)
def plan(size: tuple[int, int], scales: int, angles: int, dtype: np.dtype[Any]) -> Plan:
    """Windows and wedges for images of one size.

    Args:
        size: (H, W).
        scales: rings and the coarse plane; 5 as published.
        angles: of the coarsest ring, a multiple of 8; twice as many at every other finer one.
        dtype: precision of the windows.
    """
    radii = np.array(size) / 3
    rows, cols = (_extended(side, radius) for side, radius in zip(size, radii, strict=True))
    sides = (low_pass(r, outermost_side=side) for r, side in zip(radii, size, strict=True))
    outermost = np.outer(*sides).astype(dtype)
    rings: list[Ring] = []
    shape = outermost.shape
    for scale in range(scales, 1, -1):
        radii = radii / 2
        low = np.outer(*(low_pass(radius) for radius in radii))
        high = np.sqrt(np.maximum(1 - low**2, 0.0))
        wedges = wedges_of((float(radii[0]), float(radii[1])), angles * 2 ** ((scale - 1) // 2))
        wedges = [Wedge(wedge.places, wedge.window.astype(dtype)) for wedge in wedges]
        rings.append(Ring(wedges, shape, low.astype(dtype), high.astype(dtype)))
        shape = low.shape
    return Plan(size, rows, cols, outermost, rings)


def _extended(side: int, radius: float) -> Places:
    return (side // 2 - int(2 * radius) + np.arange(2 * int(2 * radius) + 1)) % side


def analyse(plane: Plane, plan: Plan) -> Curvelets:
    """Curvelet coefficients of a plane of the plan's size."""
    spectrum = _centred(plane)[np.ix_(plan.rows, plan.cols)] * plan.outermost
    rings = []
    for ring in plan.rings:
        centre = _centre(spectrum, ring.low)
        low = centre * ring.low
        centre *= ring.high
        places = np.append(spectrum.ravel(), np.zeros(1, spectrum.dtype))
        rings.append([_taken(places, wedge) for wedge in ring.wedges])
        spectrum = low
    return Curvelets(np.ascontiguousarray(_uncentred(spectrum).real), rings)


def synthesise(curvelets: Curvelets, plan: Plan) -> Plane:
    """The plane that `analyse` took apart."""
    spectrum = _centred(curvelets.coarse)
    for ring, pairs in zip(reversed(plan.rings), reversed(curvelets.rings), strict=True):
        wider = _gathered(ring, pairs, spectrum)
        centre = _centre(wider, ring.low)
        centre *= ring.high
        centre += spectrum * ring.low
        spectrum = wider
    spectrum *= plan.outermost
    return np.ascontiguousarray(_uncentred(_folded(spectrum, plan)).real)


def _taken(places: Spectrum, wedge: Wedge) -> tuple[Plane, Plane]:
    """Coefficients of a wedge (real part) and of the opposite one (imaginary part)."""
    wrapped = np.fft.ifft2(places[wedge.places] * wedge.window, norm="ortho")
    wrapped = np.fft.fftshift(wrapped) * wedge.window.dtype.type(np.sqrt(2.0))
    return np.ascontiguousarray(wrapped.real), np.ascontiguousarray(wrapped.imag)


def _gathered(ring: Ring, pairs: list[tuple[Plane, Plane]], like: Spectrum) -> Spectrum:
    """The spectrum of a ring from the coefficients of its wedges."""
    places = np.zeros(ring.shape[0] * ring.shape[1] + 1, like.dtype)
    for wedge, (real, imaginary) in zip(ring.wedges, pairs, strict=True):
        wrapped = np.fft.fft2(np.fft.ifftshift(real + 1j * imaginary), norm="ortho")
        places[wedge.places] += wrapped * (wedge.window * wedge.window.dtype.type(np.sqrt(0.5)))
    spectrum = places[:-1].reshape(ring.shape)
    return spectrum + np.conj(spectrum[::-1, ::-1])


def _centre(spectrum: Spectrum, like: Plane) -> Spectrum:
    """View of the middle of a spectrum; sides are odd."""
    rows, cols = (
        slice((outer - inner) // 2, (outer + inner) // 2)
        for outer, inner in zip(spectrum.shape, like.shape, strict=True)
    )
    return spectrum[rows, cols]


def _folded(spectrum: Spectrum, plan: Plan) -> Spectrum:
    """Undo the periodic extension: add what lies outside one period to where it belongs."""
    for axis, side in enumerate(plan.size):
        moved = spectrum.swapaxes(0, axis)
        before = -(side // 2 - int(2 * side / 3))
        period = moved[before : before + side].copy()
        period[side - before :] += moved[:before]
        period[: len(moved) - before - side] += moved[before + side :]
        spectrum = period.swapaxes(0, axis)
    return spectrum


def _centred(plane: Plane) -> Spectrum:
    """Orthonormal spectrum with frequency zero in the middle."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(plane), norm="ortho"))


def _uncentred(spectrum: Spectrum) -> Spectrum:
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(spectrum), norm="ortho"))
