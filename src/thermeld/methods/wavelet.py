"""Wavelet fusion by the larger coefficient: `wavelet-max`.

Haar (db1) only: it needs no wavelet library, and on 8-bit pixels it is exact where a library's
division by the root of two breaks ties by chance.

Source: Li, Manjunath & Mitra, "Multisensor Image Fusion Using the Wavelet Transform", Graphical
Models and Image Processing 57(3), 1995, with the settings of the MST toolbox of Liu, Liu & Wang,
Information Fusion 24, 2015.
"""

from thermeld.image import Gray
from thermeld.methods.choose import base_rule, detail_rule, require_levels
from thermeld.methods.haar import Octave, join, split
from thermeld.methods.planes import Plane, from_levels, to_levels
from thermeld.registry import method


@method(
    "wavelet-max",
    family="wavelet",
    source="Li, Manjunath & Mitra, GMIP 57(3), 1995; Liu, Liu & Wang, Information Fusion 24, 2015",
    reach_px=3 * 2**4,  # a block of the coarsest level, and two more that vote
    align_px=2**4,
)
def wavelet_max(
    ir: Gray, vis: Gray, *, levels: int = 4, base: str = "mean", rule: str = "consistent"
) -> Gray:
    """Stronger Haar coefficient wins by a vote of its neighbours, averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: octaves.
        base: rule for the low-pass, "mean" or "max".
        rule: for the details, "consistent" (magnitude in 3x3, then a vote) or "larger".

    Raises:
        BadSetting: a setting has no such value.
    """
    require_levels(levels)
    return from_levels(_fused(to_levels(ir), to_levels(vis), levels, base, rule))


def _fused(ir: Plane, vis: Plane, levels: int, base: str, rule: str) -> Plane:
    if levels == 0:
        return base_rule(base, ir, vis)
    (low_ir, ours), (low_vis, theirs) = split(ir), split(vis)
    pairs = zip(ours.bands, theirs.bands, strict=True)
    details = Octave(tuple(detail_rule(rule, *pair) for pair in pairs), ours.size)
    return join(_fused(low_ir, low_vis, levels - 1, base, rule), details)
