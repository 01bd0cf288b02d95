"""Irregularity: tileable noise, how to read it, and a hash for anything counted in cells."""

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.mesh import Floats

TILE = 512
_ROW = 1024  # cv2.remap wants a picture; long lists are folded into rows of this


def fractal(
    rng: np.random.Generator, *, size: int = TILE, coarsest: int = 4, gain: float = 0.6
) -> Floats:
    """Sum of ever finer random grids; tileable, mean 0, deviation 1 (size, size)."""
    total = np.zeros((size, size), np.float32)
    cells, weight = coarsest, 1.0
    while cells <= size:
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        wrapped = np.pad(grid, 2, mode="wrap")
        step = size // cells
        large = cv2.resize(wrapped, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += weight * large[2 * step : 2 * step + size, 2 * step : 2 * step + size]
        cells, weight = cells * 2, weight * gain
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


def read(tile: Floats, u: Floats, v: Floats, period: float) -> Floats:
    """The tile at surface coordinates (N,), repeating every `period` metres, bilinear."""
    side = tile.shape[0]
    count = len(u)
    if count == 0:
        return np.zeros(0, np.float32)
    rows = -(-count // _ROW)
    where = np.zeros((2, rows * _ROW), np.float32)
    where[0, :count] = np.mod(u * np.float32(side / period), side)
    where[1, :count] = np.mod(v * np.float32(side / period), side)
    folded = where.reshape(2, rows, _ROW)
    values = cv2.remap(tile, folded[0], folded[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(values.ravel()[:count], np.float32)


def dice(column: NDArray[np.integer], row: NDArray[np.integer], seed: int) -> Floats:
    """A fixed random number in 0..1 for each cell."""
    mixed = column.astype(np.uint32) * np.uint32(374761393)
    mixed += row.astype(np.uint32) * np.uint32(668265263)
    mixed += np.uint32(seed * 2246822519 & 0xFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    mixed ^= mixed >> np.uint32(16)
    return np.asarray((mixed & np.uint32(0xFFFF)) / np.float32(65535), np.float32)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; `low` > `high` turns it round."""
    share = np.clip((value - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)
