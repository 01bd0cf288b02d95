import numpy as np
import pytest

from thermeld.errors import BadImage, BadSetting, RangeUnknown, SizeMismatch
from thermeld.image import (
    THERMAL_WINDOW,
    SteadyWindow,
    Window,
    luminance,
    require_image,
    require_same_size,
    thermal_window,
    tiles,
    to_depth,
    unit,
    with_luminance,
)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_integers_survive_the_way_in_and_out(kind):
    every = np.arange(np.iinfo(kind).max + 1, dtype=kind).reshape(16, -1)
    inside = unit(every)
    assert inside.dtype == np.float32
    assert inside.min() == 0.0
    assert inside.max() == 1.0
    assert np.array_equal(to_depth(inside, kind), every)


def test_depth_rounds_half_up_and_clips():
    image = np.array([[-1.0, 0.5 / 255, 1.5 / 255, 2.0]], np.float32)
    assert to_depth(image, np.uint8).tolist() == [[0, 1, 2, 255]]


def test_window_scales_and_clips():
    counts = np.array([[6000, 7000, 8000, 9000, 9500]], np.uint16)
    assert unit(counts, window=Window(7000, 9000)).tolist() == [[0.0, 0.0, 0.5, 1.0, 1.0]]


def test_percentiles_pass_over_dead_pixels(rng):
    counts = rng.integers(7000, 7400, (100, 100)).astype(np.uint16)
    counts[0, 0], counts[0, 1] = 0, 65535
    scaled = unit(counts, window=THERMAL_WINDOW)
    assert scaled[1:].std() > 0.2


def test_constant_image_under_percentiles_is_black():
    assert not unit(np.full((4, 4), 777, np.uint16), window=THERMAL_WINDOW).any()


def test_auto_window_is_for_counts_only():
    auto = thermal_window("auto")
    assert auto(np.dtype(np.uint16)) is THERMAL_WINDOW
    assert auto(np.dtype(np.uint8)) is None
    assert thermal_window("full")(np.dtype(np.uint16)) is None


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("7000:9000", Window(7000, 9000)),
        ("p1:p99", Window(1, 99, percentile=True)),
        ("-10:40.5", Window(-10, 40.5)),
        (" p0.5 : p99.5 ", Window(0.5, 99.5, percentile=True)),
    ],
)
def test_windows_are_read(text, window):
    assert Window.parse(text) == window


@pytest.mark.parametrize(
    "text", ["", "5", "5:", "a:b", "1:2:3", "9:1", "3:3", "p1:99", "p-1:p5", "p1:p101", "nan:1"]
)
def test_impossible_windows_are_refused(text):
    with pytest.raises(BadSetting):
        Window.parse(text)


def test_floats_outside_the_unit_range_need_a_window():
    celsius = np.array([[15.0, 36.6]])
    with pytest.raises(RangeUnknown, match=r"15 to 36\.6"):
        unit(celsius)
    assert unit(celsius, window=Window(15, 36.6)).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    image = np.full((3, 3), 0.5)
    image[1, 1] = bad
    for window in (None, Window(0, 1), THERMAL_WINDOW):
        with pytest.raises(BadImage, match="1 of 9"):
            unit(image, window=window)


def test_complex_and_text_pixels_are_refused():
    for pixels in (np.ones((2, 2), complex), np.array([["a"]])):
        with pytest.raises(BadImage, match="integers or floats"):
            unit(pixels)


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (4, 4, 5), (2, 4, 4, 3), (0, 4), (4, 0, 3)])
def test_shapes_that_are_no_image_are_refused(shape):
    with pytest.raises(BadImage, match="infrared"):
        require_image(np.zeros(shape, np.uint8), "infrared")


def test_lone_channel_is_dropped():
    assert require_image(np.zeros((4, 5, 1), np.uint8), "visible").shape == (4, 5)


def test_mismatched_sizes_say_both_and_the_cure():
    with pytest.raises(SizeMismatch, match=r"4x5 but visible is 6x7.*fit"):
        require_same_size(np.zeros((5, 4)), np.zeros((7, 6, 3)))


def test_replacing_luminance_keeps_colour_differences(rng):
    image = rng.uniform(0.3, 0.6, (8, 9, 3)).astype(np.float32)
    luma = luminance(image) + np.float32(0.1)
    changed = with_luminance(image, luma)
    assert np.allclose(luminance(changed), luma, atol=1e-6)
    assert np.allclose(np.diff(changed, axis=2), np.diff(image, axis=2), atol=1e-6)


def test_white_has_luminance_one():
    assert luminance(np.ones((1, 1, 3), np.float32))[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (129, 64), (200, 333)])
@pytest.mark.parametrize(
    ("tile_px", "reach_px", "align_px"), [(64, 5, 1), (64, 12, 16), (50, 0, 8)]
)
def test_tiles_cover_every_pixel_once_and_see_their_margin(size, tile_px, reach_px, align_px):
    covered = np.zeros(size, int)
    for tile in tiles(size, tile_px=tile_px, reach_px=reach_px, align_px=align_px):
        covered[tile.write] += 1
        for axis in (0, 1):
            read, keep, write = tile.read[axis], tile.keep[axis], tile.write[axis]
            assert read.start % align_px == 0
            assert read.stop == size[axis] or read.stop % align_px == 0
            assert read.start + keep.start == write.start
            assert read.start + keep.stop == write.stop
            assert read.start == 0 or write.start - read.start >= reach_px
            assert read.stop == size[axis] or read.stop - write.stop >= reach_px
    assert (covered == 1).all()


def counts(rng, *, level=8000.0, spread=300.0, size=(60, 80)):
    return np.clip(rng.normal(level, spread, size), 0, 65535).astype(np.uint16)


def steady_ends(frames, **settings):
    steady = SteadyWindow(THERMAL_WINDOW, **settings)
    return np.array([steady.limits(frame) for frame in frames])


def test_steady_window_begins_as_the_window_itself(rng):
    frame = counts(rng)
    alone = THERMAL_WINDOW.on(frame)
    assert steady_ends([frame]).tolist() == [[alone.low, alone.high]]


def test_steady_window_does_not_flicker_when_something_hot_flashes(rng):
    frames = [counts(rng) for _ in range(60)]
    for frame in frames[10::4]:  # in every fourth frame, a flame over 1 % of the picture
        frame[:6, :8] = 20000
    ends = steady_ends(frames, seconds=2.0, fps=25)
    alone = np.array([[w.low, w.high] for w in map(THERMAL_WINDOW.on, frames)])
    width = ends[0, 1] - ends[0, 0]
    assert np.abs(np.diff(alone, axis=0)).max() > 5 * width  # what each frame would do by itself
    assert np.abs(np.diff(ends, axis=0)).max() < 0.03 * width


def test_steady_window_never_moves_faster_than_its_width_per_delay(rng):
    frames = [counts(rng), *(np.full((60, 80), 8000, np.uint16) for _ in range(40))]
    for at, frame in enumerate(frames[1:]):
        frame[:6] = 9000 + 1400 * at
    ends = steady_ends(frames, seconds=1.0, fps=20)
    widths = ends[:-1, 1] - ends[:-1, 0]
    assert (np.abs(np.diff(ends, axis=0)).max(axis=1) <= 0.05 * widths).all()
    assert (widths > 0).all()


def test_steady_window_reaches_a_slow_change(rng):
    frames = [counts(rng, level=8000 + 5 * at) for at in range(200)]
    frames += [counts(rng, level=9000) for _ in range(250)]
    ends = steady_ends(frames, seconds=1.0, fps=25)
    alone = THERMAL_WINDOW.on(frames[-1])
    assert ends[-1] == pytest.approx([alone.low, alone.high], abs=0.05 * 2000)
    assert np.abs(np.diff(ends, axis=0)).max() < 0.05 * 2000


def test_steady_window_starts_anew_after_a_cut(rng):
    before = [counts(rng) for _ in range(5)]
    after = [counts(rng, level=12000, spread=900) for _ in range(3)]
    ends = steady_ends([*before, *after])
    alone = THERMAL_WINDOW.on(after[0])
    assert ends[5].tolist() == [alone.low, alone.high]
    assert np.abs(np.diff(ends[5:], axis=0)).max() < 50


def test_steady_window_in_stored_values_stays_and_no_delay_follows_each_frame(rng):
    frames = [counts(rng), counts(rng, level=12000)]
    fixed = SteadyWindow(Window(7000, 9000))
    assert [fixed.limits(frame) for frame in frames] == [(7000, 9000)] * 2
    ends = steady_ends(frames, seconds=0)
    alone = [THERMAL_WINDOW.on(frame) for frame in frames]
    assert ends.tolist() == [[w.low, w.high] for w in alone]


def test_steady_window_survives_a_black_start(rng):
    frames = [np.zeros((60, 80), np.uint16), counts(rng)]
    ends = steady_ends(frames)
    alone = THERMAL_WINDOW.on(frames[1])
    assert ends[1].tolist() == [alone.low, alone.high]


@pytest.mark.parametrize("settings", [{"seconds": -1}, {"fps": 0}, {"seconds": np.nan}])
def test_impossible_delays_are_refused(settings):
    with pytest.raises(BadSetting, match="steady"):
        SteadyWindow(THERMAL_WINDOW, **settings)
