from math import isnan

import cv2
import numpy as np
import pytest

from thermeld.metrics import score
from thermeld.metrics.exposure import multi_exposure_similarity


def only(images, convention):
    return score(*images, metrics=["MS_SSIM"], convention=convention)["MS_SSIM"]


def test_the_survey_code_means_the_multi_exposure_measure(rng):
    images = [rng.integers(0, 256, (60, 70), dtype=np.uint8) for _ in range(3)]
    assert only(images, "tang") == multi_exposure_similarity(*(i.astype(float) for i in images))


def test_the_classical_measure_falls_with_blur_and_is_a_mean_over_sources(rng):
    fused = cv2.GaussianBlur(rng.integers(0, 256, (200, 190), dtype=np.uint8), (0, 0), 2)
    soft, softer = (cv2.GaussianBlur(fused, (0, 0), sigma) for sigma in (2, 6))
    both = only((soft, soft, fused), "paper"), only((softer, softer, fused), "paper")
    assert 1.0 > both[0] > both[1] > 0.0
    assert only((soft, softer, fused), "paper") == pytest.approx(sum(both) / 2)


def test_five_scales_need_176_pixels(rng):
    image = rng.integers(0, 256, (200, 200), dtype=np.uint8)
    assert only([image[:176]] * 3, "paper") == pytest.approx(1.0)
    assert isnan(only([image[:160]] * 3, "paper"))
