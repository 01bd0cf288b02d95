import numpy as np
import pytest

from thermeld.methods.directions import bank

DOUBLE = np.dtype(np.float64)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(64, 64), (61, 83), (1, 1), (3, 40)])
def test_directions_there_and_back_add_up_to_the_whole(rng, size, depth):
    filters = bank(size, depth, DOUBLE)
    assert len(filters.analysis) == len(filters.synthesis) == 2**depth
    spectrum = np.fft.rfft2(rng.random(size))
    back = sum(spectrum * a * s for a, s in zip(*filters, strict=True))
    assert np.abs(np.fft.irfft2(back - spectrum, s=size)).max() < 1e-10


def test_most_directions_listen_best_to_an_angle_of_their_own():
    filters = bank((64, 64), 3, DOUBLE)
    angles = np.pi * np.arange(16) / 16
    rows = np.rint(24 * np.sin(angles)).astype(int)
    cols = np.rint(24 * np.cos(angles)).astype(int)
    rows, cols = np.where(cols < 0, -rows, rows) % 64, np.abs(cols)
    best = {int(np.argmax(np.abs(response[rows, cols]))) for response in filters.analysis}
    assert len(best) >= 6
