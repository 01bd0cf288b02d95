"""Feature mutual information: what small windows of two feature maps tell about each other.

Each 3x3 window is read as a distribution over its nine places. The joint distribution of a
source and a fused window is the mixture of the independent one and of the one as dependent as
the two allow (Frechet bounds) that has their correlation.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from thermeld.metrics.feature_maps import cosines, matlab_edges, octave_edges, wavelets
from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import Real, average
from thermeld.registry import metric

PLACES = np.arange(1.0, 10.0)[:, None]
CHUNK = 2048  # windows at a time: their 81 joint masses stay in the processor's cache

SOURCE = "Haghighat, Aghagolzadeh & Seyedarabi, Computers & Electrical Engineering 37(5), 2011"
FORMULA = (
    "mean over 3x3 windows and both sources of 2 (H(p)+H(q)-J) / (H(p)+H(q)) of the window in "
)
WHY = "only the survey code has it"


class Windows(NamedTuple):
    """3x3 windows as distributions over their places, read column by column; (9, n) or (n,)."""

    raw: Real
    flat: Real
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


def _stacked(feature: Real) -> Real:
    """Every 3x3 window that fits as a column of nine, read column by column; (9, n)."""
    rows, cols = (max(length - 2, 0) for length in feature.shape)
    shifts = [(y, x) for x in range(3) for y in range(3)]
    return np.stack([feature[y : y + rows, x : x + cols].ravel() for y, x in shifts])


def _edge_information(
    ir: Plane, vis: Plane, fused: Plane, edges: Callable[[Plane], Real]
) -> float:
    """Edge windows have but 512 patterns, so each pair of patterns is scored once."""
    powers = 2.0 ** np.arange(9)
    target = powers @ _stacked(edges(fused))
    total = 0.0
    for plane in (ir, vis):
        pairs = (512.0 * (powers @ _stacked(edges(plane))) + target).astype(np.int64)
        codes, counts = np.unique(pairs, return_counts=True)
        windows = (_windows(_unpacked(code)) for code in (codes // 512, codes % 512))
        total += float(_scores(*windows) @ counts) / pairs.size if pairs.size else np.nan
    return total / 2.0


def _unpacked(codes: np.ndarray) -> Real:
    return ((codes[None, :] >> np.arange(9)[:, None]) & 1).astype(np.float64)


def _windows(raw: Real) -> Windows:
    low, high = raw.min(axis=0), raw.max(axis=0)
    flat = low == high
    scaled = np.divide(raw - low, high - low, out=np.ones_like(raw), where=~flat)
    share = scaled / scaled.sum(axis=0)
    centred = share - share.mean(axis=0)
    first, second = (PLACES * share).sum(axis=0), (PLACES**2 * share).sum(axis=0)
    return Windows(
        raw=raw,
        flat=flat,
        share=share,
        cumulated=np.cumsum(share, axis=0),
        centred=centred,
        norm=np.sqrt((centred * centred).sum(axis=0)),
        deviation=np.sqrt(np.maximum(second - first * first, 0.0)),
        entropy=-_times_log(share).sum(axis=0),
    )


def _times_log(mass: Real) -> Real:
    """m log2|m|, 0 at 0."""
    return np.asarray(mass * np.log2(np.maximum(np.abs(mass), 1e-300)))


def _scores(source: Windows, target: Windows) -> Real:
    """Normalised mutual information of each pair of windows; (n,)."""
    correlation = _correlation(source, target)
    rising = correlation >= 0.0
    low, high = _intervals(target, rising)
    below, above = _padded(source.cumulated), source.cumulated
    reach = np.minimum(high[:, None], above[None])
    bound = reach.sum(axis=(0, 1))
    bound = np.where(rising, bound, 10.0 * above.sum(axis=0) - bound)
    total = target.cumulated.sum(axis=0) * above.sum(axis=0)
    spread = correlation * source.deviation * target.deviation
    weight = np.divide(spread, bound - total, out=np.zeros_like(spread), where=spread != 0.0)
    dependent = np.maximum(reach - np.maximum(low[:, None], below[None]), 0.0)
    mass = weight * dependent + (1.0 - weight) * (target.share[:, None] * source.share[None])
    joint = -_times_log(mass).sum(axis=(0, 1))
    both = source.entropy + target.entropy
    shared = np.divide(2.0 * (both - joint), both, out=np.zeros_like(both), where=both > 0.0)
    same = (source.raw == target.raw).all(axis=0) | (source.flat & target.flat)
    return np.where(same, 1.0, shared)


def _correlation(source: Windows, target: Windows) -> Real:
    cross = (source.centred * target.centred).sum(axis=0)
    varies = ~(source.flat | target.flat)
    return np.divide(cross, source.norm * target.norm, out=np.zeros_like(cross), where=varies)


def _padded(cumulated: Real) -> Real:
    return np.concatenate([np.zeros_like(cumulated[:1]), cumulated[:-1]])


def _intervals(target: Windows, rising: np.ndarray) -> tuple[Real, Real]:
    """Where each place of the target lies on the unit interval: in order, or in reverse."""
    below, above = _padded(target.cumulated), target.cumulated
    return np.where(rising, below, 1.0 - above), np.where(rising, above, 1.0 - below)
