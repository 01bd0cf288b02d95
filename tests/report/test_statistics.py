from math import erfc, sqrt

import numpy as np
import pytest

from thermeld.report import statistics
from thermeld.report.statistics import bootstrap_interval, difference, holm, signed_rank_p


@pytest.mark.parametrize(
    ("gaps", "p"),
    [
        ([1, 2, 3, 4, 5], 2 / 32),  # one of 32 assignments of signs, and its mirror
        # Subsets of 1..5 with a sum up to 5: {} 1 2 3 4 5 12 13 14 23, 10 of 32; both sides.
        ([1, 2, 3, 4, -5], 20 / 32),
        ([0, 0, 0], 1.0),
        ([0, 1, 2, 3], 2 / 8),  # zeros are left out
        ([2, 2, 2], 2 / 8),  # ties: all ranks 2
        ([1, 1, -1], 1.0),  # rank sums 0, 2, 4, 6 with 1, 3, 3, 1 ways; 2 or less has 4 of 8
    ],
)
def test_signed_rank_by_counting(gaps, p):
    assert signed_rank_p(gaps) == pytest.approx(p, abs=1e-12)


def test_published_example():
    # Hollander & Wolfe, table 3.1 (depression scale, nine patients): T+ = 5, two-sided p = 0.039.
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    gaps = np.subtract(after, before)
    assert signed_rank_p(gaps) == pytest.approx(2 * 10 / 512, abs=1e-12)


def test_normal_approximation_with_ties_by_hand(monkeypatch):
    monkeypatch.setattr(statistics, "EXACT_UP_TO", 0)
    # |gaps| 1 1 2 3: ranks 1.5 1.5 3 4; W+ = 8.5, mean 5, variance (2.25+2.25+9+16)/4.
    expected = erfc((8.5 - 5) / sqrt(29.5 / 4) / sqrt(2))
    assert signed_rank_p([1, -1, 2, 3]) == pytest.approx(expected, abs=1e-12)


def test_approximation_meets_the_exact_value(monkeypatch, rng):
    gaps = rng.normal(0.2, 1.0, 60)
    exact = signed_rank_p(gaps)
    monkeypatch.setattr(statistics, "EXACT_UP_TO", 0)
    assert signed_rank_p(gaps) == pytest.approx(exact, abs=0.004)


def test_bootstrap_is_the_same_each_time_and_about_right(rng):
    values = rng.normal(5.0, 2.0, 400)
    low, high = bootstrap_interval(values)
    assert (low, high) == bootstrap_interval(values)
    assert (low, high) != bootstrap_interval(values, seed=1)
    half = 1.96 * values.std() / sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_bootstrap_of_equal_values_has_no_width():
    assert bootstrap_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)


def test_difference_is_taken_on_shared_images():
    gap = difference({"1": 3.0, "2": 5.0, "3": 99.0}, {"1": 1.0, "2": 1.0, "4": 7.0})
    assert gap is not None
    assert (gap.mean, gap.pairs, gap.p) == (3.0, 2, 0.5)
    assert difference({"1": 1.0}, {"2": 1.0}) is None


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
