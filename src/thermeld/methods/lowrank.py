"""Patches of an image, and the nuclear norm of each patch's 8x8 pixels.

Patches are kept as columns of a (64, count) matrix, one row of pixels after another down the
patch ("column-major"), all patches of a strip of the image side by side. That is the layout in
which one matrix product maps them all and in which they are added back by 64 shifted sums.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np

from thermeld.methods import nuclear
from thermeld.methods.planes import Plane

SIDE = 8  # of a patch, in pixels

_STRIP_ROWS = 16  # of patches at a time: what is in work stays near the processor


def strips(size: tuple[int, int]) -> Iterator[slice]:
    """Rows at which patches start, a strip at a time."""
    count = size[0] - SIDE + 1
    for top in range(0, count, _STRIP_ROWS):
        yield slice(top, min(top + _STRIP_ROWS, count))


def patches(plane: Plane, rows: slice) -> Plane:
    """Every patch that starts in these rows, (64, patches)."""
    width = plane.shape[1] - SIDE + 1
    columns = np.empty((SIDE, SIDE, rows.stop - rows.start, width), plane.dtype)
    for col in range(SIDE):
        for row in range(SIDE):
            columns[col, row] = plane[rows.start + row : rows.stop + row, col : col + width]
    return columns.reshape(SIDE * SIDE, -1)


def add_patches(plane: Plane, columns: Plane, rows: slice) -> None:
    """Add patches to `plane`, in place, where `patches` took them from."""
    width = plane.shape[1] - SIDE + 1
    stacked = columns.reshape(SIDE, SIDE, rows.stop - rows.start, width)
    for col in range(SIDE):
        for row in range(SIDE):
            plane[rows.start + row : rows.stop + row, col : col + width] += stacked[col, row]


def coverage(like: Plane) -> Plane:
    """How many patches cover each pixel."""
    counts = [np.minimum(np.arange(1, side + 1), SIDE) for side in like.shape]
    sides = [
        np.minimum(count, np.minimum(count[::-1], side - SIDE + 1))
        for count, side in zip(counts, like.shape, strict=True)
    ]
    counted: Plane = np.outer(*sides).astype(like.dtype)
    return counted


def nuclear_norms(columns: Plane) -> Plane:
    """Sum of the singular values of each patch, (64, count) to (count,).

    In double precision by LAPACK, in single by our own, five times as fast.
    """
    if columns.dtype == np.float64:
        stacked = columns.T.reshape(-1, SIDE, SIDE)
        return cast(Plane, np.linalg.svd(stacked, compute_uv=False).sum(axis=1))
    return nuclear.nuclear_norms(columns.reshape(SIDE, SIDE, -1))
