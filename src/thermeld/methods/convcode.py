"""Convolutional sparse coding: an image as a sum of a few shifted filters.

    min 0.5 |sum_m d_m * X_m - image|^2 + sparsity * sum_m |X_m|_1

with circular convolution, by ADMM in the Fourier domain, where the linear step is one division
a frequency.

Filters and maps go in twos, as real and imaginary part of one complex plane: for d - ie and
x + iy the real part of the product's transform belongs to d*x + e*y, which is the sum that is
wanted, at the price of one transform. Sides whose Fourier transform is slow (large prime factors)
are continued round to a longer one: the convolution stays circular at the image's own size.

Source: Wohlberg, "Efficient Algorithms for Convolutional Sparse Representations", IEEE Trans.
Image Process. 25(1), 2016, sec. III, with the penalty rule and stopping rule of its code.
"""

from collections.abc import Iterable, Iterator
from math import log10
from typing import Any, NamedTuple, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Maps: TypeAlias = NDArray[np.floating[Any]]  # (filters, H, W)
Pairs: TypeAlias = NDArray[np.floating[Any]]  # (filters / 2, H, W, 2), a map and the next one
Complex: TypeAlias = NDArray[np.complexfloating[Any, Any]]

_RELAXATION = 1.8
_TOLERANCE = 1e-3
_STEPS = 500
_ADAPTING = 250  # steps; on odd images the published rule would go round in circles for ever
_PENALTY_RATIO, _PENALTY_MOST = 1.2, 100.0
_LEAST = 1e-30  # norms below are zero
_BAND = 2**15  # values worked on at a time, so that they stay in the processor's cache


class Spectra(NamedTuple):
    """Filters ready for images of one size.

    Attributes:
        number: of filters.
        size: (H, W) of the images.
        reach: rows and columns that images are continued by, (0, 0) where not needed.
        forth: spectra of the filters in twos, (filters / 2, height, width).
        back: their conjugates.
        power: sum of the filters' squared magnitudes at each frequency of (H, W), one half.
    """

    number: int
    size: tuple[int, int]
    reach: tuple[int, int]
    forth: Complex
    back: Complex
    power: Plane


class Norms(NamedTuple):
    """Squared norms, added up over the maps of one step."""

    exact: float  # of the maps that explain the image
    sparse: float
    dual: float
    gap: float  # between exact and sparse maps
    moved: float  # between the sparse maps of this step and the last


def spectra(filters: Maps, size: tuple[int, int]) -> Spectra:
    """Filters (count, h, w), whose first tap is the origin, ready for images of (H, W)."""
    taps = filters.shape[1:]
    wide, reach = zip(*(_quick(*sides) for sides in zip(size, taps, strict=True)), strict=True)
    twos = filters[0::2] + 0j
    twos[: len(filters) // 2] -= 1j * filters[1::2]
    forth = np.zeros((len(twos), *wide), twos.dtype)
    forth[:, : taps[0], : taps[1]] = twos
    for plane in forth:
        cv2.dft(_parts(plane), dst=_parts(plane))
    return Spectra(len(filters), size, reach, forth, np.conj(forth), _power(filters, size))


def _power(filters: Maps, size: tuple[int, int]) -> Plane:
    rows, cols = np.indices(filters.shape[1:])
    power = np.zeros((size[0], size[1] // 2 + 1), filters.dtype)
    for taps in filters:
        wrapped = np.zeros(size, filters.dtype)
        np.add.at(wrapped, (rows % size[0], cols % size[1]), taps)
        power += np.abs(np.fft.rfft2(wrapped)) ** 2
    return power


def decode(filters: Spectra, maps: Maps) -> Plane:
    """The image that the maps stand for."""
    return _decode(filters, _in_twos(maps), _room(filters))


def correlate(filters: Spectra, image: Plane) -> Maps:
    """How alike image and filter are at each place: the adjoint of `decode`."""
    found = np.empty((len(filters.back), *filters.size, 2), image.dtype)
    for plane, pair in zip(found, _correlate(filters, image, _room(filters)), strict=True):
        plane[:] = pair
    return _one_by_one(found, filters.number)


def encode(filters: Spectra, image: Plane, *, sparsity: float, steps: int = _STEPS) -> Maps:
    """Sparse maps of an image, (filters, H, W); all zero for an image without content.

    Args:
        filters: ready for the size of `image`.
        image: (H, W), without its low-pass.
        sparsity: weight of the maps' magnitudes (lambda).
        steps: at most that many; 130 are typical.
    """
    penalty = 100 * sparsity + 0.5
    balance = 1 + 18.3 ** (log10(sparsity) + 1)
    # Sparse and dual maps in one: what shrinking takes off is the dual, what it leaves sparse.
    both = np.zeros((len(filters.forth), *image.shape, 2), image.dtype)
    room = _room(filters)
    for step in range(steps):
        most = image.dtype.type(sparsity / penalty)
        more = _unexplained(filters, both, image, room, most=most, penalty=penalty)
        norms = _step(both, _correlate(filters, more, room), most)
        primal = (norms.gap / max(norms.exact, norms.sparse, _LEAST)) ** 0.5
        shift = (norms.moved / max(norms.dual, _LEAST)) ** 0.5
        if primal <= _TOLERANCE and shift <= _TOLERANCE:
            break
        factor = _factor(primal, shift, balance) if 0 < step < _ADAPTING else 1.0
        if factor != 1.0:
            penalty *= factor
            _add_dual(both, most, 1 / factor - 1)
    _add_dual(both, image.dtype.type(sparsity / penalty), -1.0)
    return _one_by_one(both, filters.number)


def _add_dual(both: Pairs, most: Any, share: float) -> None:
    """Add a share of the dual maps, in place; -1 leaves the sparse ones."""
    for pair in both:
        cv2.scaleAdd(np.clip(pair, -most, most), share, pair, dst=pair)


def _unexplained(
    filters: Spectra, both: Pairs, image: Plane, room: Plane, *, most: Any, penalty: float
) -> Plane:
    """What the linear step must correlate with: (DD' + penalty)^-1 (image - Dv).

    That is Woodbury's form of it; v are the sparse maps less the dual ones, D the decoding.
    """
    near = np.empty_like(both[0])
    pairs = (
        cv2.scaleAdd(np.clip(pair, -most, most, out=near), -2.0, pair, dst=near) for pair in both
    )
    rest = image - _decode(filters, pairs, room)
    # Transforms that are not scaled at all are those that NumPy does not do in single precision.
    spectrum = np.fft.rfft2(rest, norm="ortho")
    spectrum /= filters.power + filters.power.dtype.type(penalty)
    return np.fft.irfft2(spectrum, s=image.shape, norm="ortho")


def _step(both: Pairs, more: Iterable[Plane], most: Any) -> Norms:
    """Exact maps, which are v + `more`, then sparse ones near them; in place."""
    found = np.zeros(len(Norms._fields))
    rows = max(1, _BAND // (2 * both.shape[2]))
    for pair, change in zip(both, more, strict=True):
        for top in range(0, len(pair), rows):
            found += _shrink(pair[top : top + rows], change[top : top + rows], most)
    return Norms(*found.tolist())


def _shrink(both: Plane, more: Plane, most: Any) -> tuple[float, ...]:
    """Go on with one band of maps, in place; what it adds to `Norms`."""
    dual = np.clip(both, -most, most)
    before, ahead = both - dual, more - dual
    exact = before + ahead
    cv2.scaleAdd(ahead, _RELAXATION, both, dst=both)
    np.clip(both, -most, most, out=dual)
    sparse = both - dual
    return (
        *(cv2.norm(plane, cv2.NORM_L2SQR) for plane in (exact, sparse, dual)),
        *(cv2.norm(plane, sparse, cv2.NORM_L2SQR) for plane in (exact, before)),
    )


def _decode(filters: Spectra, pairs: Iterable[Plane], room: Plane) -> Plane:
    total = np.zeros_like(filters.forth[0])
    spectrum = _complex(room)
    for pair, transfer in zip(pairs, filters.forth, strict=True):
        cv2.dft(_continued(filters, pair, filters.reach, room), dst=room)
        total += np.multiply(spectrum, transfer, out=spectrum)
    (top, left), (height, width) = filters.reach, filters.size
    image = cv2.dft(_parts(total), dst=room, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
    return np.ascontiguousarray(image[top : top + height, left : left + width, 0])


def _correlate(filters: Spectra, image: Plane, room: Plane) -> Iterator[Plane]:
    """Maps by twos, (H, W, 2); each holds until the next is asked for."""
    continued = _continued(filters, image, (0, 0), None)
    spectrum = _complex(cast(Plane, cv2.dft(continued, flags=cv2.DFT_COMPLEX_OUTPUT)))
    for transfer in filters.back:
        np.multiply(spectrum, transfer, out=_complex(room))
        cv2.dft(room, dst=room, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
        yield room[: filters.size[0], : filters.size[1]]


def _room(filters: Spectra) -> Plane:
    """Somewhere to work in: making new arrays all the time costs as much as working in them."""
    return np.empty_like(_parts(filters.forth[0]))


def _continued(filters: Spectra, plane: Plane, lead: tuple[int, int], room: Plane | None) -> Plane:
    """The plane continued round to the size of the transforms, `lead` of it before its start."""
    if not any(filters.reach):
        return plane
    wide, (height, width) = filters.forth.shape[1:], filters.size
    tail = wide[0] - height - lead[0], wide[1] - width - lead[1]
    borders = lead[0], tail[0], lead[1], tail[1]
    return cast(Plane, cv2.copyMakeBorder(plane, *borders, cv2.BORDER_WRAP, dst=room))


def _quick(side: int, taps: int) -> tuple[int, int]:
    """Length of a quick transform, and by how much it continues a side; 0 if not at all."""
    if side >= taps and cv2.getOptimalDFTSize(side) == side:
        return side, 0
    return cv2.getOptimalDFTSize(side + taps - 1), taps - 1


def _parts(spectrum: Complex) -> Plane:
    """The same numbers as real and imaginary parts, (H, W, 2)."""
    return spectrum.view(spectrum.real.dtype).reshape(*spectrum.shape, 2)


def _complex(parts: Plane) -> Complex:
    return cast(Complex, parts.view(np.result_type(parts.dtype, np.complex64))[..., 0])


def _in_twos(maps: Maps) -> Pairs:
    count, height, width = maps.shape
    pairs = np.zeros(((count + 1) // 2, height, width, 2), maps.dtype)
    pairs[..., 0] = maps[0::2]
    pairs[: count // 2, ..., 1] = maps[1::2]
    return pairs


def _one_by_one(pairs: Pairs, count: int) -> Maps:
    maps = np.empty((count, *pairs.shape[1:3]), pairs.dtype)
    maps[0::2] = pairs[..., 0]
    maps[1::2] = pairs[: count // 2, ..., 1]
    return maps


def _factor(primal: float, shift: float, balance: float) -> float:
    """What to multiply the penalty by to keep the two residuals in balance."""
    ratio = np.sqrt(primal / max(shift * balance, _LEAST))
    factor = min(float(ratio if ratio >= 1 else 1 / max(ratio, _LEAST)), _PENALTY_MOST)
    if primal > _PENALTY_RATIO * balance * shift:
        return factor
    if shift > _PENALTY_RATIO / balance * primal:
        return 1 / factor
    return 1.0
