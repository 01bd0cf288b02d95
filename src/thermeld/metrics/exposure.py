"""Multi-exposure fusion similarity: against what an ideal fusion of every window would be."""

from math import prod

import numpy as np

from thermeld.metrics.windows import (
    GAUSS,
    Means,
    Real,
    box_sums,
    fitting,
    local_means,
    mean_of,
    smoothed,
)

SIDE_PX = 11
AREA = SIDE_PX * SIDE_PX
STEADY = (0.03 * 255.0) ** 2
EPS = float(np.finfo(np.float64).eps)
WEIGHTS = np.array([0.0448, 0.2856, 0.3001]) / 0.6305  # of the levels, finest first


def multi_exposure_similarity(one: Real, other: Real, fused: Real) -> float:
    """Product over three levels, each half the size of the one before; NaN if none fits.

    Args:
        one: (H, W), 0..255.
        other: the second source.
        fused: the image to judge.

    Source: Ma, Zeng & Wang, IEEE Trans. Image Processing 24(11), 2015.
    """
    scores = []
    for _ in WEIGHTS:
        scores.append(exposure_similarity(one, other, fused))
        one, other, fused = (halved(values) for values in (one, other, fused))
    return prod(
        float(np.sign(score) * np.abs(score) ** weight)
        for score, weight in zip(scores, WEIGHTS, strict=True)
    )


def exposure_similarity(one: Real, other: Real, fused: Real) -> float:
    """One level: mean likeness of the fused windows to the desired ones; no brightness term."""
    products = one * one, other * other, one * other
    boxes = [box_sums(values, SIDE_PX) for values in (one, other, *products)]
    means = local_means(lambda v: fitting(smoothed(v, GAUSS), SIDE_PX), one, other, fused)
    return mean_of(lambda *maps: _likeness(_desired(*maps[:5]), Means(*maps[5:])), *boxes, *means)


def _likeness(shares: tuple[Real, Real], mean: Means) -> Real:
    """Of every fused window to the desired one, which has these shares of the sources."""
    alpha, beta = shares
    one_var = mean.one_one - mean.one**2
    other_var = mean.other_other - mean.other**2
    between = mean.one_other - mean.one * mean.other
    wanted = alpha**2 * one_var + beta**2 * other_var + 2.0 * alpha * beta * between
    by_one = mean.one_fused - mean.one * mean.fused
    by_other = mean.other_fused - mean.other * mean.fused
    cross = alpha * by_one + beta * by_other
    return (2.0 * cross + STEADY) / (wanted + mean.fused_fused - mean.fused**2 + STEADY)


def _desired(
    one: Real, other: Real, one_one: Real, other_other: Real, one_other: Real
) -> tuple[Real, Real]:
    """Shares of the sources' deviations in the desired window, from sums over boxes."""
    first, second, both = (  # whole numbers over AREA: nothing is lost where windows are flat
        (AREA * product - x * y) / AREA
        for product, x, y in (
            (one_one, one, one),
            (other_other, other, other),
            (one_other, one, other),
        )
    )
    norms = np.sqrt(first), np.sqrt(second)
    sharp = norms[0] + 0.001, norms[1] + 0.001
    together = np.sqrt(np.maximum(first + second + 2.0 * both, 0.0))
    likeness = (together + EPS) / (norms[0] + norms[1] + EPS)
    likeness[likeness > 1.0] = 1.0 - EPS
    power = np.minimum(np.tan(0.5 * np.pi * likeness), 10.0)
    weights = [(each / SIDE_PX) ** power + EPS for each in sharp]
    total = weights[0] + weights[1]
    alpha, beta = (w / (total * each) for w, each in zip(weights, sharp, strict=True))
    norm = np.sqrt(np.maximum(alpha**2 * first + beta**2 * second + 2 * alpha * beta * both, 0.0))
    longest = np.maximum(*sharp)
    longest[norm == 0.0] = norm[norm == 0.0] = 1.0
    return alpha * (longest / norm), beta * (longest / norm)


def halved(values: Real) -> Real:
    """Means of 2 x 2 blocks; an odd last row or column is averaged with itself."""
    rows, cols = values.shape
    even = np.pad(values, ((0, rows % 2), (0, cols % 2)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4.0
