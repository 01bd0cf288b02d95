import numpy as np
import pytest

from thermeld.methods.cvt import cvt


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(cvt, "cvt", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(cvt, "25") > 70.0


@pytest.mark.parametrize("size", [(101, 130), (5, 40)])
def test_an_image_fused_with_itself_stays(rng, size):
    image = rng.random(size)
    assert np.abs(cvt(image, image) - image).max() < 1e-10
