"""Structural similarity over several scales, in the two meanings the name has."""

from math import prod

from thermeld.metrics.exposure import halved, multi_exposure_similarity
from thermeld.metrics.plane import Plane
from thermeld.metrics.structure import similarity
from thermeld.metrics.windows import GAUSS, Real, average, fitting, local_moments, smoothed
from thermeld.registry import metric

SIDE_PX = 11
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the five scales, finest first
C1, C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2


@metric(
    "MS_SSIM",
    better="higher",
    range="-1..1",
    formula="product over three scales of (mean of (2 c_rf + C) / (v_r + v_f + C))^b, with r the "
    "window an ideal multi-exposure fusion of the two sources would have",
    source="tang: Ma, Zeng & Wang, IEEE Trans. Image Processing 24(11), 2015; "
    "paper: Wang, Simoncelli & Bovik, Asilomar Conference 2003",
    conventions={
        "tang": "the multi-exposure similarity of Ma et al. at three scales",
        "paper": "the classical five scales of Wang et al., mean over the two sources; needs "
        "176 pixels a side",
    },
    why="published MS-SSIM columns of fusion tables come from that code",
    fooled_by="the stronger contrast in every window, noise included; blind to brightness",
    also=("MS-SSIM",),
)
def multiscale_similarity(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Likeness of local pattern at several scales; NaN where the smallest scale holds no window."""
    if convention == "tang":
        return multi_exposure_similarity(ir.values, vis.values, fused.values)
    return (_classical(ir.values, fused.values) + _classical(vis.values, fused.values)) / 2.0


def _classical(source: Real, fused: Real) -> float:
    scores = []
    for scale in range(len(WEIGHTS)):
        last = scale == len(WEIGHTS) - 1
        scores.append(max(_at_one_scale(source, fused, brightness=last), 0.0))
        source, fused = halved(source), halved(fused)
    return prod(float(score**weight) for score, weight in zip(scores, WEIGHTS, strict=True))


def _at_one_scale(source: Real, fused: Real, *, brightness: bool) -> float:
    one, other = local_moments(source, GAUSS), local_moments(fused, GAUSS)
    cross = smoothed(source * fused, GAUSS) - one.mean * other.mean
    if brightness:
        return average(fitting(similarity(one, other, cross, C1, C2), SIDE_PX))
    return average(fitting((2.0 * cross + C2) / (one.var + other.var + C2), SIDE_PX))
