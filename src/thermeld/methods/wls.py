"""Fusion by visual saliency and weighted least squares: `wls`, also known as VSMWLS.

A rolling guidance filter splits each image into four details and a base. Bases are mixed by
global saliency, the finest details by magnitude, and the others by a least squares fit that
prefers the visible detail but lets the infrared one through where the visible image is flat.

Source: Ma, Zhou, Wang & Zong, "Infrared and visible image fusion based on visual saliency map
and weighted least square optimization", Infrared Physics & Technology 82, 2017.
"""

from typing import NamedTuple, cast

import cv2
import numpy as np

from thermeld.errors import BadSetting
from thermeld.image import Gray
from thermeld.methods.choose import larger
from thermeld.methods.guided import Window, guided_filter
from thermeld.methods.planes import FULL, Plane, clipped
from thermeld.registry import method

_ROUNDS = 4  # of rolling guidance a scale
_CHOICE_PX, _CHOICE_SIGMA = 13, 2.0
_TEXTURE_PX = 7
_NOT_ZERO = 1e-6


class Scales(NamedTuple):
    """Details from fine to coarse, and the base below them; all (H, W)."""

    details: list[Plane]
    base: Plane


@method(
    "wls",
    family="edge-aware",
    source="Ma, Zhou, Wang & Zong, Infrared Physics & Technology 82, 2017",
    reach_px=None,  # saliency is counted over the whole image
)
def wls(
    ir: Gray,
    vis: Gray,
    *,
    levels: int = 4,
    sigma_px: float = 2.0,
    sigma_range: float = 0.05,
    weight: float = 0.01,
) -> Gray:
    """Rolling guidance scales; saliency mixes the bases, least squares the details.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: number of details.
        sigma_px: spread of the finest smoothing in pixels; doubles at each scale.
        sigma_range: contrast in [0, 1] that counts as an edge.
        weight: pull of the infrared detail where the visible one is flat (lambda).

    Raises:
        BadSetting: `levels` is below 2.
    """
    if levels < 2:
        raise BadSetting(f"levels must be at least 2, got {levels}")
    ours = rolling_scales(ir, levels, sigma_px, sigma_range)
    theirs = rolling_scales(vis, levels, sigma_px, sigma_range)
    fused = larger(ours.details[0], theirs.details[0], top=1.0)
    for pair in zip(ours.details[1:], theirs.details[1:], strict=True):
        fused = fused + fitted(*pair, weight)
    more = (saliency(ir) - saliency(vis)).astype(ir.dtype) / 2
    half = ir.dtype.type(0.5)
    return clipped(fused + (half + more) * ours.base + (half - more) * theirs.base)


def rolling_scales(plane: Plane, levels: int, sigma_px: float, sigma_range: float) -> Scales:
    """Split a plane by rolling guidance at doubling scales and a last plain smoothing, sec. 3.1."""
    details = []
    for level in range(levels - 1):
        sigma = sigma_px * 2**level
        window = Window(plane, round(sigma))
        rolled = gauss(plane, sigma)
        for _ in range(_ROUNDS):
            rolled = guided_filter(rolled, plane, window, sigma_range**2)
        details.append(plane - rolled)
        plane = rolled
    base = gauss(plane, sigma_px)
    return Scales([*details, plane - base], base)


def gauss(plane: Plane, sigma: float) -> Plane:
    """Gaussian smoothing over three spreads each way, edges repeated."""
    side = 2 * int(3 * sigma + 0.5) + 1
    return cast(
        Plane, cv2.GaussianBlur(plane, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    )


def saliency(plane: Plane) -> Plane:
    """How far each pixel's grey level is from all others, scaled to [0, 1], eqs. 6 and 7.

    Counted over 8-bit grey levels; zero everywhere on a constant image.
    """
    grey = np.floor(np.clip(plane, 0.0, 1.0) * FULL + 0.5).astype(np.uint8)
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    steps = np.arange(256.0)
    distance = np.abs(steps[:, None] - steps) @ counts
    present = distance[counts > 0]
    low, high = present.min(), present.max()
    if low == high:
        return np.zeros(plane.shape)
    return cast(Plane, ((distance - low) / (high - low))[grey])


def fitted(ir: Plane, vis: Plane, weight: float) -> Plane:
    """Least squares detail between the stronger one and the infrared one, eqs. 12 to 16.

    The matrix of the published system is diagonal, so it is solved by one division.
    """
    side = (_CHOICE_PX, _CHOICE_PX)
    weaker = (np.abs(ir) < np.abs(vis)).astype(ir.dtype)
    share = cv2.GaussianBlur(weaker, side, _CHOICE_SIGMA, borderType=cv2.BORDER_REFLECT)
    stronger = ir + share * (vis - ir)
    texture = cv2.blur(vis, (_TEXTURE_PX, _TEXTURE_PX), borderType=cv2.BORDER_REPLICATE)
    pull = ir.dtype.type(weight) / (np.abs(texture) + ir.dtype.type(_NOT_ZERO))
    return cast(Plane, (stronger + pull * ir) / (1 + pull))
