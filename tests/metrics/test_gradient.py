from math import sqrt

import numpy as np
import pytest

from thermeld.metrics import score

RAMP = np.tile(np.arange(0, 60, 3, dtype=np.uint8), (12, 1))  # rises by 3 per column


def only(name, fused, convention=None):
    return score(fused, fused, fused, metrics=[name], convention=convention)[name]


def test_gradients_of_a_ramp_are_its_slope():
    rows, cols = RAMP.shape
    assert only("SF", RAMP) == pytest.approx(3.0)
    assert only("SF", RAMP, "tang2022") == pytest.approx(3.0 / 255)
    assert only("SF", RAMP, "vifb") == pytest.approx(3.0 * sqrt((cols - 1) / cols))
    assert only("AG", RAMP, "cddfuse") == pytest.approx(3.0 / sqrt(2))
    scale = rows * cols / ((rows - 1) * (cols - 1))
    assert only("AG", RAMP) == pytest.approx(scale * 3.0 / sqrt(2))
    # 8 x slope inside, half of it in the first and last column
    assert only("EI", RAMP) == pytest.approx(24.0 * (cols - 1) / cols)


def test_vifb_measures_the_frequency_of_channels_laid_side_by_side():
    colour = np.dstack([RAMP, RAMP // 3, 255 - RAMP])
    wide = np.hstack([RAMP, RAMP // 3, 255 - RAMP]).astype(float)
    expected = sqrt(
        ((np.diff(wide, axis=1) ** 2).sum() + (np.diff(wide, axis=0) ** 2).sum()) / wide.size
    )
    assert only("SF", colour, "vifb") == pytest.approx(expected)


def test_average_gradient_is_that_of_numpy(rng):
    image = rng.integers(0, 256, (9, 7), dtype=np.uint8)
    down, along = np.gradient(image.astype(float))
    assert only("AG", image, "cddfuse") == pytest.approx(np.sqrt((down**2 + along**2) / 2).mean())


def test_deviation_is_that_of_the_population(rng):
    image = rng.integers(0, 256, (9, 7), dtype=np.uint8)
    assert only("SD", image) == pytest.approx(image.std())


def test_the_older_deviation_counts_only_above_the_mean_and_to_a_point():
    image = np.array([[0, 20, 40, 100]], np.uint8)  # mean 40: 0, 0, 0 and min(60^2, 255)
    assert only("SD", image, "tang2022") == pytest.approx(sqrt(255 / 4))
