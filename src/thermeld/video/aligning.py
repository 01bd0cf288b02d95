"""One warp for a whole video: the one given, or the one found for its first good pair."""

from copy import copy

from thermeld.align import Aligner, estimate
from thermeld.fuse import Fuser
from thermeld.image import Stored, luminance, unit


def fixed_alignment(fuser: Fuser, ir: Stored, vis: Stored) -> tuple[Fuser, str]:
    """A fuser that lays every frame alike, for a warp found anew for each would jitter.

    Args:
        fuser: with or without an aligner.
        ir: the first good infrared frame.
        vis: its partner.

    Returns:
        The fuser for all frames, and in one line what was found; "" where nothing was looked for.

    Raises:
        BadImage: the pair cannot be aligned.
    """
    aligner = fuser.aligner
    if aligner is None or aligner.warp is not None:
        return fuser, ""
    plane = luminance(unit(vis[:, :, :3] if vis.ndim == 3 else vis))
    found = estimate(fuser.infrared(ir), plane, local=aligner.local)
    other = copy(fuser)
    other.aligner = Aligner(found.warp, wedges=aligner.wedges)
    return other, f"all frames are aligned as the first pair: {found.sentence}"
