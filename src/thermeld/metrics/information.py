"""Information: how much is in the fused image, and how much of it comes from the sources."""

from math import log

import cv2
import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import Real
from thermeld.registry import metric


def entropy_bits(counts: Real) -> float:
    """Shannon entropy of a histogram of any shape; empty bins add nothing."""
    full = counts[counts > 0]
    share = full / full.sum()
    return float(-(share @ np.log2(share)))


def joint_histogram(source: Plane, fused: Plane) -> Real:
    """Pixels per pair of levels, 256 x 256: the source's by row, the fused image's by column."""
    pair = [source.levels, fused.levels]
    counts = cv2.calcHist(pair, [0, 1], None, [256, 256], [0, 256, 0, 256])
    return np.asarray(counts, np.float64)


def mutual_bits(source: Plane, fused: Plane) -> float:
    """What two planes tell about each other: H(a) + H(f) - H(a, f)."""
    apart = entropy_bits(source.histogram) + entropy_bits(fused.histogram)
    return apart - entropy_bits(source.once(joint_histogram, fused))


@metric(
    "EN",
    better="higher",
    range="0..8 bits",
    formula="H(F) = -sum p_i log2 p_i over the 256 grey levels",
    source="Roberts, van Aardt & Ahmed, J. Appl. Remote Sens. 2(1), 2008",
    conventions={
        "tang": "bits, of the gray image",
        "tang2022": "the same",
        "vifb": "bits, per channel",
        "cddfuse": "bits, of its gray image",
    },
    why="the conventions differ only in how colour becomes gray; most recent tables use this one",
    fooled_by="noise, compression blocks and stretched contrast; it never looks at the sources",
    also=("Entropy",),
)
def entropy(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """How evenly the fused image uses the grey levels."""
    return entropy_bits(fused.histogram)


@metric(
    "MI",
    better="higher",
    range="0..16 bits (0..11.1 nats in vifb and cddfuse)",
    formula="MI(A,F) + MI(B,F), with MI(X,F) = H(X) + H(F) - H(X,F)",
    source="Qu, Zhang & Yan, Electronics Letters 38(7), 2002",
    conventions={
        "tang": "bits; its joint histogram counts levels 254 and 255 as one",
        "tang2022": "the same",
        "vifb": "nats; both images stretched to their own minimum..maximum first, per channel",
        "cddfuse": "nats, plain",
    },
    why="published MI columns in bits come from this code, the merged bin included",
    fooled_by="a copy of one source: it beats every real mixture; and it ignores where pixels lie",
    also=("Mutinf",),
)
def mutual_information(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """How much the fused image tells about the grey levels of both sources, summed."""
    if convention == "cddfuse":
        return log(2.0) * (mutual_bits(ir, fused) + mutual_bits(vis, fused))
    if convention == "vifb":
        return log(2.0) * (_stretched_bits(ir, fused) + _stretched_bits(vis, fused))
    return _merged_bits(ir, fused) + _merged_bits(vis, fused)


def _stretched_bits(source: Plane, fused: Plane) -> float:
    """Between planes spread over the full range; a constant plane tells nothing."""
    if source.stretched is None or fused.stretched is None:
        return 0.0
    return mutual_bits(source.stretched, fused.stretched)


def _merged_bits(source: Plane, fused: Plane) -> float:
    """With the slip of the survey code: a saturating +1 lets 254 and 255 share a joint bin."""
    joint = source.once(joint_histogram, fused).copy()
    joint[254] += joint[255]
    joint[:, 254] += joint[:, 255]
    apart = entropy_bits(source.histogram) + entropy_bits(fused.histogram)
    return apart - entropy_bits(joint[:255, :255])


@metric(
    "NMI",
    better="higher",
    range="0..2",
    formula="2 MI(A,F) / (H(A) + H(F)) + 2 MI(B,F) / (H(B) + H(F))",
    source="Hossny, Nahavandi & Creighton, Electronics Letters 44(18), 2008",
    conventions={"paper": "as Hossny et al. corrected Qu's measure"},
    why="none of the evaluation codes has it",
    fooled_by="a copy of one source, as MI; but no longer the entropy of the sources",
    also=("Qmi",),
)
def normalised_mutual_information(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Mutual information as a share of what the two images hold; 0/0 = 0 for constant images."""
    shares = 0.0
    for source in (ir, vis):
        both = entropy_bits(source.histogram) + entropy_bits(fused.histogram)
        shares += 2.0 * mutual_bits(source, fused) / both if both else 0.0
    return shares


@metric(
    "CE",
    better="lower",
    range="0 and up, bits",
    formula="mean of D(A,F) and D(B,F); D(X,F) = sum p_X log2(p_X / p_F) where both are filled",
    source="Bulanon, Burks & Alchanatis, Biosystems Engineering 103(1), 2009",
    conventions={"vifb": "histograms per channel; the source is the first argument of D"},
    why="only VIFB has it",
    fooled_by="any image with the right histogram, shuffled pixels included; levels that the "
    "fused image lost altogether count nothing, so it can be negative",
    also=("Cross_entropy",),
)
def cross_entropy(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """How far the fused histogram is from those of the sources."""
    return 0.5 * (_divergence_bits(ir, fused) + _divergence_bits(vis, fused))


def _divergence_bits(source: Plane, fused: Plane) -> float:
    filled = (source.histogram > 0) & (fused.histogram > 0)
    share = source.histogram[filled] / source.levels.size
    return float(share @ np.log2(share / (fused.histogram[filled] / fused.levels.size)))
