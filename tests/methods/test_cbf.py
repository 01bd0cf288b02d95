import numpy as np
import pytest

from thermeld.methods.cbf import cbf, cross_bilateral, detail_energy


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(cbf, "cbf", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(cbf, "25") > 100.0


def test_energy_is_the_trace_of_both_covariances(rng):
    detail = rng.standard_normal((5, 5))
    traces = np.trace(np.cov(detail)) + np.trace(np.cov(detail.T))
    assert detail_energy(detail)[2, 2] == pytest.approx(traces)


def test_energy_of_a_flat_area_is_exactly_zero():
    assert not detail_energy(np.full((9, 12), 0.1, np.float32)).any()


def test_smoothing_stops_at_an_edge_of_the_guide_only(rng):
    guide = np.zeros((15, 30))
    guide[:, 15:] = 255.0
    target = np.where(guide > 0, 100.0, 50.0) + rng.standard_normal(guide.shape)
    near = np.full((5, 5), 1.0)
    smooth = cross_bilateral(target, guide, near, 25.0)
    assert np.abs(smooth[:, :13] - 50).max() < 1.5
    assert np.abs(smooth[:, 13:] - 100).max() < 1.5
    blurred = cross_bilateral(target, np.zeros_like(guide), near, 25.0)
    assert 60 < blurred[5, 12] < 90


def test_where_both_are_flat_they_are_averaged():
    ir, vis = np.full((20, 20), 0.9, np.float32), np.full((20, 20), 0.1, np.float32)
    np.testing.assert_allclose(cbf(ir, vis), 0.5, atol=1e-6)
    np.testing.assert_allclose(cbf(ir, vis, weight_floor=0.0), 0.5, atol=1e-6)
