import numpy as np
import pytest

from thermeld.align import Aligner, Warp
from thermeld.errors import BadSetting
from thermeld.fuse import Fuser
from thermeld.image import unit


@pytest.fixture
def pair(rng):
    return rng.integers(0, 256, (40, 60), np.uint8), rng.integers(0, 256, (40, 60, 3), np.uint8)


def right_by(px):
    matrix = np.eye(3)
    matrix[0, 2] = px
    return Warp(matrix, (40, 60), (40, 60))


def test_the_visible_picture_shows_where_infrared_did_not_look(pair):
    fused, note = Fuser("average", aligner=Aligner(right_by(12))).with_note(*pair)
    assert np.array_equal(fused[:, :12], pair[1][:, :12])
    inner = np.s_[:, 20:]  # beyond the feather
    moved = np.roll(pair[0], 12, axis=1)
    assert np.array_equal(fused[inner], Fuser("average")(moved, pair[1])[inner])
    assert "displaced by 12.0 px" in note


def test_cropping_keeps_what_both_see(pair):
    fused = Fuser("average", aligner=Aligner(right_by(12), wedges="crop"))(*pair)
    assert np.array_equal(fused, Fuser("average")(pair[0][:, :48], pair[1][:, 12:]))


def test_black_counts_infrared_as_black(pair):
    fused = Fuser("average", aligner=Aligner(right_by(12), wedges="black"))(*pair)
    moved = np.roll(pair[0], 12, axis=1)
    moved[:, :12] = 0
    assert np.array_equal(fused, Fuser("average")(moved, pair[1]))


def test_the_thermal_window_is_of_the_picture_as_it_came(rng):
    ir = rng.integers(7000, 9000, (40, 60), np.uint16)
    vis = np.zeros((40, 60), np.uint8)  # so that the maximum is the infrared picture
    aligner = Aligner(right_by(12), wedges="black")
    fused = Fuser("maximum", aligner=aligner, window="7000:9000")(ir, vis)
    same = Fuser("maximum", aligner=aligner, window="minmax")(ir, vis)
    assert np.abs(fused[:, 12:].astype(int) - same[:, 12:]).max() <= 1


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3), (40, 60, 4)])
def test_shape_type_and_alpha_stay_the_visible_ones(rng, shape):
    vis = rng.integers(0, 65536, shape, np.uint16)
    fused = Fuser("average", aligner=Aligner(right_by(3)))(rng.random((40, 60), np.float32), vis)
    assert fused.shape == shape
    assert fused.dtype == np.uint16
    if shape[-1] == 4:
        assert np.array_equal(fused[:, :, 3], vis[:, :, 3])


def test_views_without_a_rectangle_in_common_cannot_be_cropped(pair):
    with pytest.raises(BadSetting, match="nothing is left"):
        Aligner(right_by(59.8), wedges="crop")(*pair, unit)


def test_unknown_wedges_are_refused():
    with pytest.raises(BadSetting, match="visible, crop, black"):
        Aligner(wedges="white")
