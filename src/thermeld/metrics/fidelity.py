"""Fidelity: differences to, and correlation with, the sources.

All of it follows from a few whole numbers, the histograms and the sums of squared differences
of the levels, so it is exact and costs next to nothing.
"""

from math import inf, log10, nan, sqrt

import cv2
import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.registry import metric


def total(plane: Plane) -> int:
    """Sum of the levels; exact."""
    return int(plane.histogram @ np.arange(256.0))


def energy(plane: Plane) -> int:
    """Sum of the squared levels; exact."""
    return int(plane.histogram @ np.arange(256.0) ** 2)


def squared_error(one: Plane, other: Plane) -> int:
    """Sum of squared differences of the levels; exact."""
    return round(cv2.norm(one.levels, other.levels, cv2.NORM_L2SQR))


def product(one: Plane, other: Plane) -> int:
    """Sum over pixels of the product of the levels; exact."""
    return (one.once(energy) + other.once(energy) - one.once(squared_error, other)) // 2


def covariance(one: Plane, other: Plane) -> int:
    """Covariance of the levels times the squared number of pixels; exact."""
    return one.levels.size * product(one, other) - one.once(total) * other.once(total)


@metric(
    "MSE",
    better="lower",
    range="0..1 (0..65025 in cddfuse)",
    formula="1/2 mean((F-A)^2) + 1/2 mean((F-B)^2) on 0..1",
    source="textbook; the mean over two sources is the fusion field's own habit",
    conventions={
        "tang": "levels divided by 255",
        "tang2022": "the same",
        "cddfuse": "levels 0..255",
    },
    why="on 0..1 it does not depend on the bit depth",
    fooled_by="the plain average of the sources, which no image can beat",
)
def mean_squared_error(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Mean squared difference to the two sources, averaged."""
    error = _both_errors(ir, vis, fused)
    return error if convention == "cddfuse" else error / 255.0**2


def _both_errors(ir: Plane, vis: Plane, fused: Plane) -> float:
    both = fused.once(squared_error, ir) + fused.once(squared_error, vis)
    return both / (2.0 * fused.levels.size)


@metric(
    "RMSE",
    better="lower",
    range="0 and up; shrinks as images grow",
    formula="mean of e(A) and e(B); e(X) = sqrt(sum (X-F)^2) / (M N)",
    source="textbook; VIFB divides the norm by the number of pixels, not by its root",
    conventions={"vifb": "levels 0..255 per channel; not a root mean square at all"},
    why="only VIFB has it",
    fooled_by="the plain average of the sources; and compare nothing across image sizes",
    also=("Rmse",),
)
def root_mean_squared_error(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Length of the difference to the two sources per pixel, averaged."""
    return (_norm_per_pixel(ir, fused) + _norm_per_pixel(vis, fused)) / 2.0


def _norm_per_pixel(source: Plane, fused: Plane) -> float:
    return sqrt(fused.once(squared_error, source)) / fused.levels.size


@metric(
    "PSNR",
    better="higher",
    range="decibels; infinite where all three images agree",
    formula="20 log10(255 / sqrt(MSE)) with the MSE on 0..1: 48.13 dB above a proper PSNR",
    source="textbook; see the conventions for what each code makes of it",
    conventions={
        "tang": "peak 255 against an error on 0..1: 48.13 dB too much for every image alike",
        "tang2022": "the same",
        "vifb": "20 log10(255 / sqrt(RMSE)) with VIFB's RMSE, so it grows with image size",
        "cddfuse": "levels 0..255, the largest level of the fused image as the peak",
    },
    why="a constant offset does not change any ranking; the other two mix in size or brightness",
    fooled_by="the plain average of the sources, which no image can beat",
    also=("Psnr",),
)
def peak_signal_to_noise(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Mean squared difference to the two sources, in decibels below the peak."""
    if convention == "vifb":
        error = (_norm_per_pixel(ir, fused) + _norm_per_pixel(vis, fused)) / 2.0
        return _decibels(255.0**2, error)
    error = _both_errors(ir, vis, fused)
    if convention == "cddfuse":
        return _decibels(float(fused.levels.max()) ** 2, error)
    return _decibels(255.0**2, error / 255.0**2)


def _decibels(power: float, error: float) -> float:
    if error == 0.0:
        return inf
    return 10.0 * log10(power / error) if power else -inf


@metric(
    "CC",
    better="higher",
    range="-1..1",
    formula="mean of the Pearson correlations (A,F) and (B,F)",
    source="textbook; as used by Ma, Ma & Li, Information Fusion 45, 2019",
    conventions={
        "tang": "of the gray images",
        "tang2022": "the same",
        "cddfuse": "of its gray images",
    },
    why="the conventions differ only in how colour becomes gray; most recent tables use this one",
    fooled_by="the plain average of the sources; blind to brightness and contrast",
)
def correlation(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Linear correlation with the sources, averaged; NaN if any image is constant."""
    ff = covariance(fused, fused)
    sides = [(covariance(fused, source), covariance(source, source)) for source in (ir, vis)]
    return sum(_pearson(cross, ff, own) for cross, own in sides) / 2.0


def _pearson(cross: int, one: int, other: int) -> float:
    return cross / (sqrt(one) * sqrt(other)) if one and other else nan


@metric(
    "SCD",
    better="higher",
    range="-2..2",
    formula="corr(F-B, A) + corr(F-A, B), Pearson over the whole image",
    source="Aslantas & Bendes, AEU Int. J. Electron. Commun. 69(12), 2015",
    conventions={
        "tang": "of the gray images",
        "tang2022": "the same",
        "cddfuse": "of its gray images",
    },
    why="the conventions differ only in how colour becomes gray; most recent tables use this one",
    fooled_by="the plain sum of the sources with its contrast exaggerated",
)
def sum_of_correlations_of_differences(
    ir: Plane, vis: Plane, fused: Plane, convention: str
) -> float:
    """How much of each source is what the fused image has beyond the other; NaN if constant."""
    ii, vv, ff = (covariance(plane, plane) for plane in (ir, vis, fused))
    fi, fv, vi = covariance(fused, ir), covariance(fused, vis), covariance(vis, ir)
    of_ir = _pearson(fi - vi, ff + vv - 2 * fv, ii)
    of_vis = _pearson(fv - vi, ff + ii - 2 * fi, vv)
    return of_ir + of_vis
