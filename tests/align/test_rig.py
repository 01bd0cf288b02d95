import numpy as np
import pytest

from thermeld.align.rig import agreeing, apart_px, calibrate
from thermeld.align.warp import Warp
from thermeld.data.scene import render_scene
from thermeld.errors import BadImage
from thermeld.image import luminance


def shift(right, down=0.0, size=(100, 200)):
    matrix = np.eye(3)
    matrix[:2, 2] = right, down
    return Warp(matrix, size, size)


def test_the_largest_group_of_warps_wins():
    own = {"a": shift(10), "stray": shift(60), "b": shift(11), "c": shift(12), "other": shift(61)}
    assert sorted(agreeing(own)) == ["a", "b", "c"]
    assert apart_px(own["a"], own["c"]) == pytest.approx(2)


def test_a_bad_pair_is_left_out_and_the_rest_give_one_warp(rng):
    pairs = {}
    for seed in range(2):
        scene = render_scene(np.random.default_rng(seed), height=240, width=320, night=False)
        ir = np.roll(scene.ir, (5, -9), axis=(0, 1))
        pairs[f"good{seed}"] = ir, luminance(scene.vis)
    pairs["bad"] = rng.random((240, 320), np.float32), pairs["good0"][1]
    rig = calibrate(pairs)
    assert rig.left_out == ("bad",)
    assert rig.warp.matrix[:2, 2] == pytest.approx([9, -5], abs=1.0)
    assert max(rig.residuals.values()) < 2


def test_pictures_of_several_sizes_are_no_rig(rng):
    one, other = rng.random((40, 50), np.float32), rng.random((50, 40), np.float32)
    with pytest.raises(BadImage, match="several sizes"):
        calibrate({"a": (one, one), "b": (other, one)})
