"""Fusion in the nonsubsampled contourlet domain: `nsct`.

A shift-invariant pyramid (`atrous.py`), each band of it cut into directions (`directions.py`).

Source: da Cunha, Zhou & Do, IEEE Trans. Image Process. 15(10), 2006; fusion rule and settings of
the MST toolbox of Liu, Liu & Wang, Information Fusion 24, 2015.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermeld.image import Gray
from thermeld.methods.atrous import PYREXC, analyse, synthesise
from thermeld.methods.choose import consistent, mean
from thermeld.methods.directions import Bank, bank
from thermeld.methods.planes import Plane, from_levels, to_levels
from thermeld.registry import method

_DEPTHS = (4, 3, 3, 2)  # 2**depth directions, fine to coarse


@method(
    "nsct",
    family="contourlet",
    source="da Cunha, Zhou & Do, IEEE Trans. Image Process. 15(10), 2006; MST toolbox, 2015",
    reach_px=None,  # directional filters wrap around the image
)
def nsct(ir: Gray, vis: Gray) -> Gray:
    """Stronger contourlet of each scale and direction by vote, averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
    """
    low_ir, ours = analyse(to_levels(ir), len(_DEPTHS), PYREXC)
    low_vis, theirs = analyse(to_levels(vis), len(_DEPTHS), PYREXC)
    size = (ir.shape[0], ir.shape[1])
    bands = [
        _merged(our, other, bank(size, depth, low_ir.dtype))
        for our, other, depth in zip(ours, theirs, _DEPTHS, strict=True)
    ]
    return from_levels(synthesise(mean(low_ir, low_vis), bands, PYREXC))


def _merged(ir: Plane, vis: Plane, filters: Bank) -> Plane:
    """Merge one scale direction by direction."""
    spectrum_ir, spectrum_vis = np.fft.rfft2(ir), np.fft.rfft2(vis)
    total = np.zeros_like(spectrum_ir)
    for there, back in zip(filters.analysis, filters.synthesis, strict=True):
        ours = _inverse(spectrum_ir * there, ir)
        theirs = _inverse(spectrum_vis * there, ir)
        total += np.fft.rfft2(consistent(ours, theirs)) * back
    return _inverse(total, ir)


def _inverse(spectrum: NDArray[np.complexfloating[Any, Any]], like: Plane) -> Plane:
    return np.fft.irfft2(spectrum, s=like.shape)
