"""How the classical methods treat a plane: its precision, its range, its borders.

A method is handed float32 by contract and then works in float32. Handed float64 it works in
float64 from end to end, which is how the tests compare it with the authors' own code.
"""

from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.image import Gray

Plane: TypeAlias = NDArray[np.floating[Any]]  # (H, W), float32 or float64
Mask: TypeAlias = NDArray[np.bool_]  # (H, W)

FULL = 255.0  # several papers count in grey levels of 8 bits


def clipped(fused: Plane) -> Gray:
    """Cut what overshoots 0..1, as every multi-scale sum does; never stretch it back."""
    return cast(Gray, np.clip(fused, 0.0, 1.0))


def from_levels(fused: Plane) -> Gray:
    """Grey levels of 0..255 back to 0..1, clipped."""
    return clipped(fused / fused.dtype.type(FULL))


def to_levels(plane: Plane) -> Plane:
    """0..1 to grey levels of 0..255; exact for float64 that came from 8 bits."""
    return cast(Plane, plane * plane.dtype.type(FULL))


def rounding(dtype: np.dtype[Any], top: float = FULL) -> float:
    """What two magnitudes on 0..top must differ by before one counts as larger.

    Images from 8 bits are full of exact ties (flat areas, equal steps). Rounding would break
    these by chance, differently in float32 and float64, and differently from tile to tile.
    """
    return 32.0 * top * float(np.finfo(dtype).eps)


def mirrored(plane: Plane, width: int, *, border: int = cv2.BORDER_REFLECT_101) -> Plane:
    """The plane with `width` more samples on all four sides; by default no edge repeated."""
    return cast(Plane, cv2.copyMakeBorder(plane, width, width, width, width, border))


def mirrored_without_corners(plane: Plane, width: int) -> Plane:
    """As `mirrored`, but with zeros in the four corners, as the MST toolbox extends ("es2")."""
    wide = mirrored(plane, width)
    for rows in (slice(None, width), slice(-width, None)):
        wide[rows, :width] = 0.0
        wide[rows, -width:] = 0.0
    return wide


def even(plane: Plane, border: int) -> Plane:
    """The plane with one more row or column wherever its count is odd."""
    height, width = plane.shape
    if height % 2 == 0 and width % 2 == 0:
        return plane
    return cast(Plane, cv2.copyMakeBorder(plane, 0, height % 2, 0, width % 2, border))


def halvings(size: tuple[int, int]) -> int:
    """How often the shorter side can be halved before one sample is left."""
    return min(size).bit_length() - 1
