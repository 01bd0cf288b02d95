"""Multi-exposure fusion similarity: against what an ideal fusion of every window would be."""

from math import prod

import numpy as np

from thermeld.metrics.windows import GAUSS, Real, average, box_sums, fitting, smoothed

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
    alpha, beta = _desired(one, other)

    def covariance(x: Real, y: Real) -> Real:
        product = smoothed(x * y, GAUSS) - smoothed(x, GAUSS) * smoothed(y, GAUSS)
        return fitting(product, SIDE_PX)

    if not alpha.size:
        return float("nan")
    between = alpha * beta * covariance(one, other)
    wanted = alpha**2 * covariance(one, one) + beta**2 * covariance(other, other) + 2.0 * between
    cross = alpha * covariance(one, fused) + beta * covariance(other, fused)
    return average((2.0 * cross + STEADY) / (wanted + covariance(fused, fused) + STEADY))


def _desired(one: Real, other: Real) -> tuple[Real, Real]:
    """Shares of the two sources' deviations in the desired window, per window that fits."""
    first, second, both = _spread(one, one), _spread(other, other), _spread(one, other)
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
    scale = np.divide(np.maximum(*sharp), norm, out=np.ones_like(norm), where=norm > 0)
    return alpha * scale, beta * scale


def _spread(x: Real, y: Real) -> Real:
    """Sum of the products of the deviations in every box; exact on (fractions of) levels."""
    deviation = AREA * box_sums(x * y, SIDE_PX) - box_sums(x, SIDE_PX) * box_sums(y, SIDE_PX)
    return deviation / AREA


def halved(values: Real) -> Real:
    """Means of 2 x 2 blocks; an odd last row or column is averaged with itself."""
    rows, cols = values.shape
    even = np.pad(values, ((0, rows % 2), (0, cols % 2)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4.0
