"""The floors that every other method has to beat: pixel-wise rules."""

import numpy as np

from thermeld.image import Gray
from thermeld.registry import method


@method("average", family="floor", source="arithmetic mean")
def average(ir: Gray, vis: Gray) -> Gray:
    """Mean of the two; halves the contrast of whatever only one sensor sees."""
    return np.float32(0.5) * (ir + vis)


@method("maximum", family="floor", source="pixel-wise maximum")
def maximum(ir: Gray, vis: Gray) -> Gray:
    """Brighter of the two; scores well on MI, VIF and Qabf, and washes out dark targets."""
    return np.maximum(ir, vis)
