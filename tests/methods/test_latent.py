import numpy as np
import pytest

from thermeld.methods.latent import salient_map, shrunk, shrunk_values


def test_shrinking_is_the_nearest_point_of_each_norm():
    np.testing.assert_array_equal(shrunk(np.array([-3.0, -0.5, 2.0]), 1.0), [-2.0, 0.0, 1.0])
    np.testing.assert_allclose(shrunk_values(np.diag([5.0, 1.0]), 2.0), np.diag([3.0, 0.0]))


def test_salience_and_representation_explain_clean_samples_together(rng):
    samples = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 40))
    salient = salient_map(samples, noise=1000.0)
    # Without noise the optimum is Z = V f V', L = U (1 - f) U': both live in the samples' space.
    left = np.linalg.svd(samples)[0][:, :2]
    np.testing.assert_allclose(left @ left.T @ salient, salient, atol=1e-6)
    values = np.linalg.eigvalsh((salient + salient.T) / 2)
    assert values.min() > -1e-6
    assert values.max() < 1 + 1e-6


def test_salience_does_not_depend_on_the_order_of_samples(rng):
    samples = rng.standard_normal((5, 30))
    shuffled = samples[:, rng.permutation(30)]
    assert salient_map(samples) == pytest.approx(salient_map(shuffled), abs=1e-8)
