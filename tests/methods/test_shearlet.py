import numpy as np
import pytest

from thermeld.methods.shearlet import analyse, meyer, small_windows, synthesise, windows

DOUBLE = np.dtype(np.float64)


@pytest.mark.parametrize(("side", "directions"), [(8, 8), (16, 16), (16, 8)])
@pytest.mark.parametrize("size", [(64, 64), (61, 83), (1, 1), (5, 30)])
def test_synthesis_undoes_analysis(rng, size, side, directions):
    plane, filters = rng.random(size), windows(size, side, directions, DOUBLE)
    assert len(filters) == directions
    assert np.abs(synthesise(analyse(plane, filters), filters) - plane).max() < 1e-10


def test_meyer_weights_of_neighbouring_directions_add_up_to_one():
    x = np.linspace(-1 / 6, 1 / 6, 21)
    np.testing.assert_allclose(meyer(x) + meyer(x + 1), 1.0, atol=1e-12)
    assert meyer(np.array([0.5])) == 1.0


def test_windows_look_in_different_directions():
    spectra = [np.abs(np.fft.fft2(window)) for window in small_windows(16, 16)]
    peaks = {np.unravel_index(np.argmax(spectrum), spectrum.shape) for spectrum in spectra}
    assert len(peaks) >= 8
