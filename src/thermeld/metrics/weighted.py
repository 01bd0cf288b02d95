"""Similarity weighted by which source matters in each window: Piella's three, and Yang's."""

import cv2
import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.metrics.structure import similarity
from thermeld.metrics.windows import Local, Real, average, box_sums, fitting, gaussian, smoothed
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
    quality, _ = _piella(ir.values, vis.values, fused.values)
    return average(quality)


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
    return _weighted(*_piella(ir.values, vis.values, fused.values))


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
    return weighted_fusion_quality(ir, vis, fused, convention) * _weighted(*_piella(*edges))


def _weighted(quality: Real, weight: Real) -> float:
    total = float(weight.sum())
    return float(np.vdot(weight, quality)) / total if total else float("nan")


def _piella(ir: Real, vis: Real, fused: Real) -> tuple[Real, Real]:
    """Quality and larger source variance of every window that fits."""
    one, other, target = (_box_moments(values) for values in (ir, vis, fused))
    share = _share(one.var, other.var)
    by_ir = _universal(one, target, _box_covariance(ir, fused, one, target))
    by_vis = _universal(other, target, _box_covariance(vis, fused, other, target))
    return share * by_ir + (1.0 - share) * by_vis, np.maximum(one.var, other.var)


def _share(one: Real, other: Real) -> Real:
    total = one + other
    return np.divide(one, total, out=np.full_like(total, 0.5), where=total > 0)


def _universal(one: Local, other: Local, cross: Real) -> Real:
    """Wang & Bovik's index; a factor that is 0/0 counts as 1."""
    spread = one.var + other.var
    contrast = np.divide(2.0 * cross, spread, out=np.ones_like(spread), where=spread > 0)
    squares = one.mean**2 + other.mean**2
    means = 2.0 * one.mean * other.mean
    return contrast * np.divide(means, squares, out=np.ones_like(squares), where=squares > 0)


def _box_moments(values: Real) -> Local:
    count = SIDE_PX * SIDE_PX
    mean = box_sums(values, SIDE_PX) / count
    square = box_sums(values * values, SIDE_PX) / count
    var = square - mean * mean
    var[var < 1e-12 * square] = 0.0  # what rounding leaves of a flat window
    return Local(mean, var)


def _box_covariance(one: Real, other: Real, first: Local, second: Local) -> Real:
    return box_sums(one * other, SIDE_PX) / SIDE_PX**2 - first.mean * second.mean


def _prewitt(plane: Plane) -> Real:
    edge, ones = np.array([-1.0, 0.0, 1.0]), np.ones(3)
    along_x, along_y = (
        cv2.sepFilter2D(plane.values, -1, *taps, borderType=cv2.BORDER_CONSTANT)
        for taps in ((edge, ones), (ones, edge))
    )
    return np.asarray(np.sqrt(along_x**2 + along_y**2))


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
    one, other, target = (_yang_moments(plane) for plane in (ir, vis, fused))
    between = _yang_map(ir, vis, one, other)
    by_ir, by_vis = _yang_map(ir, fused, one, target), _yang_map(vis, fused, other, target)
    share = _share(one.var, other.var)
    mixed = share * by_ir + (1.0 - share) * by_vis
    return average(np.where(between >= ALIKE, mixed, np.maximum(by_ir, by_vis)))


def _yang_moments(plane: Plane) -> Local:
    mean = smoothed(plane.values, YANG)
    var = smoothed(plane.values * plane.values, YANG) - mean * mean
    return Local(fitting(mean, 7), np.where(var < FLAT, 0.0, var)[3:-3, 3:-3])


def _yang_map(one: Plane, other: Plane, first: Local, second: Local) -> Real:
    cross = fitting(smoothed(one.values * other.values, YANG), 7) - first.mean * second.mean
    cross = np.where((first.var == 0.0) | (second.var == 0.0), 0.0, cross)
    return similarity(first, second, cross, 2e-16, 2e-16)
