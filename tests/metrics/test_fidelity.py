from math import inf, log10, sqrt

import numpy as np
import pytest

from thermeld.metrics import score

DARK = np.full((4, 5), 10, np.uint8)
LIGHT = np.full((4, 5), 20, np.uint8)


def only(name, ir, vis, fused, convention=None):
    return score(ir, vis, fused, metrics=[name], convention=convention)[name]


@pytest.mark.parametrize(
    ("name", "convention", "expected"),
    [
        ("MSE", "tang", 50 / 255**2),  # mean of 0 and 100
        ("MSE", "cddfuse", 50.0),
        ("PSNR", "tang", 20 * log10(255 / (sqrt(50) / 255))),
        ("PSNR", "cddfuse", 10 * log10(10**2 / 50)),
        ("RMSE", "vifb", sqrt(20 * 100) / 20 / 2),
        ("PSNR", "vifb", 20 * log10(255 / sqrt(sqrt(20 * 100) / 20 / 2))),
    ],
)
def test_errors_by_hand(name, convention, expected):
    assert only(name, DARK, LIGHT, DARK, convention) == pytest.approx(expected)


def test_an_image_has_no_error_against_itself():
    assert only("PSNR", DARK, DARK, DARK) == inf


def test_black_has_no_peak_to_be_below():
    black = np.zeros_like(DARK)
    assert only("PSNR", DARK, DARK, black, "cddfuse") == -inf


def test_sums_stay_exact_in_large_images(rng):
    images = [rng.integers(0, 256, (900, 1100), dtype=np.uint8) for _ in range(3)]
    ir, vis, fused = (image.astype(np.int64) for image in images)
    exact = (((ir - fused) ** 2).sum() + ((vis - fused) ** 2).sum()) / (2 * fused.size)
    assert only("MSE", *images, "cddfuse") == exact


def test_correlations_are_pearson_s(rng):
    images = [rng.integers(0, 256, (30, 31), dtype=np.uint8) for _ in range(3)]
    ir, vis, fused = (image.astype(float).ravel() for image in images)

    def pearson(x, y):
        return np.corrcoef(x, y)[0, 1]

    assert only("CC", *images) == pytest.approx((pearson(ir, fused) + pearson(vis, fused)) / 2)
    assert only("SCD", *images) == pytest.approx(
        pearson(fused - vis, ir) + pearson(fused - ir, vis)
    )


def test_the_sum_of_two_sources_has_the_best_scd(rng):
    ir, vis = (rng.integers(0, 128, (16, 16), dtype=np.uint8) for _ in range(2))
    assert only("SCD", ir, vis, ir + vis) == pytest.approx(2.0)


def test_a_negative_correlates_perfectly_the_wrong_way(rng):
    image = rng.integers(0, 256, (16, 16), dtype=np.uint8)
    assert only("CC", image, image, 255 - image) == pytest.approx(-1.0)
