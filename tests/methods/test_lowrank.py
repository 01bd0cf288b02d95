import numpy as np
import pytest

from thermeld.methods.lowrank import add_patches, coverage, nuclear_norms, patches, strips


@pytest.mark.parametrize("size", [(8, 8), (9, 20), (40, 31)])
def test_patches_added_back_are_the_plane_times_its_coverage(rng, size):
    plane, total = rng.random(size), np.zeros(size)
    for rows in strips(size):
        add_patches(total, patches(plane, rows), rows)
    np.testing.assert_allclose(total, plane * coverage(plane), atol=1e-10)
    assert coverage(plane)[0, 0] == 1.0


def test_a_patch_runs_down_its_columns(rng):
    plane = rng.random((10, 12))
    columns = patches(plane, slice(0, 3))
    assert columns.shape == (64, 15)
    np.testing.assert_array_equal(columns[:, 1], plane[0:8, 1:9].T.ravel())


def test_norms_of_both_precisions_agree(rng):
    columns = rng.standard_normal((64, 500))
    np.testing.assert_allclose(
        nuclear_norms(columns.astype(np.float32)), nuclear_norms(columns), rtol=0.05
    )
