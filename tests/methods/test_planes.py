import numpy as np
import pytest

from thermeld.methods.planes import (
    clipped,
    from_levels,
    halvings,
    mirrored_without_corners,
    to_levels,
)


def test_every_8_bit_value_survives_the_way_to_levels_and_back():
    grey = np.arange(0, 255.5, 0.5)
    np.testing.assert_array_equal(to_levels(grey / 255.0), grey)
    np.testing.assert_array_equal(from_levels(grey) * 255.0, grey)


def test_overshoot_is_cut_and_not_stretched():
    np.testing.assert_array_equal(clipped(np.array([-0.2, 0.25, 1.3])), [0.0, 0.25, 1.0])


def test_extension_mirrors_without_the_edge_and_leaves_corners_empty():
    wide = mirrored_without_corners(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1)
    np.testing.assert_array_equal(
        wide, [[0, 4, 5, 6, 0], [2, 1, 2, 3, 2], [5, 4, 5, 6, 5], [0, 1, 2, 3, 0]]
    )


@pytest.mark.parametrize(
    ("size", "count"), [((1, 9), 0), ((2, 3), 1), ((127, 400), 6), ((128, 400), 7)]
)
def test_a_side_is_halved_until_one_sample_is_left(size, count):
    assert halvings(size) == count
