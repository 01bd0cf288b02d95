"""Guided filter fusion: `gff`.

The more salient image gets weight 1 at each pixel; guided filters bend these weights to the
edges of the images, widely for the base and narrowly for the detail.

Source: Li, Kang & Hu, "Image Fusion with Guided Filtering", IEEE Trans. Image Process. 22(7),
2013, eqs. 6-13, with the 8-bit weights of the authors' code.
"""

from typing import cast

import cv2
import numpy as np

from thermeld.image import Image, luminance
from thermeld.methods.guided import Window, guided_filter
from thermeld.methods.planes import FULL, Plane, clipped, rounding
from thermeld.registry import method

_LAPLACIAN = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
_SMOOTH_PX, _SMOOTH_SIGMA = 11, 5.0
_BASE_PX = 31
_NOT_ZERO = 1e-12


@method(
    "gff",
    family="edge-aware",
    source="Li, Kang & Hu, IEEE Trans. Image Process. 22(7), 2013",
    joint=True,
    reach_px=96,  # two windows of radius 45 and the saliency's 6
)
def gff(
    ir: Image,
    vis: Image,
    *,
    base_radius: int = 45,
    base_eps: float = 0.3,
    detail_radius: int = 7,
    detail_eps: float = 1e-6,
) -> Image:
    """Guided filters spread the choice of the more salient image along edges.

    Args:
        ir: (H, W) or (H, W, 3) in [0, 1]. Weights come from the luminances and hold for all
            three channels.
        vis: same shape as `ir`.
        base_radius: half window in pixels of the filter for the base weights.
        base_eps: its flatness threshold in squared intensity.
        detail_radius: half window in pixels of the filter for the detail weights.
        detail_eps: its flatness threshold.
    """
    # In single precision a flat window's variance would drown in rounding beside 1e-6.
    views = vis.astype(np.float64), ir.astype(np.float64)
    planes = _grey(views[0]), _grey(views[1])
    first, second = (saliency(plane) for plane in planes)
    wins = (first >= second - rounding(ir.dtype, 1.0)).astype(np.float64)
    base = _share(planes, wins, Window(planes[0], base_radius), base_eps)
    detail = _share(planes, wins, Window(planes[0], detail_radius), detail_eps)
    lows = _smooth(views[0]), _smooth(views[1])
    fused = _blend(base, *lows) + _blend(detail, views[0] - lows[0], views[1] - lows[1])
    return clipped(fused.astype(ir.dtype))


def saliency(plane: Plane) -> Plane:
    """Local strength of the Laplacian, (H, W), eqs. 7 and 8."""
    edges = np.abs(cv2.filter2D(plane, -1, _LAPLACIAN, borderType=cv2.BORDER_REPLICATE))
    side = (_SMOOTH_PX, _SMOOTH_PX)
    return cast(
        Plane, cv2.GaussianBlur(edges, side, _SMOOTH_SIGMA, borderType=cv2.BORDER_REPLICATE)
    )


def _grey(view: Plane) -> Plane:
    """What weights are made from: of colour the luminance in 8 bits, as in the authors' code."""
    return _in_8_bits(luminance(cast(Image, view))) if view.ndim == 3 else view


def _smooth(plane: Plane) -> Plane:
    return cast(Plane, cv2.blur(plane, (_BASE_PX, _BASE_PX), borderType=cv2.BORDER_REPLICATE))


def _share(planes: tuple[Plane, Plane], wins: Plane, window: Window, eps: float) -> Plane:
    """Weight of the first plane against the second, eqs. 10 and 11."""
    first = _in_8_bits(guided_filter(planes[0], wins, window, eps)) + _NOT_ZERO
    second = _in_8_bits(guided_filter(planes[1], 1.0 - wins, window, eps)) + _NOT_ZERO
    return first / (first + second)


def _in_8_bits(weight: Plane) -> Plane:
    return cast(Plane, np.floor(np.clip(weight, 0.0, 1.0) * FULL + 0.5) / FULL)


def _blend(share: Plane, first: Plane, second: Plane) -> Plane:
    share = share[:, :, None] if first.ndim == 3 else share
    return second + share * (first - second)
