import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.wls import fitted, rolling_scales, saliency, wls


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(wls, "wls", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(wls, "25") > 70.0


def test_scales_add_up_to_the_plane(rng):
    plane = rng.random((50, 61))
    scales = rolling_scales(plane, 4, 2.0, 0.05)
    assert len(scales.details) == 4
    assert np.abs(sum(scales.details) + scales.base - plane).max() < 1e-10


def test_saliency_is_one_on_the_odd_pixel_and_zero_on_the_crowd():
    plane = np.full((10, 10), 0.2)
    plane[3, 4] = 1.0
    odd = saliency(plane)
    assert odd[3, 4] == 1.0
    assert np.sum(odd) == 1.0
    assert not saliency(np.full((4, 4), 0.5)).any()


def test_infrared_detail_comes_through_where_visible_is_flat():
    spot = np.zeros((21, 21))
    spot[10, 10] = 0.5
    np.testing.assert_allclose(fitted(spot, np.zeros_like(spot), 0.01), spot, atol=1e-12)


def test_too_few_levels_are_refused():
    plane = np.zeros((8, 8), np.float32)
    with pytest.raises(BadSetting, match="at least 2, got 1"):
        wls(plane, plane, levels=1)
