"""Two views of one scene to one warp, its quality, and camera rigs calibrated once."""

from thermeld.align.estimate import Alignment, estimate
from thermeld.align.files import read_warp, require_free, warp_to_json, write_text
from thermeld.align.laying import WEDGES, Aligner, Laid
from thermeld.align.rig import Parallax, Rig, calibrate, from_points, read_rig, rig_to_json
from thermeld.align.warp import Lens, Warp, apply, common_rectangle, unwarped

__all__ = [
    "WEDGES",
    "Aligner",
    "Alignment",
    "Laid",
    "Lens",
    "Parallax",
    "Rig",
    "Warp",
    "apply",
    "calibrate",
    "common_rectangle",
    "estimate",
    "from_points",
    "read_rig",
    "read_warp",
    "require_free",
    "rig_to_json",
    "unwarped",
    "warp_to_json",
    "write_text",
]
