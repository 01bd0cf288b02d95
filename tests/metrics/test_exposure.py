import numpy as np
import pytest

from thermeld.metrics.exposure import (
    WEIGHTS,
    exposure_similarity,
    halved,
    multi_exposure_similarity,
)  # fmt: skip

EPS = 2.0**-52


@pytest.fixture
def images(rng):
    return [rng.integers(0, 256, (14, 13)).astype(float) for _ in range(3)]


def level(one, other, fused):
    """Window by window, from the definition."""
    offsets = np.arange(-5, 6)
    bell = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 4.5)
    bell /= bell.sum()
    steady, scores = (0.03 * 255) ** 2, []
    for row in range(one.shape[0] - 10):
        for col in range(one.shape[1] - 10):
            x1, x2, y = (image[row : row + 11, col : col + 11] for image in (one, other, fused))
            x1, x2 = x1 - x1.mean(), x2 - x2.mean()
            n = np.linalg.norm(x1), np.linalg.norm(x2)
            d = n[0] + 0.001, n[1] + 0.001
            likeness = (np.linalg.norm(x1 + x2) + EPS) / (sum(n) + EPS)
            likeness = 1 - EPS if likeness > 1 else likeness
            power = min(np.tan(np.pi / 2 * likeness), 10)
            w = np.array([(each / 11) ** power + EPS for each in d])
            w /= w.sum()
            r = w[0] * x1 / d[0] + w[1] * x2 / d[1]
            norm = np.linalg.norm(r)
            r = r * max(d) / norm if norm > 0 else r
            mr, my = (bell * r).sum(), (bell * y).sum()
            vr, vy = (bell * (r - mr) ** 2).sum(), (bell * (y - my) ** 2).sum()
            cross = (bell * (r - mr) * (y - my)).sum()
            scores.append((2 * cross + steady) / (vr + vy + steady))
    return np.mean(scores)


def test_one_level_is_its_definition(images):
    assert exposure_similarity(*images) == pytest.approx(level(*images), rel=1e-10)


def test_flat_windows_and_a_dead_source_are_its_definition_too(images):
    one, other, fused = images
    one[:, :12] = 40.0
    other[:] = 90.0
    assert exposure_similarity(one, other, fused) == pytest.approx(
        level(one, other, fused), rel=1e-9
    )


def test_levels_multiply(rng):
    one, other = (rng.integers(0, 256, (50, 47)).astype(float) for _ in range(2))
    images = one, other, (one + other) / 2.0
    found, expected = multi_exposure_similarity(*images), 1.0
    for weight in WEIGHTS:
        expected *= exposure_similarity(*images) ** weight
        images = [halved(image) for image in images]
    assert 0.0 < found < 1.0
    assert found == pytest.approx(expected)


def test_halving_averages_blocks_and_repeats_an_odd_border():
    values = np.array([[0.0, 2.0, 4.0], [4.0, 6.0, 8.0], [1.0, 3.0, 5.0]])
    assert halved(values).tolist() == [[3.0, 6.0], [2.0, 5.0]]
