"""Fusion in the dual-tree complex wavelet domain: `dtcwt`.

Source: Lewis, O'Callaghan, Nikolov, Bull & Canagarajah, "Pixel- and region-based image fusion
with complex wavelets", Information Fusion 8(2), 2007, with the settings of the MST toolbox of
Liu, Liu & Wang, Information Fusion 24, 2015.
"""

import cv2

from thermeld.image import Gray
from thermeld.methods.choose import consistent, mean, require_levels
from thermeld.methods.dualtree import Octave, analyse, synthesise
from thermeld.methods.planes import even, from_levels, to_levels
from thermeld.registry import method


@method(
    "dtcwt",
    family="wavelet",
    source="Lewis et al., Information Fusion 8(2), 2007; MST toolbox of Liu, Liu & Wang, 2015",
    reach_px=None,  # sides that four does not divide are padded on both ends: tiles shift phase
)
def dtcwt(ir: Gray, vis: Gray, *, levels: int = 4) -> Gray:
    """Stronger complex wavelet in each of six directions by vote, averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: octaves.

    Raises:
        BadSetting: `levels` is below 1.
    """
    require_levels(levels)
    low_ir, ours = analyse(even(to_levels(ir), cv2.BORDER_REPLICATE), levels)
    low_vis, theirs = analyse(even(to_levels(vis), cv2.BORDER_REPLICATE), levels)
    octaves = [_merged(*pair) for pair in zip(ours, theirs, strict=True)]
    fused = synthesise(mean(low_ir, low_vis), octaves)
    return from_levels(fused[: ir.shape[0], : ir.shape[1]])


def _merged(ir: Octave, vis: Octave) -> Octave:
    pairs = zip(ir.bands, vis.bands, strict=True)
    return Octave(tuple(consistent(*pair) for pair in pairs), ir.size)
