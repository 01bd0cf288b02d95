"""Laplacian and ratio pyramids to the letter of the MST toolbox: `lp`, `rp`.

One octave is `low = (w w' * plane)` at every second sample, w = [1 4 6 4 1] / 16. The Laplacian
keeps what is left, `plane - up(low)`; the ratio (or contrast) pyramid keeps `plane / up(low)`.
The stronger detail wins by a vote of its neighbours and the coarsest low-pass is averaged.

Source: Burt & Adelson, IEEE Trans. Commun. 31(4), 1983; Toet, "Image fusion by a ratio of
low-pass pyramid", Pattern Recognition Letters 9(4), 1989; Liu, Liu & Wang, "A general framework
for image fusion based on multi-scale transform and sparse representation", Inf. Fusion 24, 2015.
"""

from collections.abc import Callable
from typing import NamedTuple, cast

import cv2
import numpy as np

from thermeld.image import Gray
from thermeld.methods.choose import consistent, mean, require_levels
from thermeld.methods.planes import Plane, even, from_levels, mirrored_without_corners, to_levels
from thermeld.registry import method

_BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_NOT_ZERO = 1e-6  # keeps a ratio finite on black; grey levels of 0..255

# Four octaves of 5 taps, down and up, and the vote, which looks two samples around.
_REACH_PX = 76


class Ladder(NamedTuple):
    """How a detail is taken from a plane and its low-pass, and how both give the plane back."""

    detail: Callable[[Plane, Plane], Plane]
    plane: Callable[[Plane, Plane], Plane]


LAPLACIAN = Ladder(lambda plane, low: plane - low, lambda detail, low: detail + low)
RATIO = Ladder(
    lambda plane, low: plane / (low + plane.dtype.type(_NOT_ZERO)),
    lambda detail, low: detail * (low + detail.dtype.type(_NOT_ZERO)),
)


@method(
    "lp",
    family="pyramid",
    source="Burt & Adelson, 1983; MST toolbox of Liu, Liu & Wang, Information Fusion 24, 2015",
    reach_px=_REACH_PX,
    align_px=2**4,
)
def lp(ir: Gray, vis: Gray, *, levels: int = 4) -> Gray:
    """Laplacian pyramid of the MST toolbox: stronger detail by vote, averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: octaves.

    Raises:
        BadSetting: `levels` is below 1.
    """
    require_levels(levels)
    return from_levels(fused(LAPLACIAN, to_levels(ir), to_levels(vis), levels))


@method(
    "rp",
    family="pyramid",
    source="Toet, Pattern Recognition Letters 9(4), 1989; MST toolbox of Liu, Liu & Wang, 2015",
    reach_px=_REACH_PX,
    align_px=2**4,
)
def rp(ir: Gray, vis: Gray, *, levels: int = 4) -> Gray:
    """Ratio pyramid, a historical baseline: overshoots wildly beside black pixels.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: octaves.

    Raises:
        BadSetting: `levels` is below 1.
    """
    require_levels(levels)
    # A ratio to black magnifies rounding, so that single precision would cost 15 dB.
    wide_ir, wide_vis = to_levels(ir.astype(np.float64)), to_levels(vis.astype(np.float64))
    return from_levels(fused(RATIO, wide_ir, wide_vis, levels)).astype(ir.dtype)


def fused(ladder: Ladder, ir: Plane, vis: Plane, levels: int) -> Plane:
    """Fuse grey levels of 0..255 octave by octave; the result may overshoot."""
    if levels == 0:
        return mean(ir, vis)
    height, width = ir.shape
    ir, vis = (even(plane, cv2.BORDER_REFLECT_101) for plane in (ir, vis))
    low_ir, low_vis = down(ir), down(vis)
    detail = consistent(ladder.detail(ir, up(low_ir)), ladder.detail(vis, up(low_vis)))
    base = up(fused(ladder, low_ir, low_vis, levels - 1))
    return ladder.plane(detail, base)[:height, :width]


def down(plane: Plane) -> Plane:
    """Every second sample of the smoothed plane, (H, W) to (H / 2, W / 2)."""
    return np.ascontiguousarray(_filtered(plane, _BINOMIAL)[::2, ::2])


def up(low: Plane) -> Plane:
    """The smoothest plane through the samples of `low`, (H, W) to (2 H, 2 W)."""
    sparse = np.zeros((2 * low.shape[0], 2 * low.shape[1]), low.dtype)
    sparse[::2, ::2] = low
    return _filtered(sparse, 2.0 * _BINOMIAL)


def _filtered(plane: Plane, taps: Plane) -> Plane:
    wide = mirrored_without_corners(plane, 2)
    return cast(Plane, cv2.sepFilter2D(wide, -1, taps, taps)[2:-2, 2:-2])
