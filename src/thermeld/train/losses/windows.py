"""Sliding windows as products with banded matrices, which is how a processor likes them best."""

from functools import lru_cache

import torch
from torch import Tensor


def means(planes: Tensor, size: int, sigma: float | None, *, step: int = 1) -> Tensor:
    """Weighted means under every window that fits: (..., H, W) -> (..., h, w).

    Args:
        planes: any leading dimensions.
        size: side of the window.
        sigma: of a Gaussian; None weighs all alike.
        step: only every so manieth window both ways.
    """
    height, width = planes.shape[-2:]
    down = _matrix(height, size, sigma, step).to(planes)
    along = _matrix(width, size, sigma, step).to(planes)
    return down @ planes @ along.mT


def halved(planes: Tensor) -> Tensor:
    """Means of 2x2 blocks; an odd last row or column is averaged with itself."""
    height, width = planes.shape[-2:]
    down, along = (_halving(length).to(planes) for length in (height, width))
    return down @ planes @ along.mT


@lru_cache(maxsize=256)
def _matrix(length: int, size: int, sigma: float | None, step: int) -> Tensor:
    offsets = torch.arange(size, dtype=torch.float64) - size // 2
    taps = torch.ones_like(offsets) if sigma is None else torch.exp(-(offsets**2) / (2 * sigma**2))
    taps = taps / taps.sum()
    matrix = torch.zeros(max(length - size + 1, 0), length, dtype=torch.float64)
    for row in range(len(matrix)):
        matrix[row, row : row + size] = taps
    return matrix[::step]


@lru_cache(maxsize=256)
def _halving(length: int) -> Tensor:
    matrix = torch.zeros((length + 1) // 2, length, dtype=torch.float64)
    for row in range(len(matrix)):
        matrix[row, 2 * row] += 0.5
        matrix[row, min(2 * row + 1, length - 1)] += 0.5
    return matrix
