import numpy as np
import pytest
from references import pair, psnr

from thermeld.methods.nsst_papcnn import activity, nsst_papcnn


@pytest.mark.parametrize("name", ["16", pytest.param("25", marks=pytest.mark.slow)])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(nsst_papcnn, "nsst-papcnn", name).max() == 0


def test_single_precision_stays_near_double(classical):
    ir, vis = (plane[80:176, 80:176] for plane in pair(classical / "sources", "16"))
    single = nsst_papcnn(ir.astype(np.float32), vis.astype(np.float32))
    assert psnr(single, nsst_papcnn(ir, vis)) > 90.0


def test_activity_of_a_flat_plane_is_zero_and_of_texture_is_not(rng):
    assert activity(np.full((9, 9), 0.5)).max() < 1e-12
    assert activity(rng.random((9, 9))).min() > 0.0


def test_an_image_fused_with_itself_stays(rng):
    image = rng.random((33, 40))
    assert np.abs(nsst_papcnn(image, image) - image).max() < 1e-10
