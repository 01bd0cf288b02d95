"""Rules that merge one band of coefficients of two images into one."""

from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting
from thermeld.methods.planes import FULL, Mask, Plane, mirrored_without_corners, rounding

Band = TypeVar("Band", NDArray[np.floating[Any]], NDArray[np.complexfloating[Any, Any]])  # (H, W)

_WINDOW = np.ones((3, 3), np.uint8)


def consistent(ir: Band, vis: Band) -> Band:
    """Per coefficient, the image that is stronger around it for most of its neighbours.

    Magnitudes on 0..255 are compared by their largest value in 3x3; the choice then follows
    the majority of the nine choices around. A tie goes to `vis`.

    Source: Li, Manjunath & Mitra, "Multisensor Image Fusion Using the Wavelet Transform",
    Graphical Models and Image Processing 57(3), 1995; borders as in the MST toolbox of Liu,
    Liu & Wang, Information Fusion 24, 2015.
    """
    return cast(Band, np.where(_majority(_peak(ir), _peak(vis)), ir, vis))


def _peak(band: NDArray[np.inexact[Any]]) -> Plane:
    magnitude = mirrored_without_corners(np.abs(band), 1)
    return cast(Plane, cv2.dilate(magnitude, _WINDOW))


def _majority(ir: Plane, vis: Plane) -> Mask:
    wins = (ir > vis + rounding(ir.dtype)).view(np.uint8)
    votes = cv2.boxFilter(wins, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return votes[1:-1, 1:-1] > 4


def larger(ir: Band, vis: Band, *, top: float = FULL) -> Band:
    """Per coefficient, the larger magnitude of images on 0..top; a tie goes to `ir`."""
    beaten = np.abs(vis) > np.abs(ir) + rounding(ir.real.dtype, top)
    return cast(Band, np.where(beaten, vis, ir))


def mean(ir: Band, vis: Band) -> Band:
    """Average of the two, the usual rule for the coarsest band."""
    return cast(Band, (ir + vis) * ir.real.dtype.type(0.5))


def base_rule(base: str, ir: Plane, vis: Plane) -> Plane:
    """Merge the coarsest bands by the rule of that name.

    Raises:
        BadSetting: `base` is neither "mean" nor "max".
    """
    if base == "mean":
        return mean(ir, vis)
    if base == "max":
        return np.maximum(ir, vis)
    raise BadSetting(f"base must be 'mean' or 'max', got {base!r}")


def detail_rule(rule: str, ir: Band, vis: Band) -> Band:
    """Merge two detail bands by the rule of that name.

    Raises:
        BadSetting: `rule` is neither "consistent" nor "larger".
    """
    if rule == "consistent":
        return consistent(ir, vis)
    if rule == "larger":
        return larger(ir, vis)
    raise BadSetting(f"rule must be 'consistent' or 'larger', got {rule!r}")


def require_levels(levels: int) -> None:
    """Refuse a transform without levels.

    Raises:
        BadSetting: `levels` is below 1.
    """
    if levels < 1:
        raise BadSetting(f"levels must be at least 1, got {levels}")
