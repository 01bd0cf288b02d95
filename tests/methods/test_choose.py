import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.choose import base_rule, consistent, detail_rule, larger, require_levels


def test_a_lone_strong_coefficient_wins_its_whole_neighbourhood():
    ir, vis = np.zeros((9, 9)), np.ones((9, 9))
    ir[4, 4] = 5.0
    chosen = consistent(ir, vis)
    # The maximum in 3x3 reaches one sample around; the vote then cuts the four corners.
    cross = np.ones((9, 9))
    cross[3:6, 3:6] = 0.0
    cross[4, 4] = 5.0
    cross[3:6:2, 3:6:2] = 1.0
    np.testing.assert_array_equal(chosen, cross)


def test_a_tie_goes_to_visible_by_vote_and_to_infrared_without():
    ir, vis = np.full((4, 5), 2.0), np.full((4, 5), -2.0)
    np.testing.assert_array_equal(consistent(ir, vis), vis)
    np.testing.assert_array_equal(larger(ir, vis), ir)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_does_not_break_a_tie(dtype):
    vis = np.full((6, 6), 200.0, dtype)
    noisy = vis * dtype(1 + 4 * np.finfo(dtype).eps)
    assert (noisy != vis).all()
    np.testing.assert_array_equal(consistent(noisy, vis), vis)
    np.testing.assert_array_equal(larger(vis, noisy), vis)


def test_complex_coefficients_are_compared_by_magnitude():
    ir, vis = np.full((3, 3), 3 + 4j), np.full((3, 3), -4.5 + 0j)
    np.testing.assert_array_equal(larger(ir, vis), ir)
    np.testing.assert_array_equal(consistent(ir, vis), ir)


def test_unknown_rules_and_levels_are_refused():
    band = np.zeros((2, 2))
    with pytest.raises(BadSetting, match="base must be 'mean' or 'max'"):
        base_rule("min", band, band)
    with pytest.raises(BadSetting, match="rule must be 'consistent' or 'larger'"):
        detail_rule("sum", band, band)
    with pytest.raises(BadSetting, match="at least 1, got 0"):
        require_levels(0)
