"""The orthonormal Haar wavelet transform in two dimensions, one level at a time.

Written as sums of four pixels halved, so that it is exact on pixels that came from 8 bits:
equal steps in an image give exactly equal coefficients, and a tie stays a tie.
"""

from typing import NamedTuple

import cv2
import numpy as np

from thermeld.methods.planes import Plane, even


class Octave(NamedTuple):
    """Differences down, across and diagonal, each (ceil(H / 2), ceil(W / 2)), of one size."""

    bands: tuple[Plane, ...]
    size: tuple[int, int]


def split(plane: Plane) -> tuple[Plane, Octave]:
    """Low-pass and details of blocks [[a, b], [c, d]]; an odd last row or column is repeated."""
    size = (plane.shape[0], plane.shape[1])
    wide = even(plane, cv2.BORDER_REPLICATE)
    a, b, c, d = wide[::2, ::2], wide[::2, 1::2], wide[1::2, ::2], wide[1::2, 1::2]
    top, bottom, left, right = a + b, c + d, a - b, c - d
    half = plane.dtype.type(0.5)
    bands = ((top - bottom) * half, (left + right) * half, (left - right) * half)
    return (top + bottom) * half, Octave(bands, size)


def join(low: Plane, details: Octave) -> Plane:
    """The plane that `split` took apart."""
    (down, across, diagonal), (height, width) = details
    half = low.dtype.type(0.5)
    top, bottom = low + down, low - down
    left, right = across + diagonal, across - diagonal
    wide = np.empty((2 * low.shape[0], 2 * low.shape[1]), low.dtype)
    wide[::2, ::2] = (top + left) * half
    wide[::2, 1::2] = (top - left) * half
    wide[1::2, ::2] = (bottom + right) * half
    wide[1::2, 1::2] = (bottom - right) * half
    return wide[:height, :width]
