import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.fuse import Fuser
from thermeld.video import Flicker, Settling, added_by_fusion

FPS = 25


def settled(frames, seconds=0.04):
    """The luminance of (ir, vis, fused) frames after settling, all flat."""
    settling = Settling(seconds, FPS)
    flat = [[np.full((8, 8), value, np.uint8) for value in frame] for frame in frames]
    fuser = Fuser("average")
    return [
        int(settling(fused, added_by_fusion(fuser, ir, vis, fused))[0, 0])
        for ir, vis, fused in flat
    ]


def test_a_choice_that_flips_is_calmed():
    flipping = [(120, 100, 120 if n % 2 else 100) for n in range(12)]
    shown = settled(flipping)
    assert np.abs(np.diff(shown[2:])).max() < 12
    assert np.mean(shown[2:]) == pytest.approx(110, abs=2)


def test_what_both_sources_do_passes_at_once():
    moving = [(10 + 15 * n, 30 + 15 * n, 20 + 15 * n) for n in range(12)]
    assert settled(moving) == [fused for _, _, fused in moving]


def test_a_lasting_choice_is_reached_within_a_few_frames():
    switching = [(120, 100, 100)] * 3 + [(120, 100, 120)] * 5
    shown = settled(switching)
    assert shown[2] == 100
    assert 105 < shown[3] < 120
    assert shown[-1] >= 119


def test_a_cut_is_shown_at_once():
    assert settled([(0, 0, 0)] * 3 + [(0, 200, 200)] * 2)[3] == 200


def test_zero_leaves_frames_as_they_are():
    flipping = [(120, 100, 120 if n % 2 else 100) for n in range(6)]
    assert settled(flipping, 0.0) == [fused for _, _, fused in flipping]
    assert not Settling(0.0, FPS).needed


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_colours_move_together_and_stay_in_range(kind, rng):
    top = 1.0 if kind == np.float32 else np.iinfo(kind).max
    frames = [(rng.random((6, 7, 3)) * top).astype(kind) for _ in range(3)]
    settling = Settling(0.04, FPS)
    fuser = Fuser("average")
    for frame in frames:
        dark = np.zeros_like(frame)
        shown = settling(frame, 0.1 * added_by_fusion(fuser, dark, dark, frame))
        assert shown.dtype == frame.dtype
        assert shown.shape == frame.shape
        assert shown.min() >= 0
        assert shown.max() <= top
    within = (shown > 0.02 * top) & (shown < 0.98 * top)
    shift = shown.astype(float) - frames[-1].astype(float)
    spread = np.where(within, shift, np.nan)[within.all(axis=2)]
    assert np.ptp(spread, axis=1).max() < 0.02 * top


def test_flicker_of_a_nervous_method_falls():
    raw, calm = Flicker(), Flicker()
    settling = Settling(0.04, FPS)
    fuser = Fuser("average")
    noise = np.random.default_rng(1)
    for _ in range(10):
        ir = noise.integers(90, 110, (32, 32)).astype(np.uint8)
        vis = noise.integers(120, 140, (32, 32)).astype(np.uint8)
        fused = np.where(noise.random((32, 32)) < 0.5, ir, vis)
        raw.add(ir, vis, fused)
        calm.add(ir, vis, settling(fused, added_by_fusion(fuser, ir, vis, fused)))
    assert raw.ratio > 2.0
    assert calm.ratio < 0.7 * raw.ratio


def test_impossible_times_are_refused():
    with pytest.raises(BadSetting, match="steadiness"):
        Settling(-1.0, FPS)
