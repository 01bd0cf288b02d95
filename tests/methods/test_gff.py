import numpy as np
import pytest

from thermeld.methods.gff import gff, saliency


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(gff, "gff", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(gff, "25") > 65.0


def test_saliency_of_a_step_lies_along_it():
    step = np.zeros((31, 31))
    step[:, 16:] = 1.0
    strength = saliency(step)
    assert strength[15, 15] == pytest.approx(strength[15, 16])
    assert strength[15, 15] > strength[15, 11] > strength[15, 5] == 0.0


def test_texture_of_one_view_wins_over_the_flat_other(rng):
    texture = rng.random((120, 120)) * 0.5 + 0.25
    flat = np.full_like(texture, 0.5)
    for fused in (gff(texture, flat), gff(flat, texture)):
        assert np.abs(fused - texture).max() < 0.02
