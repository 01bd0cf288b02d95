import numpy as np
import pytest

from thermeld.methods.msvd import blocks, cloud, msvd, unblocked


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(msvd, "msvd", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(msvd, "25") > 70.0


def test_blocks_are_taken_column_by_column():
    plane = np.arange(8.0).reshape(2, 4)
    np.testing.assert_array_equal(blocks(plane).T, [[0, 4, 1, 5], [2, 6, 3, 7]])
    np.testing.assert_array_equal(unblocked(blocks(plane), 1), plane)


def test_axes_are_orthonormal_and_give_the_blocks_back(rng):
    columns = blocks(rng.random((20, 30)))
    axes, bands = cloud(columns)
    assert np.abs(axes @ axes.T - np.eye(4)).max() < 1e-10
    assert np.abs(axes @ bands - columns).max() < 1e-10
    energy = np.sum(bands**2, axis=1)
    assert (np.diff(energy) <= 0).all()


def test_opposite_signs_do_not_cancel_a_band(rng):
    image = rng.random((32, 32))
    assert np.abs(msvd(image, image) - image).max() < 1e-10
