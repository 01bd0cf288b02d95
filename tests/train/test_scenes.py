"""Crops that our own networks learn from."""

import numpy as np
import pytest

from thermeld.train.crops import RegisteredPairs
from thermeld.train.scenes import CHANCES, example

NEVER = dict.fromkeys(CHANCES, 0.0)


@pytest.fixture
def pairs(rng):
    """Two pairs; the second has a person at (x, y) = (150, 60)."""
    planes = [rng.integers(0, 256, (120, 200)).astype(np.uint8) for _ in range(4)]
    labels = np.zeros((120, 200), np.uint8)
    labels[45:76, 140:161] = 2
    return RegisteredPairs(("a", "b"), tuple(planes[:2]), tuple(planes[2:]), (None, labels))


def drawn(pairs, count=20, **chances):
    return [example(pairs, np.random.default_rng(n), 64, NEVER | chances) for n in range(count)]


def holds(plane, crop):
    """Whether a float crop, perhaps mirrored, is cut from an 8-bit plane."""
    levels = np.rint(crop * 255).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(plane, levels.shape)
    return any((windows == turned).all((2, 3)).any() for turned in (levels, levels[:, ::-1]))


def test_a_plain_crop_is_a_piece_of_a_pair(pairs):
    for one in drawn(pairs, 4):
        assert one.ir.shape == (64, 64)
        assert one.ir.dtype == np.float32
        assert any(holds(plane, one.ir) for plane in pairs.ir)
        assert one.seen_ir is one.ir
        assert one.seen_vis is one.vis
        assert one.wanted is None


def test_people_are_in_view_when_asked_for(pairs):
    assert pairs.people == [(1, (150, 60))]
    assert all((one.labels == 2).any() for one in drawn(pairs, people_share=1.0))
    assert not all((one.labels == 2).any() for one in drawn(pairs))


def test_noise_is_seen_and_not_judged_by(pairs):
    for one in drawn(pairs, noise_share=1.0):
        assert 0 < np.abs(one.seen_ir - one.ir).mean() < 10 / 255
        assert holds(pairs.ir[0], one.ir) or holds(pairs.ir[1], one.ir)
        assert one.seen_ir.min() >= 0
        assert one.seen_ir.max() <= 1


def test_smooth_crops_hold_nothing_but_noise(pairs):
    for one in drawn(pairs, smooth_share=1.0):
        assert np.abs(np.diff(one.ir)).mean() < np.abs(np.diff(one.seen_ir)).mean() / 2


def test_plain_answers_are_the_image_that_is_there(pairs):
    found = drawn(pairs, 40, plain_share=1.0)
    for one in found:
        blank = [np.ptp(plane) == 0 for plane in (one.ir, one.vis)]
        assert blank[0] + blank[1] <= 1
        assert np.array_equal(one.wanted, one.vis if blank[0] else one.ir)
        assert any(blank) or np.array_equal(one.ir, one.vis)
    assert {np.ptp(one.ir) == 0 for one in found} == {True, False}


def test_zoom_keeps_the_size_and_windows_the_range(pairs):
    for one in drawn(pairs, zoom_share=1.0, window_share=1.0, people_share=1.0):
        assert one.ir.shape == one.labels.shape == (64, 64)
        assert min(one.ir.min(), one.vis.min()) >= 0
        assert max(one.ir.max(), one.vis.max()) <= 1
        assert set(np.unique(one.labels)) <= {0.0, 2.0}


def test_the_generator_decides_everything(pairs):
    once, again = (drawn(pairs, 3, **dict.fromkeys(CHANCES, 0.5)) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert np.array_equal(one.seen_vis, other.seen_vis)
