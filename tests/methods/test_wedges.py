import numpy as np
import pytest

from thermeld.methods.wedges import fading, low_pass, wedges_of


def test_fading_windows_square_to_one_and_meet_their_ends():
    rising, falling = fading(np.linspace(-0.5, 1.5, 41))
    np.testing.assert_allclose(rising**2 + falling**2, 1.0, atol=1e-12)
    assert (rising[:11] == 0).all()
    assert (rising[30:] == 1).all()
    assert rising[20] == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize("side", [96, 97, 98])
def test_low_pass_is_symmetric_and_of_the_stated_length(side):
    for window in (low_pass(side / 3, outermost_side=side), low_pass(side / 6)):
        np.testing.assert_allclose(window, window[::-1], atol=1e-12)
        assert window.max() == 1.0
    assert len(low_pass(side / 3, outermost_side=side)) == 2 * int(2 * side / 3) + 1


@pytest.mark.parametrize("radii", [(20.0, 20.0), (16.5, 30.3)])
def test_squared_wedges_and_their_opposites_cover_a_ring_once(radii):
    rows, cols = (2 * int(4 * radius) + 1 for radius in radii)
    cover = np.zeros(rows * cols + 1)
    for wedge in wedges_of(radii, 16):
        np.add.at(cover, wedge.places, wedge.window**2)
    ring = cover[:-1].reshape(rows, cols)
    ring = ring + ring[::-1, ::-1]
    hole = slice(rows // 4, -(rows // 4)), slice(cols // 4, -(cols // 4))
    ring[hole] = 1.0  # the next coarser scales live there
    np.testing.assert_allclose(ring, 1.0, atol=1e-12)
