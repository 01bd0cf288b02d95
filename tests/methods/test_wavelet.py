import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.wavelet import wavelet_max


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(wavelet_max, "wavelet", name).max() == 0


def test_single_precision_decides_as_double_does(precision):
    assert precision(wavelet_max, "25") > 140.0


def test_plain_rule_and_brighter_base_are_settings(rng):
    ir, vis = rng.random((40, 40)) * 0.5, rng.random((40, 40))
    plain = wavelet_max(ir, vis, rule="larger")
    assert np.abs(plain - wavelet_max(ir, vis)).max() > 0.01
    assert wavelet_max(ir, vis, base="max").mean() > wavelet_max(ir, vis).mean()


def test_impossible_settings_are_refused():
    plane = np.zeros((8, 8), np.float32)
    with pytest.raises(BadSetting, match="rule"):
        wavelet_max(plane, plane, rule="sum")
    with pytest.raises(BadSetting, match="levels"):
        wavelet_max(plane, plane, levels=-1)
