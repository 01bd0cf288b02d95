import numpy as np
import pytest

from thermeld.methods.dualtree import analyse, synthesise
from thermeld.methods.haar import split


@pytest.mark.parametrize("size", [(64, 64), (66, 90), (2, 2), (4, 6), (122, 130)])
def test_synthesis_undoes_analysis(rng, size):
    plane = rng.random(size)
    low, octaves = analyse(plane, 4)
    assert np.abs(synthesise(low, octaves) - plane).max() < 1e-10


def test_there_are_six_bands_an_octave_each_half_the_size_of_the_last(rng):
    _, octaves = analyse(rng.random((64, 96)), 3)
    assert [len(octave.bands) for octave in octaves] == [6, 6, 6]
    assert [octave.bands[0].shape for octave in octaves] == [(32, 48), (16, 24), (8, 12)]


def test_energy_moves_little_with_a_shift_where_a_real_wavelet_may_lose_all():
    dual, real = [], []
    for shift in range(8):
        step = np.zeros((64, 64))
        step[:, 24 + shift :] = 1.0
        dual.append(sum(float(np.sum(np.abs(band) ** 2)) for band in analyse(step, 3)[1][2].bands))
        for _ in range(3):
            step, details = split(step)
        real.append(sum(float(np.sum(band**2)) for band in details.bands))
    assert max(dual) / min(dual) < 1.8
    assert min(real) == 0.0


def test_directions_tell_rising_from_falling_lines():
    rows, cols = np.mgrid[:64, :64]
    rising, falling = np.cos(0.7 * (rows + cols)), np.cos(0.7 * (rows - cols))
    strengths = []
    for plane in (rising, falling):
        _, octaves = analyse(plane, 2)
        strengths.append([float(np.abs(band[3:-3, 3:-3]).mean()) for band in octaves[1].bands])
    assert np.argmax(strengths[0]) != np.argmax(strengths[1])
