import cv2
import numpy as np
import pytest

from thermeld.align.mutual import SHADES, shades, wishes
from thermeld.align.refine import Stage

STAGE = Stage(192, 1, sigma=1.0)


def test_shades_are_ranks_each_as_frequent(rng):
    plane = rng.random((60, 80), np.float32) ** 4
    ranks = shades(plane, np.ones_like(plane), STAGE).field[:, :, 0]
    assert ranks.min() == pytest.approx(0, abs=0.2)
    assert ranks.max() == pytest.approx(SHADES - 1, abs=0.2)
    assert np.median(ranks) == pytest.approx((SHADES - 1) / 2, abs=0.5)


def test_pixels_wish_back_to_where_they_came_from_though_contrast_differs(rng):
    vis = cv2.GaussianBlur(rng.random((90, 120), np.float32), (0, 0), 4)
    vis = (vis - vis.min()) / (vis.max() - vis.min())
    ir = np.abs(vis - 0.5)  # no monotone function of the visible grey
    moved = np.roll(ir, 1, axis=1)  # to be looked up one pixel further right
    whole = np.ones_like(vis)
    asked = wishes(shades(vis, whole, STAGE), shades(moved, whole, STAGE))
    step = np.linalg.solve(asked.curvature.sum((0, 1)), asked.pull.sum((0, 1)))
    assert step[0] > 0.3
    assert abs(step[1]) < 0.3 * step[0]


def test_a_flat_picture_wishes_nothing():
    flat = np.full((40, 50), 0.3, np.float32)
    field = shades(flat, np.ones_like(flat), STAGE)
    assert np.abs(wishes(field, field).pull).max() < 1e-3
