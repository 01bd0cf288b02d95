import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.lp import LAPLACIAN, RATIO, down, fused, lp, rp, up


@pytest.mark.parametrize("name", ["16", "25"])
@pytest.mark.parametrize("rule", [lp, rp])
def test_every_pixel_equals_the_reference(off_reference, rule, name):
    assert off_reference(rule, rule.__name__, name).max() == 0


@pytest.mark.parametrize("rule", [lp, rp])
@pytest.mark.parametrize("name", ["16", "25"])
def test_single_precision_stays_near_double(precision, rule, name):
    assert precision(rule, name) > 60.0


@pytest.mark.parametrize("ladder", [LAPLACIAN, RATIO])
@pytest.mark.parametrize("size", [(64, 48), (61, 83), (1, 1), (2, 9)])
def test_a_plane_fused_with_itself_comes_back(rng, ladder, size):
    plane = rng.random(size)
    assert np.abs(fused(ladder, plane, plane, 4) - plane).max() < 1e-10


def test_a_constant_survives_going_down_and_up():
    flat = np.full((12, 20), 0.7)
    np.testing.assert_allclose(up(down(flat))[4:-4, 4:-4], 0.7, atol=1e-12)


def test_no_levels_are_refused():
    plane = np.zeros((8, 8), np.float32)
    for rule in (lp, rp):
        with pytest.raises(BadSetting, match="levels"):
            rule(plane, plane, levels=0)
