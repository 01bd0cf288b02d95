import cv2
import numpy as np
import pytest

from thermeld.metrics.feature_maps import cosines, matlab_edges, octave_edges, wavelets
from thermeld.metrics.plane import Plane


@pytest.mark.parametrize("edges", [octave_edges, matlab_edges])
def test_a_bright_square_has_a_thin_outline(edges):
    image = np.zeros((20, 20), np.uint8)
    image[6:14, 6:14] = 100  # a step in two parts: of two equally strong pixels neither is an
    image[7:13, 7:13] = 200  # edge for Octave
    found = edges(Plane(image))
    assert set(np.unique(found)) == {0.0, 1.0}
    assert found[10].sum() == 2.0  # one pixel per side, not the two that Sobel finds
    assert found[:4].sum() == found[10, 8:12].sum() == 0.0


def test_a_constant_image_has_no_edges():
    flat = Plane(np.full((9, 9), 40, np.uint8))
    assert octave_edges(flat).sum() == matlab_edges(flat).sum() == 0.0


def test_cosines_are_opencv_s_and_work_at_odd_sizes(rng):
    even = Plane(rng.integers(0, 256, (12, 16), dtype=np.uint8))
    np.testing.assert_allclose(cosines(even), cv2.dct(even.values), atol=1e-9)
    odd = Plane(rng.integers(0, 256, (11, 7), dtype=np.uint8))
    assert (cosines(odd) ** 2).sum() == pytest.approx((odd.values**2).sum())


@pytest.mark.parametrize("size", [(64, 96), (75, 83), (20, 33), (5, 1)], ids=str)
def test_wavelets_are_those_of_pywavelets_to_the_last_bit(rng, size):
    pywt = pytest.importorskip("pywt", reason="compares with PyWavelets: pip install PyWavelets")
    plane = Plane(rng.integers(0, 256, size, dtype=np.uint8))
    approximate, (horizontal, vertical, diagonal) = pywt.dwt2(plane.values, "dmey")
    tiled = np.block([[approximate, horizontal], [vertical, diagonal]])
    expected = (tiled - tiled.min()) / (tiled.max() - tiled.min())
    assert np.array_equal(wavelets(plane), expected)
