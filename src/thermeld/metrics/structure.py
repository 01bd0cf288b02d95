"""Structural similarity between the fused image and its sources."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.metrics.exposure import exposure_similarity
from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import (
    GAUSS,
    Local,
    Real,
    average,
    fitting,
    less_product,
    local_moments,
    mean_of,
    smoothed,
)
from thermeld.registry import metric

Single: TypeAlias = NDArray[np.float32]
SAMPLE = np.float32(49 / 48)  # from population to sample variance of 7 x 7 pixels


@metric(
    "SSIM",
    better="higher",
    range="-1..1 (-2..2 in vifb and cddfuse)",
    formula="mean of SSIM(A,F) and SSIM(B,F); the usual map, 11x11 Gaussian window",
    source="Wang, Bovik, Sheikh & Simoncelli, IEEE Trans. Image Processing 13(4), 2004",
    conventions={
        "tang": "mean; range taken as 1 on values 0..255, so C1 = 1e-4, C2 = 9e-4; whole image",
        "vifb": "sum; range 255; windows that fit; per channel",
        "cddfuse": "sum; 7x7 box window, sample covariance, range taken as 2",
        "tang2022": "not this measure: multi-exposure similarity at one scale, see MS_SSIM",
    },
    why="the survey code's number is what recent tables print, though its constants vanish",
    fooled_by="the plain average of the sources; with vanishing constants, noise in flat areas "
    "decides much of it",
    also=("Ssim",),
)
def structural_similarity(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Likeness of local brightness, contrast and pattern to both sources."""
    if convention == "tang2022":
        return exposure_similarity(ir.values, vis.values, fused.values)
    rule = {"tang": _unscaled, "vifb": _gaussian, "cddfuse": _boxed}[convention]
    both = rule(ir, fused) + rule(vis, fused)
    return both / 2.0 if convention == "tang" else both


def moments(plane: Plane) -> Local:
    """Local moments under the Gaussian window, borders replicated; (H, W)."""
    return local_moments(plane.values, GAUSS)


def covariance(one: Plane, other: Plane) -> Real:
    """Local covariance under the same window; (H, W)."""
    both = smoothed(one.values * other.values, GAUSS)
    return less_product(both, one.once(moments).mean, other.once(moments).mean)


def similarity(x: Local, y: Local, cross: Real, c1: float, c2: float) -> Real:
    """The SSIM map of two images from their local moments and covariance."""
    means = x.mean * y.mean
    likeness = (2.0 * means + c1) * (2.0 * cross + c2)
    squares = x.mean * x.mean + y.mean * y.mean
    return np.asarray(likeness / ((squares + c1) * (x.var + y.var + c2)))


def _gaussian(source: Plane, fused: Plane) -> float:
    return mean_of(
        lambda mx, vx, my, vy, cross: similarity(
            Local(mx, vx), Local(my, vy), cross, (0.01 * 255) ** 2, (0.03 * 255) ** 2
        ),
        *(fitting(whole, 11) for whole in _maps(source, fused)),
    )


def _unscaled(source: Plane, fused: Plane) -> float:
    return mean_of(
        lambda mx, vx, my, vy, cross: similarity(
            Local(mx, np.maximum(vx, 0.0)), Local(my, np.maximum(vy, 0.0)), cross, 0.01**2, 0.03**2
        ),
        *_maps(source, fused),
    )


def _maps(source: Plane, fused: Plane) -> tuple[Real, ...]:
    """Mean and variance of both, and their covariance."""
    return *source.once(moments), *fused.once(moments), source.once(covariance, fused)


def _boxed(source: Plane, fused: Plane) -> float:
    """scikit-image's, in float32: in flat windows its rounding error outweighs C1 and C2."""
    mean_x, var_x = source.once(_box_moments)
    mean_y, var_y = fused.once(_box_moments)
    cross = SAMPLE * (_box_means(source.values * fused.values) - mean_x * mean_y)
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * cross + c2)
    unlikeness = (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    return average(np.asarray(likeness / unlikeness, np.float64))


def _box_moments(plane: Plane) -> tuple[Single, Single]:
    """Mean and sample variance."""
    mean = _box_means(plane.values)
    square = _box_means(plane.values * plane.values)
    return mean, SAMPLE * (square - mean * mean)


def _box_means(values: Real) -> Single:
    """7 x 7 means as scipy's uniform_filter: down, then along, each pass rounded to float32."""
    rows, cols = (max(length - 6, 0) for length in values.shape)
    down = np.asarray(cv2.boxFilter(values, -1, (1, 7), normalize=False) / 7.0, np.float32)
    wide = down.astype(np.float64)
    along = np.asarray(cv2.boxFilter(wide, -1, (7, 1), normalize=False) / 7.0, np.float32)
    return along[3 : 3 + rows, 3 : 3 + cols]
