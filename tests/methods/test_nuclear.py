import numpy as np
import pytest

from thermeld.methods.nuclear import nuclear_norms


def rank(rng, count, inner):
    left, right = rng.standard_normal((count, 8, inner)), rng.standard_normal((count, inner, 8))
    return left @ right


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e4])
def test_norms_agree_with_lapack(rng, scale):
    smooth = np.cumsum(np.cumsum(rng.standard_normal((3000, 8, 8)), axis=1), axis=2)
    sets = [rng.standard_normal((3000, 8, 8)), smooth, rank(rng, 3000, 1), rank(rng, 3000, 2)]
    matrices = scale * np.concatenate(sets)
    exact = np.linalg.svd(matrices, compute_uv=False).sum(axis=1)
    single = np.ascontiguousarray(matrices.transpose(1, 2, 0), np.float32)
    error = nuclear_norms(single) / exact - 1
    assert np.sqrt(np.mean(error**2)) < 2e-3
    assert np.abs(error).max() < 0.05


def test_known_norms():
    matrices = np.zeros((8, 8, 3), np.float32)
    matrices[..., 1] = 2 * np.eye(8)
    matrices[..., 2] = np.diag(np.arange(8.0))
    np.testing.assert_allclose(nuclear_norms(matrices), [0.0, 16.0, 28.0], rtol=1e-4)
