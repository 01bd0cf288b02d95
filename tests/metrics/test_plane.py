import cv2
import numpy as np
import pytest

from thermeld.image import to_depth, unit
from thermeld.metrics.plane import Picture, Plane, sobel, unit_sobel

ALL = np.arange(256, dtype=np.uint8)


def test_eight_bit_levels_survive_the_array_contract():
    assert np.array_equal(to_depth(unit(ALL), np.uint8), ALL)
    assert np.array_equal(to_depth(unit(ALL / 255.0), np.uint8), ALL)


def test_a_measure_is_worked_out_once_per_argument():
    calls = []
    plane = Plane(ALL.reshape(16, 16))

    def measure(given, *others):
        calls.append(others)
        return len(calls)

    assert [plane.once(measure), plane.once(measure), plane.once(measure, 3)] == [1, 1, 2]
    assert calls == [(), (3,)]


def test_histogram_counts_every_pixel():
    histogram = Plane(np.array([[0, 0, 255]], np.uint8)).histogram
    assert histogram.shape == (256,)
    assert (histogram[0], histogram[255], histogram.sum()) == (2, 1, 3)


def test_stretching_reaches_both_ends_and_rounds_half_up():
    stretched = Plane(np.array([[10, 11, 12]], np.uint8)).stretched
    assert stretched.levels.tolist() == [[0, 128, 255]]


def test_a_constant_plane_has_no_stretch():
    assert Plane(np.full((3, 3), 9, np.uint8)).stretched is None


def test_the_two_grays_differ_by_a_level_at_most(rng):
    picture = Picture(rng.integers(0, 256, (200, 200, 3), dtype=np.uint8))
    off = np.abs(picture.gray.values - picture.gray32.values)
    assert off.max() == 1.0
    assert 0 < off.mean() < 0.01


def test_gray_keeps_gray(rng):
    picture = Picture(np.dstack([ALL.reshape(16, 16)] * 3))
    for plane in (picture.gray, picture.gray32, *picture.channels):
        assert np.array_equal(plane.levels, ALL.reshape(16, 16))


def test_three_equal_channels_are_measured_once_but_lie_side_by_side():
    (channel,) = Picture(np.dstack([ALL.reshape(16, 16)] * 3)).channels
    assert channel.strip.levels.shape == (16, 48)


@pytest.mark.parametrize(
    ("edge", "border"), [(True, cv2.BORDER_REPLICATE), (False, cv2.BORDER_CONSTANT)]
)
def test_the_ordered_sobel_is_the_plain_one_but_for_rounding_and_direction(rng, edge, border):
    plane = Plane(rng.integers(0, 256, (9, 11), dtype=np.uint8))
    places = [(row, col) for row in range(3) for col in range(3)]
    along_x, up = unit_sobel(plane, places, edge=edge)
    expected_x, down = sobel(plane, border)
    np.testing.assert_allclose(255.0 * along_x, expected_x, atol=1e-10)
    np.testing.assert_allclose(-255.0 * up, down, atol=1e-10)
