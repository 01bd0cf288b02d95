import numpy as np
import pytest

from thermeld.methods.nsct import nsct


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(nsct, "nsct", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(nsct, "16") > 70.0


def test_an_image_fused_with_itself_stays(rng):
    image = rng.random((45, 70))
    assert np.abs(nsct(image, image) - image).max() < 1e-10
