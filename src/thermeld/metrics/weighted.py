"""Similarity weighted by which source matters in each window: Piella's three, and Yang's."""

from math import nan

import cv2
import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.metrics.structure import similarity
from thermeld.metrics.windows import (
    Local,
    Means,
    Real,
    box_sums,
    fitting,
    gaussian,
    local_means,
    mean_of,
    smoothed,
    strips,
)
from thermeld.registry import metric

SIDE_PX = 8  # of Piella's window, as Wang & Bovik's index has it
YANG = gaussian(7, 1.5)
ALIKE = 0.75  # sources at least this similar are mixed, others compete
FLAT = 1e-8  # below any variance that whole grey levels can have under YANG
PAPER = "Piella & Heijmans, ICIP 2003; index of Wang & Bovik, IEEE Signal Proc. Letters 9(3), 2002"
NO_CODE = "none of the evaluation codes above has it"


@metric(
    "Q0",
    better="higher",
    range="-1..1",
    formula="mean over 8x8 windows of l Q(A,F) + (1-l) Q(B,F); l = v_A / (v_A + v_B), "
    "Q(X,F) = 4 c m_X m_F / ((m_X^2 + m_F^2)(v_X + v_F))",
    source=PAPER,
    conventions={"paper": "every 8x8 window that fits, gray; l = 1/2 where both sources are flat"},
    why=NO_CODE,
    fooled_by="the busier source, noise included; flat windows count as much as edges",
    also=("Qs",),
)
def fusion_quality(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Universal quality index against both sources, the livelier one weighing more."""
    means = _box_means(ir.values, vis.values, fused.values)
    return mean_of(lambda *part: _piella(Means(*part))[0], *means)


@metric(
    "Qw",
    better="higher",
    range="-1..1",
    formula="sum c (l Q(A,F) + (1-l) Q(B,F)) / sum c; c = max(v_A, v_B)",
    source=PAPER,
    conventions={"paper": "as Q0, windows weighted by the larger variance of the sources"},
    why=NO_CODE,
    fooled_by="the busiest parts of the sources alone, noise included",
)
def weighted_fusion_quality(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """As Q0, with lively windows weighing more; NaN where both sources are constant."""
    return _weighted(ir.values, vis.values, fused.values)


@metric(
    "Qe",
    better="higher",
    range="-1..1",
    formula="Qw(A, B, F) Qw(A', B', F'), X' = Prewitt magnitude of X",
    source=PAPER,
    conventions={"paper": "Prewitt magnitude with zero padding, exponent 1"},
    why=NO_CODE,
    fooled_by="the busiest parts of the sources alone, noise included; two bad halves make a good",
)
def edge_fusion_quality(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Qw of the images times Qw of their edges; NaN where both sources are constant."""
    edges = (_prewitt(plane) for plane in (ir, vis, fused))
    return weighted_fusion_quality(ir, vis, fused, convention) * _weighted(*edges)


def _weighted(ir: Real, vis: Real, fused: Real) -> float:
    kept = total = 0.0
    for part in strips(*_box_means(ir, vis, fused)):
        quality, weight = _piella(Means(*part))
        kept += float(np.vdot(quality, weight))
        total += float(weight.sum())
    return kept / total if total else nan


def _box_means(ir: Real, vis: Real, fused: Real) -> Means:
    return local_means(lambda v: box_sums(v, SIDE_PX) / SIDE_PX**2, ir, vis, fused)


def _piella(mean: Means) -> tuple[Real, Real]:
    """Quality and larger source variance of every window."""
    one, other = _local(mean.one, mean.one_one), _local(mean.other, mean.other_other)
    target = _local(mean.fused, mean.fused_fused)
    share = _share(one.var, other.var)
    by_one = _universal(one, target, mean.one_fused - mean.one * mean.fused)
    by_other = _universal(other, target, mean.other_fused - mean.other * mean.fused)
    return share * by_one + (1.0 - share) * by_other, np.maximum(one.var, other.var)


def _local(mean: Real, square: Real) -> Local:
    var = square - mean * mean
    var[var < 1e-12 * square] = 0.0  # what rounding leaves of a flat window
    return Local(mean, var)


def _share(one: Real, other: Real) -> Real:
    """Weight of the first by variance, one / (one + other); 1/2 where both are 0."""
    total = one + other
    flat = total == 0.0
    total[flat] = 1.0
    share = one / total
    share[flat] = 0.5
    return share


def _universal(one: Local, other: Local, cross: Real) -> Real:
    """Wang & Bovik's index; a factor that is 0/0 counts as 1."""
    means = 2.0 * one.mean * other.mean
    squares = one.mean * one.mean + other.mean * other.mean
    spread = one.var + other.var
    black, flat = squares == 0.0, spread == 0.0
    means[black] = squares[black] = 1.0
    contrast = 2.0 * cross
    contrast[flat] = spread[flat] = 1.0
    return (means * contrast) / (squares * spread)


def _prewitt(plane: Plane) -> Real:
    edge, ones = np.array([-1.0, 0.0, 1.0]), np.ones(3)
    along_x, along_y = (
        np.asarray(cv2.sepFilter2D(plane.values, -1, x, y, borderType=cv2.BORDER_CONSTANT))
        for x, y in ((edge, ones), (ones, edge))
    )
    return np.asarray(np.sqrt(along_x * along_x + along_y * along_y))


@metric(
    "QY",
    better="higher",
    range="-1..1",
    formula="mean of l S(A,F) + (1-l) S(B,F) where S(A,B) >= 0.75, of max(S(A,F), S(B,F)) "
    "elsewhere; l = v_A / (v_A + v_B), S = SSIM",
    source="Yang, Zhang, Wang & Liu, Information Fusion 9(2), 2008; window and constants as in "
    "the toolbox of Z. Liu",
    conventions={"paper": "7x7 Gaussian window (1.5), windows that fit, vanishing constants"},
    why=NO_CODE,
    fooled_by="a copy of either source where the two differ: that is the best it can see",
    also=("Qy",),
)
def yang_similarity(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Similarity to both sources where they agree, to the nearer one where they do not."""
    images = ir.values, vis.values, fused.values
    means = local_means(lambda v: fitting(smoothed(v, YANG), len(YANG)), *images)
    return mean_of(lambda *part: _yang(Means(*part)), *means)


def _yang(mean: Means) -> Real:
    """Quality of every window."""
    one, other = _flattened(mean.one, mean.one_one), _flattened(mean.other, mean.other_other)
    target = _flattened(mean.fused, mean.fused_fused)
    between = _similarity(one, other, mean.one_other)
    by_one = _similarity(one, target, mean.one_fused)
    by_other = _similarity(other, target, mean.other_fused)
    share = _share(one.var, other.var)
    mixed = share * by_one + (1.0 - share) * by_other
    return np.where(between >= ALIKE, mixed, np.maximum(by_one, by_other))


def _flattened(mean: Real, square: Real) -> Local:
    var = square - mean * mean
    var[var < FLAT] = 0.0
    return Local(mean, var)


def _similarity(x: Local, y: Local, product: Real) -> Real:
    cross = product - x.mean * y.mean
    cross[(x.var == 0.0) | (y.var == 0.0)] = 0.0
    return similarity(x, y, cross, 2e-16, 2e-16)
