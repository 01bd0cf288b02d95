import numpy as np
import pytest

from thermeld.errors import BadImage, BadSetting, RangeUnknown, SizeMismatch
from thermeld.image import (
    THERMAL_WINDOW,
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
