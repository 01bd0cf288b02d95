"""Feature mutual information: what small windows of two feature maps tell about each other.

Each 3x3 window is read as a distribution over its nine places. The joint distribution of a
source and a fused window is the mixture of the independent one and of the one as dependent as
the two allow (Frechet bounds) that has their correlation.
"""

from collections.abc import Callable
from math import nan
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from thermeld.metrics.feature_maps import cosines, matlab_edges, octave_edges, wavelets
from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import Real, average
from thermeld.registry import metric

PLACES = np.arange(1.0, 10.0)
CHUNK = 1536  # windows at a time: their 81 joint masses stay in the processor's cache

Number = TypeVar("Number", bound=np.generic)

SOURCE = "Haghighat, Aghagolzadeh & Seyedarabi, Computers & Electrical Engineering 37(5), 2011"
FORMULA = (
    "mean over 3x3 windows and both sources of 2 (H(p)+H(q)-J) / (H(p)+H(q)); p, q the windows of "
)
WHY = "only the survey code has it"


class Windows(NamedTuple):
    """3x3 windows as distributions over their places, read column by column; (9, n) or (n,)."""

    raw: Real
    flat: NDArray[np.bool_]
    share: Real
    cumulated: Real
    centred: Real
    norm: Real
    deviation: Real
    entropy: Real


@metric(
    "FMI_pixel",
    better="higher",
    range="0..1",
    formula=FORMULA + "the edge maps",
    source=SOURCE,
    conventions={"tang": "Sobel edges, thinned by GNU Octave's rule"},
    why=WHY,
    fooled_by="empty windows: two edge maps agree wherever neither has an edge",
)
def edge_information(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Likeness of the edge maps, window by window (not of the pixels, despite its name)."""
    return _edge_information(ir, vis, fused, octave_edges)


@metric(
    "FMI_pixel_m",
    better="higher",
    range="0..1",
    formula=FORMULA + "the edge maps",
    source=SOURCE,
    conventions={"tang": "Sobel edges, thinned about as MATLAB does: some 0.01 higher"},
    why=WHY,
    fooled_by="empty windows: two edge maps agree wherever neither has an edge",
)
def edge_information_thinned(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """As FMI_pixel, with edges thinned as MATLAB does."""
    return _edge_information(ir, vis, fused, matlab_edges)


@metric(
    "FMI_dct",
    better="higher",
    range="0..1",
    formula=FORMULA + "the cosine transforms of the whole images",
    source=SOURCE,
    conventions={"tang": "orthonormal DCT-II of the whole image"},
    why=WHY,
    fooled_by="noise shared with a source; neighbouring frequencies mean nothing to the eye",
)
def cosine_information(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Likeness of the cosine transforms of the whole images, window by window."""
    return _map_information(cosines(ir), cosines(vis), cosines(fused))


@metric(
    "FMI_w",
    better="higher",
    range="0..1",
    formula=FORMULA + "the tiled wavelet coefficients",
    source=SOURCE,
    conventions={"tang": "one level of the discrete Meyer wavelet (dmey)"},
    why=WHY,
    fooled_by="noise shared with a source; three quarters of the windows are fine detail",
    also=("FMI_wavelet",),
)
def wavelet_information(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Likeness of the wavelet coefficients, window by window."""
    return _map_information(wavelets(ir), wavelets(vis), wavelets(fused))


def _map_information(ir: Real, vis: Real, fused: Real) -> float:
    stacks = [_stacked(feature) for feature in (ir, vis, fused)]
    scores = np.empty((2, stacks[0].shape[1]))
    for start in range(0, scores.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        target = _windows(stacks[2][:, part])
        for row, stack in zip(scores, stacks, strict=False):
            row[part] = _scores(_windows(stack[:, part]), target)
    return average(scores)


def _stacked(feature: NDArray[Number]) -> NDArray[Number]:
    """Every 3x3 window that fits as a column of nine, read column by column; (9, n)."""
    rows, cols = (max(length - 2, 0) for length in feature.shape)
    shifts = [(y, x) for x in range(3) for y in range(3)]
    return np.stack([feature[y : y + rows, x : x + cols].ravel() for y, x in shifts])


def _edge_information(ir: Plane, vis: Plane, fused: Plane, edges: Callable[[Plane], Real]) -> float:
    """Edge windows have but 512 patterns, so each pair of patterns is scored once."""
    target = _patterns(edges(fused))
    total = 0.0
    for plane in (ir, vis):
        counts = np.bincount(512 * _patterns(edges(plane)) + target, minlength=512 * 512)
        codes = np.flatnonzero(counts)
        for start in range(0, len(codes), CHUNK):
            some = codes[start : start + CHUNK]
            scores = _scores(_windows(_unpacked(some // 512)), _windows(_unpacked(some % 512)))
            total += float(scores @ counts[some])
    return total / (2.0 * target.size) if target.size else nan


def _patterns(edges: Real) -> NDArray[np.intp]:
    """Every 3x3 window of an edge map as a number, one bit per place."""
    bits = _stacked(edges.astype(np.uint16)) << np.arange(9, dtype=np.uint16)[:, None]
    return np.asarray(bits.sum(axis=0, dtype=np.intp))


def _unpacked(codes: NDArray[np.intp]) -> Real:
    return ((codes[None, :] >> np.arange(9)[:, None]) & 1).astype(np.float64)


def _windows(raw: Real) -> Windows:
    low, width = raw.min(axis=0), np.ptp(raw, axis=0)
    flat = width == 0.0
    width[flat] = 1.0
    share = (raw - low) / width
    share[:, flat] = 1.0
    share /= share.sum(axis=0)
    centred = share - share.mean(axis=0)
    first, second = PLACES @ share, PLACES**2 @ share
    return Windows(
        raw=raw,
        flat=flat,
        share=share,
        cumulated=np.cumsum(share, axis=0),
        centred=centred,
        norm=np.sqrt((centred * centred).sum(axis=0)),
        deviation=np.sqrt(np.maximum(second - first * first, 0.0)),
        entropy=_entropy(share, np.empty_like(share)),
    )


def _entropy(mass: Real, scratch: Real) -> Real:
    """-sum m log2|m| down the first axis, 0 at 0; the joint mass can be negative."""
    np.abs(mass, out=scratch)
    np.maximum(scratch, 1e-300, out=scratch)
    np.log2(scratch, out=scratch)
    scratch *= mass
    return np.asarray(-scratch.sum(axis=0))


def _scores(source: Windows, target: Windows) -> Real:
    """Normalised mutual information of each pair of windows; (n,)."""
    cells = (9, 9, len(source.flat))
    correlation = _correlation(source, target)
    low, high = _intervals(target, correlation >= 0.0)
    # The nine places of each window share the unit interval; two places overlap in `mass`.
    reach = np.minimum(high[:, None], source.cumulated).reshape(81, -1)
    mass = np.maximum(low[:, None], _before(source.cumulated)).reshape(81, -1)
    weight = _dependence(correlation, source, target, reach.sum(axis=0))
    np.subtract(reach, mass, out=mass)
    np.maximum(mass, 0.0, out=mass)
    mass *= weight
    independent = ((1.0 - weight) * target.share)[:, None]
    np.multiply(independent, source.share, out=reach.reshape(cells))
    mass += reach
    both = source.entropy + target.entropy
    shared = 2.0 * (both - _entropy(mass, reach))
    both[both == 0.0] = 1.0  # each window holds a single pixel: nothing to share
    scores = shared / both
    scores[(source.raw == target.raw).all(axis=0) | (source.flat & target.flat)] = 1.0
    return scores


def _correlation(source: Windows, target: Windows) -> Real:
    cross = (source.centred * target.centred).sum(axis=0)
    norms = source.norm * target.norm
    constant = source.flat | target.flat
    cross[constant] = 0.0
    norms[constant] = 1.0
    return np.asarray(cross / norms)


def _dependence(correlation: Real, source: Windows, target: Windows, reach: Real) -> Real:
    """Weight of the most dependent joint distribution, so that the correlation comes out.

    Args:
        correlation: of the two windows.
        source: windows of the source.
        target: windows of the fused image.
        reach: sum over all pairs of places of the smaller interval end, see `_scores`.
    """
    ends = source.cumulated.sum(axis=0)
    bound = np.where(correlation >= 0.0, reach, 10.0 * ends - reach)
    excess = bound - target.cumulated.sum(axis=0) * ends
    wanted = correlation * source.deviation * target.deviation
    excess[wanted == 0.0] = 1.0
    return np.asarray(wanted / excess)


def _before(cumulated: Real) -> Real:
    return np.concatenate([np.zeros_like(cumulated[:1]), cumulated[:-1]])


def _intervals(target: Windows, rising: NDArray[np.bool_]) -> tuple[Real, Real]:
    """Where each place of the target lies on the unit interval: in order, or in reverse."""
    below, above = _before(target.cumulated), target.cumulated
    return np.where(rising, below, 1.0 - above), np.where(rising, above, 1.0 - below)
