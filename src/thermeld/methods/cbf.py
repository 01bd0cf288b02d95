"""Fusion by a cross bilateral filter: `cbf`.

Each image is smoothed where the *other* one is smooth; what that takes away is its detail, and
the energy of the detail around a pixel is the weight of the pixel.

Source: Shreyamsha Kumar, "Image fusion based on pixel significance using cross bilateral
filter", Signal, Image and Video Processing 9, 2013. The paper adds up the eigenvalues of two
covariance matrices a pixel; their sum is the trace, so none is decomposed here.
"""

from itertools import product
from typing import cast

import numpy as np

from thermeld.image import Gray
from thermeld.methods.planes import Plane, clipped, mirrored, to_levels
from thermeld.registry import method

_WEIGHT_PX = 5
_NOT_ZERO = 2.2e-16  # the weight of the published code for an energy of exactly zero
_STRIP_ROWS = 64  # a strip and its sums stay in the cache


@method(
    "cbf",
    family="edge-aware",
    source="Shreyamsha Kumar, Signal, Image and Video Processing 9, 2013",
    reach_px=7,  # half of 11 for the filter, half of 5 for the weights
)
def cbf(
    ir: Gray,
    vis: Gray,
    *,
    radius: int = 5,
    sigma_px: float = 1.8,
    sigma_range: float = 25.0,
    weight_floor: float = 1e-6,
) -> Gray:
    """Pixels weigh as much as the detail around them that the other image does not explain.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        radius: half window of the filter in pixels.
        sigma_px: its spatial spread in pixels.
        sigma_range: its spread in grey levels of 0..255.
        weight_floor: least weight, in squared grey levels. Where both images are flat, the
            published code (0) divides one rounding error by another; this averages instead.
    """
    grey_ir, grey_vis = to_levels(ir), to_levels(vis)
    near = _nearness(radius, sigma_px)
    smooth_ir, smooth_vis = _smoothed_across(grey_ir, grey_vis, near, sigma_range)
    floor = ir.dtype.type(max(weight_floor, _NOT_ZERO))
    weight_ir = np.maximum(detail_energy(grey_ir - smooth_ir), floor)
    weight_vis = np.maximum(detail_energy(grey_vis - smooth_vis), floor)
    return clipped((ir * weight_ir + vis * weight_vis) / (weight_ir + weight_vis))


def _nearness(radius: int, sigma: float) -> Plane:
    line = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.outer(line, line)


def _smoothed_across(ir: Plane, vis: Plane, near: Plane, sigma_range: float) -> tuple[Plane, Plane]:
    """`ir` smoothed along `vis` and `vis` along `ir`, both on 0..255."""
    radius = near.shape[0] // 2
    wide_ir, wide_vis = mirrored(ir, radius), mirrored(vis, radius)
    smooth_ir, smooth_vis = np.empty_like(ir), np.empty_like(vis)
    for top in range(0, ir.shape[0], _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS, ir.shape[0]))
        halo = slice(rows.start, rows.stop + 2 * radius)
        smooth_ir[rows] = cross_bilateral(wide_ir[halo], wide_vis[halo], near, sigma_range)
        smooth_vis[rows] = cross_bilateral(wide_vis[halo], wide_ir[halo], near, sigma_range)
    return smooth_ir, smooth_vis


def cross_bilateral(target: Plane, guide: Plane, near: Plane, sigma_range: float) -> Plane:
    """Mean of `target` over near pixels that `guide` finds alike; smaller by the window.

    Args:
        target: (H + side - 1, W + side - 1), the image with its border.
        guide: same size as `target`.
        near: (side, side), the spatial part of the weights.
        sigma_range: spread in units of `guide`.
    """
    side = near.shape[0]
    height, width = (length - side + 1 for length in guide.shape)
    centre = guide[side // 2 :, side // 2 :][:height, :width]
    total, weights = np.zeros_like(centre), np.zeros_like(centre)
    alike = np.empty_like(centre)
    for row, col in product(range(side), repeat=2):
        window = slice(row, row + height), slice(col, col + width)
        np.subtract(guide[window], centre, out=alike)
        np.multiply(alike, alike, out=alike)
        np.multiply(alike, alike.dtype.type(-0.5 / sigma_range**2), out=alike)
        np.exp(alike, out=alike)
        alike *= alike.dtype.type(near[row, col])
        weights += alike
        alike *= target[window]
        total += alike
    return cast(Plane, total / weights)


def detail_energy(detail: Plane) -> Plane:
    """Trace of the covariances of columns and of rows in the 5x5 window of each pixel.

    Deviations are taken from each mean in a second pass: sums of squares minus squared sums
    would turn the exact zeros of flat areas into noise.
    """
    wide = mirrored(detail, _WEIGHT_PX // 2)
    columns, rows = _deviations(wide), _deviations(wide.T).T
    return cast(Plane, (columns + rows) / columns.dtype.type(_WEIGHT_PX - 1))


def _deviations(wide: Plane) -> Plane:
    """Squared deviations of each window from the means of its columns, summed."""
    height = wide.shape[0] - _WEIGHT_PX + 1
    shifted = [wide[row : row + height] for row in range(_WEIGHT_PX)]
    centre = sum(shifted[1:], start=shifted[0]) / wide.dtype.type(_WEIGHT_PX)
    squares = sum(((plane - centre) ** 2 for plane in shifted), start=np.zeros_like(centre))
    width = wide.shape[1] - _WEIGHT_PX + 1
    columns = [squares[:, col : col + width] for col in range(_WEIGHT_PX)]
    return cast(Plane, sum(columns[1:], start=columns[0]))
