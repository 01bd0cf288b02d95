import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.dtcwt import dtcwt


@pytest.mark.parametrize("name", ["16", "25"])
def test_the_reference_is_met_but_for_near_ties(off_reference, name):
    off = off_reference(dtcwt, "dtcwt", name)
    assert off.max() <= 2
    assert 10 * np.log10(255.0**2 / np.mean(off**2)) > 80.0


def test_single_precision_stays_near_double(precision):
    assert precision(dtcwt, "25") > 70.0


def test_an_image_fused_with_itself_stays(rng):
    image = rng.random((45, 71))
    assert np.abs(dtcwt(image, image) - image).max() < 1e-10


def test_no_levels_are_refused():
    plane = np.zeros((8, 8), np.float32)
    with pytest.raises(BadSetting, match="levels"):
        dtcwt(plane, plane, levels=0)
