"""Fusion by multi-level latent low-rank decomposition: `latlrr`.

A learned 64x64 matrix maps each 8x8 patch to its salient part. What it finds is taken off the
image, four times over; the salient patches of two images are mixed by their nuclear norms, and
what is left of the images is averaged. This is MDLatLRR, the "LatLRR" of the VIFB benchmark.

Source: Li, Wu & Kittler, "MDLatLRR: A Novel Decomposition Method for Infrared and Visible Image
Fusion", IEEE Trans. Image Process. 29, 2020, eqs. 6 to 13.
"""

from functools import cache
from importlib.resources import files
from typing import cast

import cv2
import numpy as np

from thermeld.image import Gray
from thermeld.methods.choose import mean, require_levels
from thermeld.methods.lowrank import SIDE, add_patches, coverage, nuclear_norms, patches, strips
from thermeld.methods.planes import Plane, clipped
from thermeld.registry import method

_LEVELS = 4


@method(
    "latlrr",
    family="low-rank",
    source="Li, Wu & Kittler, IEEE Trans. Image Process. 29, 2020",
    reach_px=_LEVELS * (SIDE - 1),
    parameters=SIDE**4,
    licence="Apache-2.0",  # learned from rendered scenes alone
)
def latlrr(ir: Gray, vis: Gray, *, levels: int = _LEVELS, accumulate: bool = True) -> Gray:
    """Salient parts of patches, found by a learned matrix, mixed by nuclear norm; MDLatLRR.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: how often the salient part is taken off.
        accumulate: count the salient parts of levels 1, 2, 3, 4 four, three, two times and
            once, as the published code and hence every published result does; else once each,
            as the paper's formula says.

    Raises:
        BadSetting: `levels` is below 1.
    """
    require_levels(levels)
    return fuse_by(salient_matrix(), ir, vis, levels=levels, accumulate=accumulate)


@cache
def salient_matrix() -> Plane:
    """The learned matrix, (64, 64); how it was learned stands in the card beside its file."""
    with (files("thermeld.methods") / "learned" / "latlrr.npy").open("rb") as file:
        return cast(Plane, np.load(file))


def fuse_by(matrix: Plane, ir: Gray, vis: Gray, *, levels: int, accumulate: bool) -> Gray:
    """Fuse with any matrix that maps a patch's 64 pixels, column after column, to its salience."""
    height, width = ir.shape
    matrix = matrix.astype(ir.dtype)
    rest_ir, rest_vis = _at_least_a_patch(ir), _at_least_a_patch(vis)
    counts = coverage(rest_ir)
    detail = np.zeros_like(rest_ir)
    for level in range(levels):
        salient_ir, salient_vis, merged = _level(matrix, rest_ir, rest_vis)
        rest_ir, rest_vis = rest_ir - salient_ir / counts, rest_vis - salient_vis / counts
        detail += merged * ((levels - level) if accumulate else 1)
    fused = mean(rest_ir, rest_vis) + detail / counts
    return clipped(fused[:height, :width])


def _at_least_a_patch(plane: Plane) -> Plane:
    rows, cols = (max(0, SIDE - side) for side in plane.shape)
    return cast(Plane, cv2.copyMakeBorder(plane, 0, rows, 0, cols, cv2.BORDER_REFLECT))


def _level(matrix: Plane, ir: Plane, vis: Plane) -> tuple[Plane, Plane, Plane]:
    """Sums of salient patches at each pixel: infrared, visible, and mixed by nuclear norm."""
    sums = np.zeros_like(ir), np.zeros_like(ir), np.zeros_like(ir)
    for rows in strips((ir.shape[0], ir.shape[1])):
        ours, theirs = matrix @ patches(ir, rows), matrix @ patches(vis, rows)
        share = _share(nuclear_norms(ours), nuclear_norms(theirs))
        for total, columns in zip(
            sums, (ours, theirs, theirs + share * (ours - theirs)), strict=True
        ):
            add_patches(total, columns, rows)
    return sums


def _share(ir: Plane, vis: Plane) -> Plane:
    """Weight of infrared; one half where neither has anything, where the paper divides 0 by 0."""
    both = ir + vis
    nothing = both == 0
    return np.where(nothing, 0.5, ir / np.where(nothing, 1, both)).astype(ir.dtype)
