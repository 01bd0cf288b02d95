"""Two views of one scene to one warp, its quality, and camera rigs calibrated once."""

from thermeld.align.estimate import Alignment, estimate
from thermeld.align.files import read_warp, warp_to_json
from thermeld.align.laying import WEDGES, Aligner, Laid
from thermeld.align.warp import Lens, Warp, apply, common_rectangle, unwarped

__all__ = [
    "WEDGES",
    "Aligner",
    "Alignment",
    "Laid",
    "Lens",
    "Warp",
    "apply",
    "common_rectangle",
    "estimate",
    "read_warp",
    "unwarped",
    "warp_to_json",
]
