import numpy as np
import pytest

from thermeld.methods.haar import join, split


@pytest.mark.parametrize("size", [(64, 48), (61, 83), (1, 1), (1, 6)])
def test_join_undoes_split(rng, size):
    plane = rng.random(size)
    assert np.abs(join(*split(plane)) - plane).max() < 1e-10


def test_coefficients_of_one_block_worked_by_hand():
    low, details = split(np.array([[9.0, 5.0], [4.0, 2.0]]))
    assert [float(band[0, 0]) for band in (low, *details.bands)] == [10.0, 4.0, 3.0, 1.0]


def test_the_transform_keeps_energy(rng):
    plane = rng.random((32, 32))
    low, details = split(plane)
    energy = sum(float(np.sum(band**2)) for band in (low, *details.bands))
    assert energy == pytest.approx(float(np.sum(plane**2)), rel=1e-12)
