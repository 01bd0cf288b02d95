"""Fusion by shearlets and a pulse-coupled neural network: `nsst-papcnn`.

A nonsubsampled shearlet transform; in every band the coefficient wins whose neuron fires more
often; the low-pass takes the pixel with more local energy and contrast.

Source: Yin, Liu, Liu & Chen, "Medical image fusion with parameter-adaptive pulse coupled neural
network in nonsubsampled shearlet transform domain", IEEE Trans. Instrum. Meas. 68(1), 2019.
"""

from itertools import product
from typing import cast

import cv2
import numpy as np

from thermeld.image import Gray
from thermeld.methods import atrous, shearlet
from thermeld.methods.pcnn import firings
from thermeld.methods.planes import Plane, clipped, mirrored, mirrored_without_corners
from thermeld.registry import method

_DIRECTIONS = (16, 16, 8, 8)  # fine to coarse
_WINDOW_PX = (16, 16, 8, 8)
_NEAR = np.array([0.25, 0.5, 0.25])  # twice over, the weights 1, 2, 4 of sixteen


@method(
    "nsst-papcnn",
    family="shearlet",
    source="Yin, Liu, Liu & Chen, IEEE Trans. Instrum. Meas. 68(1), 2019",
    reach_px=None,  # filters wrap around, and parameters are those of whole bands
)
def nsst_papcnn(ir: Gray, vis: Gray) -> Gray:
    """Shearlet whose neuron fires more often wins; base by local energy and contrast.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
    """
    low_ir, ours = atrous.analyse(ir, len(_DIRECTIONS), atrous.MAXFLAT)
    low_vis, theirs = atrous.analyse(vis, len(_DIRECTIONS), atrous.MAXFLAT)
    bands = [
        _merged(our, other, side, directions)
        for our, other, side, directions in zip(ours, theirs, _WINDOW_PX, _DIRECTIONS, strict=True)
    ]
    base = np.where(activity(low_ir) >= activity(low_vis), low_ir, low_vis)
    return clipped(atrous.synthesise(base, bands, atrous.MAXFLAT))


def _merged(ir: Plane, vis: Plane, side: int, directions: int) -> Plane:
    """Merge one scale direction by direction; a tie goes to infrared."""
    filters = shearlet.windows((ir.shape[0], ir.shape[1]), side, directions, ir.dtype)
    pairs = zip(shearlet.analyse(ir, filters), shearlet.analyse(vis, filters), strict=True)
    chosen = [np.where(firings(a) >= firings(b), a, b) for a, b in pairs]
    return shearlet.synthesise(chosen, filters)


def activity(plane: Plane) -> Plane:
    """Weighted local energy times weighted sum of the eight-neighbour modified Laplacian."""
    wide = mirrored_without_corners(plane * plane, 1)
    energy = cv2.sepFilter2D(wide, -1, _NEAR, _NEAR)[1:-1, 1:-1]
    return cast(Plane, energy * _contrast(plane))


def _contrast(plane: Plane) -> Plane:
    height, width = plane.shape
    wide = mirrored(plane, 1, border=cv2.BORDER_REFLECT)
    total = np.zeros_like(plane)
    for row, col in product((0, 1, 2), repeat=2):
        weight = plane.dtype.type(np.sqrt(0.5) if row != 1 and col != 1 else 1.0)
        total += weight * np.abs(plane - wide[row : row + height, col : col + width])
    rooted = np.sqrt(cv2.blur(total, (3, 3), borderType=cv2.BORDER_REFLECT))
    return cast(Plane, cv2.sepFilter2D(rooted, -1, _NEAR, _NEAR, borderType=cv2.BORDER_REFLECT))
