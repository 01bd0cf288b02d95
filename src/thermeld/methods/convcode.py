"""Convolutional sparse coding: an image as a sum of a few shifted filters.

    min 0.5 |sum_m d_m * X_m - image|^2 + sparsity * sum_m |X_m|_1

with circular convolution, by ADMM in the Fourier domain, where the linear step is one division
a frequency.

Source: Wohlberg, "Efficient Algorithms for Convolutional Sparse Representations", IEEE Trans.
Image Process. 25(1), 2016, sec. III, with the penalty rule and stopping rule of its code.
"""

from math import log10
from typing import Any, NamedTuple, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Maps: TypeAlias = NDArray[np.floating[Any]]  # (filters, H, W)
# Spectra are real planes, packed as OpenCV packs them: twice as quick as complex ones.
Spectra: TypeAlias = NDArray[np.floating[Any]]  # (filters, H, W)

_RELAXATION = 1.8
_TOLERANCE = 1e-3
_STEPS = 500
_ADAPTING = 250  # steps; on odd images the published rule would go round in circles for ever
_PENALTY_RATIO, _PENALTY_MOST = 1.2, 100.0
_LEAST = 1e-30  # norms below are zero


class Norms(NamedTuple):
    """Squared norms, added up over the maps of one step."""

    exact: float  # of the maps that explain the image
    sparse: float
    dual: float
    gap: float  # between exact and sparse maps
    moved: float  # between the sparse maps of this step and the last


def spectra(filters: Maps, size: tuple[int, int]) -> Spectra:
    """Transfer functions of filters whose first tap is the origin; wrapped where too large."""
    wrapped = np.zeros((len(filters), *size), filters.dtype)
    rows, cols = np.indices(filters.shape[1:])
    for taps, plane in zip(filters, wrapped, strict=True):
        np.add.at(plane, (rows % size[0], cols % size[1]), taps)
        plane[:] = _forward(plane)
    return wrapped


def decode(filters: Spectra, maps: Maps) -> Plane:
    """The image that the maps stand for."""
    total = np.zeros_like(maps[0])
    for transfer, plane in zip(filters, maps, strict=True):
        total += _product(_forward(plane), transfer)
    return _inverse(total)


def correlate(filters: Spectra, image: Plane) -> Maps:
    """How alike image and filter are at each place: the adjoint of `decode`."""
    spectrum = _forward(image)
    return np.stack([_inverse(_product(spectrum, each, conjugate=True)) for each in filters])


def encode(filters: Spectra, image: Plane, *, sparsity: float, steps: int = _STEPS) -> Maps:
    """Sparse maps of an image, (filters, H, W); all zero for an image without content.

    Args:
        filters: transfer functions at the size of `image`.
        image: (H, W), without its low-pass.
        sparsity: weight of the maps' magnitudes (lambda).
        steps: at most that many; 130 are typical.
    """
    penalty = 100 * sparsity + 0.5
    balance = 1 + 18.3 ** (log10(sparsity) + 1)
    spectrum = _forward(image)
    target = np.stack([_product(spectrum, each, conjugate=True) for each in filters])
    squares = (_product(each, each, conjugate=True) for each in filters)
    power = _over_both_parts(sum(squares, start=np.zeros_like(image)))
    sparse, dual, right = np.zeros_like(target), np.zeros_like(target), np.empty_like(target)
    for step in range(steps):
        near = sparse, dual
        explained = _explain(filters, target, power, near, penalty, right)
        norms = _step(filters, right, explained, sparse, dual, penalty, sparsity)
        primal = (norms.gap / max(norms.exact, norms.sparse, _LEAST)) ** 0.5
        shift = (norms.moved / max(norms.dual, _LEAST)) ** 0.5
        if primal <= _TOLERANCE and shift <= _TOLERANCE:
            break
        if 0 < step < _ADAPTING:
            factor = _factor(primal, shift, balance)
            penalty *= factor
            dual /= dual.dtype.type(factor)
    return sparse


def _explain(
    filters: Spectra,
    target: Spectra,
    power: Plane,
    near: tuple[Maps, Maps],
    penalty: float,
    right: Spectra,
) -> Plane:
    """What Sherman and Morrison's formula takes off the right sides of the linear step.

    Those are written to `right`; `near` are the sparse maps and the dual ones.
    """
    total = np.zeros_like(power)
    for index, transfer in enumerate(filters):
        close = _forward(cv2.subtract(near[0][index], near[1][index]))
        cv2.scaleAdd(close, penalty, target[index], dst=right[index])
        total += _product(right[index], transfer)
    return cast(Plane, total / (power + power.dtype.type(penalty)))


def _step(
    filters: Spectra,
    right: Spectra,
    explained: Plane,
    sparse: Maps,
    dual: Maps,
    penalty: float,
    sparsity: float,
) -> Norms:
    """Maps that explain the image, then sparse ones near them; in place, map by map."""
    most = dual.dtype.type(sparsity / penalty)
    found = []
    for index, transfer in enumerate(filters):
        right[index] -= _product(explained, transfer, conjugate=True)
        exact, before = _inverse(right[index]) / dual.dtype.type(penalty), sparse[index].copy()
        relaxed = cv2.scaleAdd(exact, _RELAXATION, dual[index])
        cv2.scaleAdd(before, 1 - _RELAXATION, relaxed, dst=relaxed)
        # What shrinking by `most` leaves is sparse, and what it takes off is the new dual.
        np.clip(relaxed, -most, most, out=dual[index])
        np.subtract(relaxed, dual[index], out=sparse[index])
        planes = exact, sparse[index], dual[index], exact - sparse[index], before - sparse[index]
        found.append([float(np.vdot(plane, plane)) for plane in planes])
    return Norms(*(sum(column) for column in zip(*found, strict=True)))


def _forward(plane: Plane) -> Plane:
    return cast(Plane, cv2.dft(plane))


def _inverse(spectrum: Plane) -> Plane:
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
    return cast(Plane, cv2.dft(spectrum, flags=flags))


def _product(first: Plane, second: Plane, *, conjugate: bool = False) -> Plane:
    """Product of two packed spectra, or of one and the other's conjugate."""
    return cast(Plane, cv2.mulSpectrums(first, second, 0, conjB=conjugate))


def _over_both_parts(packed: Plane) -> Plane:
    """A packed spectrum of real values with each also in the place of its imaginary part."""
    height, width = packed.shape
    both = packed.copy()
    both[:, 2 : width - 1 + width % 2 : 2] = packed[:, 1 : width - 2 + width % 2 : 2]
    for col in {0, width - 1} if width % 2 == 0 else {0}:
        line = packed[1 : height - 2 + height % 2 : 2, col]
        both[2 : height - 1 + height % 2 : 2, col] = line
    return both


def _factor(primal: float, shift: float, balance: float) -> float:
    """What to multiply the penalty by to keep the two residuals in balance."""
    ratio = np.sqrt(primal / max(shift * balance, _LEAST))
    factor = min(float(ratio if ratio >= 1 else 1 / max(ratio, _LEAST)), _PENALTY_MOST)
    if primal > _PENALTY_RATIO * balance * shift:
        return factor
    if shift > _PENALTY_RATIO / balance * primal:
        return 1 / factor
    return 1.0
