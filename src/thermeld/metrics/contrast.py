"""Contrast kept: where a source shows something, does the fused image still show it?"""

import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import Real, box_sums
from thermeld.registry import metric

SIDE_PX = 11
AREA = SIDE_PX**2
LEAST_SD = 8.0  # grey levels; windows flatter than that in both sources do not count
KEPT = 0.8


@metric(
    "contrast_kept",
    better="higher",
    range="0..1",
    formula="share of the 11x11 windows with max(sd_A, sd_B) > 8 grey levels in which "
    "cov(F, S) / var(S) >= 0.8, S being the source with the larger variance there",
    source="our own; asks for what docs/own-network.md says the usual measures do not see",
    conventions={"paper": "the definition above, on 8-bit gray, over windows that fit"},
    why="there is one definition",
    fooled_by="exaggerated contrast, and noise, which is contrast like any other",
)
def contrast_kept(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Share of the windows with contrast that keep the stronger source's, right way round."""
    variances = [source.once(_spread) for source in (ir, vis)]
    shared = [_shared(source, fused) for source in (ir, vis)]
    first = variances[0] >= variances[1]
    stronger = np.where(first, *variances)
    counted = stronger > (LEAST_SD * AREA) ** 2
    kept = np.where(first, *shared)[counted] >= KEPT * stronger[counted]
    return float(kept.mean()) if kept.size else float("nan")


def _spread(plane: Plane) -> Real:
    """Variance under every window that fits times AREA squared; exact."""
    return _shared(plane, plane)


def _shared(one: Plane, other: Plane) -> Real:
    """Covariance under every window that fits times AREA squared; exact."""
    sums = (box_sums(values, SIDE_PX) for values in (one.values, other.values))
    return AREA * box_sums(one.values * other.values, SIDE_PX) - next(sums) * next(sums)
