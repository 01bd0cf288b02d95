import numpy as np
import pytest

from thermeld.methods.atrous import MAXFLAT, PYREXC, analyse, synthesise


@pytest.mark.parametrize("filters", [PYREXC, MAXFLAT])
@pytest.mark.parametrize("size", [(64, 64), (61, 83), (1, 1), (3, 40)])
def test_synthesis_undoes_analysis(rng, filters, size):
    plane = rng.random(size)
    assert np.abs(synthesise(*analyse(plane, 4, filters), filters) - plane).max() < 1e-10


@pytest.mark.parametrize("filters", [PYREXC, MAXFLAT])
def test_a_constant_has_no_detail_and_keeps_its_level(filters):
    low, bands = analyse(np.full((20, 30), 0.5), 3, filters)
    np.testing.assert_allclose(low, 0.5, atol=1e-12)
    assert max(np.abs(band).max() for band in bands) < 1e-12


@pytest.mark.parametrize("filters", [PYREXC, MAXFLAT])
def test_filters_are_complementary_for_every_smoothing(filters):
    t = np.linspace(-1, 1, 101)
    value = [np.polynomial.Polynomial(filters[i])(t) for i in range(1, 5)]
    low, high, low_back, high_back = value
    np.testing.assert_allclose(low * low_back + high * high_back, 1.0, atol=1e-12)
    assert low[-1] == pytest.approx(1.0)
    assert high[-1] == pytest.approx(0.0, abs=1e-12)
