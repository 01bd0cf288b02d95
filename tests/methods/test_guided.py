import numpy as np
import pytest

from thermeld.methods.guided import Window, guided_filter


def test_the_mean_counts_only_pixels_that_exist():
    plane = np.arange(12.0).reshape(3, 4)
    means = Window(plane, 1).mean(plane)
    assert means[0, 0] == pytest.approx(np.mean([0, 1, 4, 5]))
    assert means[1, 1] == pytest.approx(plane[:3, :3].mean())


def test_a_guided_filter_keeps_the_edge_of_its_guide_and_drops_noise(rng):
    guide = np.zeros((40, 40))
    guide[:, 20:] = 1.0
    noisy = guide + 0.1 * rng.standard_normal(guide.shape)
    smooth = guided_filter(guide, noisy, Window(guide, 4), 1e-3)
    assert np.std(smooth[:, :20]) < 0.02
    assert smooth[:, 20].mean() - smooth[:, 19].mean() > 0.9


def test_a_flat_guide_gives_the_mean_of_means(rng):
    flat, target = np.full((9, 9), 0.3), rng.random((9, 9))
    window = Window(flat, 2)
    expected = window.mean(window.mean(target))
    np.testing.assert_allclose(guided_filter(flat, target, window, 1e-6), expected, atol=1e-9)
