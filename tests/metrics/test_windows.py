from math import isnan

import numpy as np
import pytest

from thermeld.metrics.windows import (
    average,
    box_sums,
    fitting,
    gaussian,
    local_moments,
    mean_of,
    smoothed,
    strips,
    sum_of,
)  # fmt: skip


def test_gaussian_is_a_normalised_bell():
    taps = gaussian(11, 1.5)
    assert taps.sum() == pytest.approx(1.0)
    assert taps[5] / taps[4] == pytest.approx(np.exp(1 / 4.5))
    assert np.array_equal(taps, taps[::-1])


@pytest.mark.parametrize("side", [3, 7, 8, 11])
def test_box_sums_are_those_of_every_window_that_fits(rng, side):
    values = rng.integers(0, 256, (13, 12)).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side))
    assert np.array_equal(box_sums(values, side), windows.sum(axis=(2, 3)))


def test_nothing_fits_a_window_larger_than_the_image():
    assert box_sums(np.ones((5, 20)), 7).size == 0
    assert isnan(average(fitting(np.ones((2, 2)), 3)))


def test_smoothing_is_the_weighted_mean_of_the_window(rng):
    values, taps = rng.random((9, 10)), gaussian(5, 1.0)
    windows = np.lib.stride_tricks.sliding_window_view(values, (5, 5))
    expected = np.einsum("ijkl,k,l->ij", windows, taps, taps)
    np.testing.assert_allclose(fitting(smoothed(values, taps), 5), expected)


def test_moments_of_a_constant_are_itself_and_nothing():
    local = local_moments(np.full((6, 6), 7.0), gaussian(11, 1.5))
    np.testing.assert_allclose(local.mean, 7.0)
    np.testing.assert_allclose(local.var, 0.0, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (37, 5), (3, 20000), (700, 640)])
def test_strips_hold_every_row_once_and_in_order(rng, shape):
    first, second = rng.random(shape), rng.random(shape)
    parts = list(strips(first, second))
    assert np.array_equal(np.vstack([part[0] for part in parts]), first)
    assert np.array_equal(np.vstack([part[1] for part in parts]), second)


def test_sums_and_means_by_strips_are_those_of_the_whole(rng):
    one, other = rng.random((700, 640)), rng.random((700, 640))
    assert sum_of(np.multiply, one, other) == pytest.approx((one * other).sum())
    assert mean_of(np.multiply, one, other) == pytest.approx((one * other).mean())
    assert isnan(mean_of(np.multiply, one[:0], other[:0]))
