from math import log

import numpy as np
import pytest

from thermeld.metrics import score

HALF = np.zeros((8, 8), np.uint8)
HALF[:, 4:] = 200
ACROSS = np.ascontiguousarray(HALF.T)


def only(name, ir, vis, fused, convention=None):
    return score(ir, vis, fused, metrics=[name], convention=convention)[name]


def test_entropy_of_two_equal_halves_is_one_bit():
    assert only("EN", HALF, HALF, HALF) == pytest.approx(1.0)


def test_entropy_of_all_levels_is_eight_bits():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert only("EN", ramp, ramp, ramp) == pytest.approx(8.0)


def test_a_copy_of_one_of_two_independent_sources_shares_one_bit():
    assert only("MI", HALF, ACROSS, HALF) == pytest.approx(1.0)
    assert only("NMI", HALF, ACROSS, HALF) == pytest.approx(1.0)


def test_cddfuse_counts_in_nats():
    assert only("MI", HALF, ACROSS, HALF, "cddfuse") == pytest.approx(log(2.0))


def test_the_survey_code_takes_254_and_255_for_one_in_the_joint_histogram():
    image = np.array([[254, 255]], np.uint8)
    assert only("MI", image, image, image, "cddfuse") == pytest.approx(2 * log(2.0))
    # H(A) = H(F) = 1 bit as ever, but the joint histogram has one bin left: H(A,F) = 0.
    assert only("MI", image, image, image, "tang") == pytest.approx(4.0)


def test_vifb_stretches_before_it_counts():
    faint = HALF // 100  # levels 0 and 2
    assert only("MI", faint, faint, HALF, "vifb") == pytest.approx(2 * log(2.0))
    assert only("MI", np.full_like(HALF, 9), HALF, HALF, "vifb") == pytest.approx(log(2.0))


def test_cross_entropy_by_hand():
    fused = np.zeros((8, 8), np.uint8)
    fused[:, 6:] = 200  # shares 3/4 and 1/4 against 1/2 and 1/2
    expected = 0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25)
    assert only("CE", HALF, HALF, fused) == pytest.approx(expected)


def test_levels_that_the_fused_image_lacks_cost_nothing():
    assert only("CE", HALF, HALF, np.zeros_like(HALF)) == pytest.approx(-0.5)
