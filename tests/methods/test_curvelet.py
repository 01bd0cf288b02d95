import numpy as np
import pytest

from thermeld.methods.curvelet import analyse, plan, synthesise

DOUBLE = np.dtype(np.float64)


@pytest.mark.parametrize("size", [(96, 96), (97, 123), (128, 150)])
def test_synthesis_undoes_analysis(rng, size):
    plane, windows = rng.random(size), plan(size, 5, 16, DOUBLE)
    assert np.abs(synthesise(analyse(plane, windows), windows) - plane).max() < 1e-10


def test_the_frame_is_tight(rng):
    plane, windows = rng.standard_normal((120, 100)), plan((120, 100), 5, 16, DOUBLE)
    curvelets = analyse(plane, windows)
    bands = [band for ring in curvelets.rings for pair in ring for band in pair]
    energy = sum(float(np.sum(band**2)) for band in (curvelets.coarse, *bands))
    assert energy == pytest.approx(float(np.sum(plane**2)), rel=1e-10)
    assert [2 * len(ring) for ring in curvelets.rings] == [64, 32, 32, 16]


def test_a_plane_wave_is_caught_by_few_directions():
    rows, cols = np.mgrid[:128, :128]
    windows = plan((128, 128), 5, 16, DOUBLE)
    curvelets = analyse(np.cos(2 * np.pi * (24 * rows + 6 * cols) / 128), windows)
    strengths = sorted(float(np.sum(a**2 + b**2)) for a, b in curvelets.rings[1])
    assert sum(strengths[-2:]) > 0.95 * sum(strengths)
