import numpy as np
import pytest

from thermeld.video import Flicker


def flat(value, dtype=np.uint8):
    return np.full((6, 8), value, dtype)


def test_changes_are_mean_absolute_differences():
    flicker = Flicker()
    for ir, vis, fused in ((0, 100, 50), (51, 100, 101), (0, 100, 50)):
        flicker.add(flat(ir), flat(vis), flat(fused))
    assert flicker.changes == pytest.approx((51 / 255, 0.0, 51 / 255), abs=1e-6)
    assert flicker.ratio == pytest.approx(1.0, abs=1e-6)


def test_what_fusion_adds_lies_above_one():
    flicker = Flicker()
    for ir, fused in ((10, 100), (20, 130), (10, 100)):
        flicker.add(flat(ir), flat(0), flat(fused))
    assert flicker.ratio == pytest.approx(3.0, rel=1e-5)


def test_colour_counts_by_its_luminance_and_depth_does_not_matter():
    flicker = Flicker()
    for level in (0, 1):
        green = np.zeros((4, 4, 3), np.uint16)
        green[:, :, 1] = 65535 * level
        flicker.add(flat(0)[:4, :4], green, np.full((4, 4), 0.587 * level, np.float32))
    assert flicker.changes == pytest.approx((0.0, 0.587, 0.587), abs=1e-6)


def test_a_still_scene_has_no_ratio():
    flicker = Flicker()
    assert flicker.ratio is None
    flicker.add(flat(3), flat(4), flat(5))
    flicker.add(flat(3), flat(4), flat(5))
    assert flicker.ratio is None
