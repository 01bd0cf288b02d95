"""The nonsubsampled directional filter bank ("vk"), as one transfer function a direction.

A tree of fan and parallelogram filters cuts the plane of frequencies into 2**depth wedges.
Nothing is decimated and all is circular, so a path through the tree is a product of transfer
functions; they depend on the size of the image alone and are worked out once per size.

Source: da Cunha, Zhou & Do, "The Nonsubsampled Contourlet Transform: Theory, Design, and
Applications", IEEE Trans. Image Process. 15(10), 2006; filters by McClellan's transformation.
"""

from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Kernel: TypeAlias = NDArray[np.float64]  # small, odd sides, symmetric about its centre
Matrix: TypeAlias = NDArray[np.int64]  # (2, 2), how a kernel's taps are spread

_ANALYSIS = ((1, 2, 1), (-1, -2, 6, -2, -1))
_SYNTHESIS = ((-1, 2, 6, 2, -1), (-1, 2, -1))
_QUINCUNX = np.array([[1, -1], [1, 1]])


class Bank(NamedTuple):
    """Transfer functions of each direction, (H, W // 2 + 1), there and back."""

    analysis: list[Plane]
    synthesis: list[Plane]


@lru_cache(maxsize=4)
def bank(size: tuple[int, int], depth: int, dtype: np.dtype[Any]) -> Bank:
    """Directional filters for planes of one size.

    Args:
        size: (H, W).
        depth: the bank has 2**depth directions.
        dtype: precision of the transfer functions.
    """
    sides = (
        [response.astype(dtype) for response in _tree(pair, size, depth)]
        for pair in (_ANALYSIS, _SYNTHESIS)
    )
    return Bank(*sides)


def _tree(rows: tuple[tuple[int, ...], ...], size: tuple[int, int], depth: int) -> list[Plane]:
    diamonds = [_diamond(np.array(row) / (4 * np.sqrt(2.0))) for row in rows]
    fans = [_modulated(kernel, axis=1) for kernel in diamonds]
    slanted = [_parallelograms(kernel) for kernel in diamonds]
    nodes = [_response(fan, np.eye(2, dtype=np.int64), size) for fan in fans]
    if depth >= 2:
        checkered = [_response(fan, _QUINCUNX, size) for fan in fans]
        nodes = [node * child for node in nodes for child in checkered]
    for level in range(3, depth + 1):
        nodes = [
            node * _response(kernels[shape], matrix, size)
            for index, node in enumerate(nodes)
            for shape, matrix in [_split(index, level)]
            for kernels in slanted
        ]
    return nodes


def _split(index: int, level: int) -> tuple[int, Matrix]:
    """Which parallelogram splits node `index` (from 0) of the level before, and its spread."""
    half = 2 ** (level - 2)
    within = index % half
    slope = 2 * (within // 2) - 2 ** (level - 3) + 1
    long = 2 ** (level - 3)
    if index < half:
        return within % 2, 2 * np.diag([long, 1]) @ np.array([[1, 0], [-slope, 1]])
    return 2 + within % 2, 2 * np.diag([1, long]) @ np.array([[1, -slope], [0, 1]])


def _diamond(row: Kernel) -> Kernel:
    """McClellan's transformation: cos w becomes (cos w1 + cos w2) / 2."""
    reach = len(row) // 2
    cosine = np.zeros((3, 3))
    cosine[[0, 1, 1, 2], [1, 0, 2, 1]] = 0.25
    powers = [np.ones((1, 1)), cosine]  # Chebyshev polynomials T_n(cosine)
    for _ in range(2, reach + 1):
        powers.append(2 * _convolved(cosine, powers[-1]) - _padded(powers[-2], 2))
    terms = [row[reach] * powers[0], *(2 * row[reach + n] * powers[n] for n in range(1, reach + 1))]
    total = np.zeros((2 * reach + 1, 2 * reach + 1))
    for n, term in enumerate(terms):
        total += _padded(term, reach - n)
    return total


def _convolved(small: Kernel, kernel: Kernel) -> Kernel:
    rows, cols = kernel.shape
    total = np.zeros((rows + 2, cols + 2))
    for (row, col), tap in np.ndenumerate(small):
        total[row : row + rows, col : col + cols] += tap * kernel
    return total


def _padded(kernel: Kernel, width: int) -> Kernel:
    padded: Kernel = np.pad(kernel, width)
    return padded


def _modulated(kernel: Kernel, axis: int) -> Kernel:
    """Moved by half the sampling frequency along one axis."""
    signs = (-1.0) ** (np.arange(kernel.shape[axis]) - kernel.shape[axis] // 2)
    moved: Kernel = kernel * np.expand_dims(signs, 1 - axis)
    return moved


def _parallelograms(diamond: Kernel) -> list[Kernel]:
    first = _sheared(_modulated(diamond, axis=0), -1)
    second = _sheared(_modulated(diamond, axis=1), 1)
    return [first, second, first.T, second.T]


def _sheared(kernel: Kernel, step: int) -> Kernel:
    """Column n moved down by `step` * n."""
    rows, cols = kernel.shape
    tall = np.zeros((rows + cols - 1, cols))
    for col in range(cols):
        top = col if step > 0 else cols - 1 - col
        tall[top : top + rows, col] = kernel[:, col]
    filled = np.flatnonzero(tall.any(axis=1))
    return tall[filled[0] : filled[-1] + 1]


def _response(kernel: Kernel, matrix: Matrix, size: tuple[int, int]) -> Plane:
    """Transfer function of a kernel whose taps are spread by `matrix`, wrapped around.

    The kernel is symmetric about its centre, so it is a sum of cosines: real.
    """
    row, col = np.nonzero(kernel)
    taps = kernel[row, col]
    row, col = row - kernel.shape[0] // 2, col - kernel.shape[1] // 2
    down = _angles(size[0], size[0], matrix[1, 0] * col + matrix[1, 1] * row)
    across = _angles(size[1] // 2 + 1, size[1], matrix[0, 0] * col + matrix[0, 1] * row)
    response: Plane = (np.cos(down) * taps) @ np.cos(across).T
    response -= (np.sin(down) * taps) @ np.sin(across).T
    return response


def _angles(count: int, side: int, offsets: NDArray[np.int64]) -> Plane:
    """Phase of each tap at each of `count` frequencies, (count, taps)."""
    turns: NDArray[np.int64] = np.outer(np.arange(count), offsets) % side
    return turns * (2 * np.pi / side)
