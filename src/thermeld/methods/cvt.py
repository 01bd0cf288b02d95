"""Fusion in the curvelet domain: `cvt`.

Source: Nencini, Garzelli, Baronti & Alparone, "Remote sensing image fusion using the curvelet
transform", Information Fusion 8(2), 2007, with the settings of the MST toolbox of Liu, Liu &
Wang, Information Fusion 24, 2015.
"""

from typing import cast

import cv2

from thermeld.image import Gray
from thermeld.methods.choose import consistent, mean
from thermeld.methods.curvelet import Curvelets, analyse, plan, synthesise
from thermeld.methods.planes import Plane, from_levels, to_levels
from thermeld.registry import method

_SCALES, _ANGLES = 5, 16
_LEAST_PX = 96  # below, the coarsest ring is too small for its 16 wedges


@method(
    "cvt",
    family="curvelet",
    source="Nencini et al., Information Fusion 8(2), 2007; MST toolbox of Liu, Liu & Wang, 2015",
    reach_px=None,  # cut from the spectrum of the whole image
)
def cvt(ir: Gray, vis: Gray) -> Gray:
    """Stronger curvelet of each scale and direction by vote, averaged base.

    Args:
        ir: (H, W) in [0, 1]; a side below 96 pixels is mirrored up to that.
        vis: same size as `ir`.
    """
    wide_ir, wide_vis = _at_least(to_levels(ir)), _at_least(to_levels(vis))
    size = (wide_ir.shape[0], wide_ir.shape[1])
    windows = plan(size, _SCALES, _ANGLES, wide_ir.dtype)
    ours, theirs = analyse(wide_ir, windows), analyse(wide_vis, windows)
    rings = [
        [_merged(*pair) for pair in zip(*both, strict=True)]
        for both in zip(ours.rings, theirs.rings, strict=True)
    ]
    fused = synthesise(Curvelets(mean(ours.coarse, theirs.coarse), rings), windows)
    return from_levels(fused[: ir.shape[0], : ir.shape[1]])


def _at_least(plane: Plane) -> Plane:
    rows, cols = (max(0, _LEAST_PX - side) for side in plane.shape)
    return cast(Plane, cv2.copyMakeBorder(plane, 0, rows, 0, cols, cv2.BORDER_REFLECT))


def _merged(ir: tuple[Plane, Plane], vis: tuple[Plane, Plane]) -> tuple[Plane, Plane]:
    """Two opposite directions of one wedge, each on its own."""
    return consistent(ir[0], vis[0]), consistent(ir[1], vis[1])
