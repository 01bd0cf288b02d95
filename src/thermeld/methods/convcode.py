"""Convolutional sparse coding: an image as a sum of a few shifted filters.

    min 0.5 |sum_m d_m * X_m - image|^2 + sparsity * sum_m |X_m|_1

with circular convolution, by ADMM in the Fourier domain, where the linear step is one division
a frequency.

Source: Wohlberg, "Efficient Algorithms for Convolutional Sparse Representations", IEEE Trans.
Image Process. 25(1), 2016, sec. III, with the penalty rule and stopping rule of its code.
"""

from math import log10
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Maps: TypeAlias = NDArray[np.floating[Any]]  # (filters, H, W)
Spectra: TypeAlias = NDArray[np.complexfloating[Any, Any]]  # (filters, H, W // 2 + 1)

_RELAXATION = 1.8
_TOLERANCE = 1e-3
_STEPS = 500
_ADAPTING = 250  # steps; on odd images the published rule would go round in circles for ever
_PENALTY_RATIO, _PENALTY_MOST = 1.2, 100.0
_LEAST = 1e-30  # norms below are zero


def spectra(filters: Maps, size: tuple[int, int]) -> Spectra:
    """Transfer functions of filters whose first tap is the origin; wrapped where too large."""
    wrapped = np.zeros((len(filters), *size), filters.dtype)
    rows, cols = np.indices(filters.shape[1:])
    for taps, plane in zip(filters, wrapped, strict=True):
        np.add.at(plane, (rows % size[0], cols % size[1]), taps)
    return np.fft.rfft2(wrapped)


def decode(filters: Spectra, maps: Maps) -> Plane:
    """The image that the maps stand for."""
    total = np.einsum("mhw,mhw->hw", filters, np.fft.rfft2(maps))
    return np.fft.irfft2(total, s=maps.shape[1:])


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
    target = np.conj(filters) * np.fft.rfft2(image)
    power = np.einsum("mhw,mhw->hw", filters.real, filters.real)
    power += np.einsum("mhw,mhw->hw", filters.imag, filters.imag)
    sparse = np.zeros((len(filters), *image.shape), image.dtype)
    dual, previous = np.zeros_like(sparse), np.empty_like(sparse)
    for step in range(steps):
        exact = _linear(filters, target, power, sparse - dual, penalty)
        size = _norm(exact)
        dual += _RELAXATION * exact
        dual += (1 - _RELAXATION) * sparse
        previous, sparse = sparse, _soft(dual, sparsity / penalty, previous)
        dual -= sparse
        gap, moved = _norm(exact - sparse), _norm(previous - sparse)
        primal = gap / max(size, _norm(sparse), _LEAST)
        shift = moved / max(_norm(dual), _LEAST)
        if primal <= _TOLERANCE and shift <= _TOLERANCE:
            break
        if 0 < step < _ADAPTING:
            factor = _factor(primal, shift, balance)
            penalty *= factor
            dual /= dual.dtype.type(factor)
    return sparse


def _linear(filters: Spectra, target: Spectra, power: Plane, near: Maps, penalty: float) -> Maps:
    """Maps that explain the image and stay near others, by Sherman and Morrison's formula."""
    right = np.fft.rfft2(near)
    right *= right.real.dtype.type(penalty)
    right += target
    explained = np.einsum("mhw,mhw->hw", filters, right)
    explained /= power + power.dtype.type(penalty)
    right -= np.conj(filters) * explained
    right /= right.real.dtype.type(penalty)
    return np.fft.irfft2(right, s=near.shape[1:])


def _soft(maps: Maps, amount: float, out: Maps) -> Maps:
    """Each value moved towards zero by `amount`, and no further."""
    least = maps.dtype.type(amount)
    np.clip(maps, -least, least, out=out)
    return cast(Maps, np.subtract(maps, out, out=out))


def _norm(maps: Maps) -> float:
    return float(np.sqrt(np.vdot(maps, maps)))


def _factor(primal: float, shift: float, balance: float) -> float:
    """What to multiply the penalty by to keep the two residuals in balance."""
    ratio = np.sqrt(primal / max(shift * balance, _LEAST))
    factor = min(float(ratio if ratio >= 1 else 1 / max(ratio, _LEAST)), _PENALTY_MOST)
    if primal > _PENALTY_RATIO * balance * shift:
        return factor
    if shift > _PENALTY_RATIO / balance * primal:
        return 1 / factor
    return 1.0
