"""Feature mutual information against loops written from the definition."""

import numpy as np
import pytest

from thermeld.metrics import score
from thermeld.metrics.feature_maps import cosines, matlab_edges, octave_edges, wavelets
from thermeld.metrics.plane import Plane

MAPS = {"FMI_pixel": octave_edges, "FMI_pixel_m": matlab_edges, "FMI_dct": cosines,
        "FMI_w": wavelets}  # fmt: skip


def bits(mass):
    full = mass[mass != 0]
    return -(full * np.log2(np.abs(full))).sum()


def shares(window):
    low, high = window.min(), window.max()
    scaled = (window - low) / (high - low) if high > low else np.ones(9)
    return scaled / scaled.sum()


def window_score(a, f):
    if np.array_equal(a, f) or (np.ptp(a) == 0 and np.ptp(f) == 0):
        return 1.0
    p, q, k = shares(a), shares(f), np.arange(1, 10)
    cumulated_p, cumulated_q = np.cumsum(p), np.cumsum(q)
    sp, sq = (np.sqrt((k * k * w).sum() - (k * w).sum() ** 2) for w in (p, q))
    c = 0.0 if np.ptp(a) == 0 or np.ptp(f) == 0 else np.corrcoef(p, q)[0, 1]
    both = np.add.outer(cumulated_q, cumulated_p)
    upper = np.minimum.outer(cumulated_q, cumulated_p) if c >= 0 else np.maximum(both - 1, 0)
    excess = (upper - np.outer(cumulated_q, cumulated_p)).sum()
    t = c * sp * sq / excess if c and sp and sq else 0.0
    dependent = np.diff(np.diff(np.pad(upper, ((1, 0), (1, 0))), axis=0), axis=1)
    joint = bits(t * dependent + (1 - t) * np.outer(q, p))
    shared = bits(p) + bits(q) - joint
    return 2 * shared / (bits(p) + bits(q)) if shared else 0.0


def fmi(source, fused):
    scores = []
    for row in range(source.shape[0] - 2):
        for col in range(source.shape[1] - 2):
            a, f = (m[row : row + 3, col : col + 3].ravel(order="F") for m in (source, fused))
            scores.append(window_score(a, f))
    return np.mean(scores)


@pytest.mark.parametrize("name", MAPS)
def test_fmi_is_its_definition(rng, name):
    images = [rng.integers(0, 256, (20, 22), dtype=np.uint8) for _ in range(3)]
    images[2][:, :11] = images[0][:, :11]
    ir, vis, fused = (MAPS[name](Plane(image)) for image in images)
    expected = (fmi(ir, fused) + fmi(vis, fused)) / 2
    assert score(*images, metrics=[name])[name] == pytest.approx(expected, rel=1e-9)


def test_a_copy_of_one_source_scores_at_least_half(rng):
    ir, vis = (rng.integers(0, 256, (20, 22), dtype=np.uint8) for _ in range(2))
    assert 0.5 < score(ir, vis, ir, metrics=["FMI_dct"])["FMI_dct"] < 1.0
