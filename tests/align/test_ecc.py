import numpy as np
import pytest

from thermeld.align.ecc import ecc, strength
from thermeld.align.structure import level


@pytest.fixture
def blocks(rng):
    """Bright blocks on a dark ground."""
    plane = np.zeros((120, 160), np.float32)
    for _ in range(12):
        top, left = rng.integers(5, 90), rng.integers(5, 130)
        plane[top : top + 20, left : left + 22] += rng.uniform(0.2, 0.5)
    return np.clip(plane, 0, 1)


@pytest.mark.parametrize("model", ["translation", "affine", "homography"])
def test_a_shift_is_found_though_contrast_is_reversed(blocks, model):
    ir = np.roll(1 - blocks, (2, -3), axis=(0, 1))
    pair = level(ir, np.ones(ir.shape, np.bool_), blocks, 160)
    assert ecc(pair, np.eye(3), model)[:2, 2] == pytest.approx([3, -2], abs=0.5)


def test_nothing_to_correlate_leaves_the_warp_as_it_was(blocks):
    flat = np.full_like(blocks, 0.5)
    start = np.array([[1.0, 0, 2], [0, 1, 1], [0, 0, 1]])
    pair = level(flat, np.ones(flat.shape, np.bool_), blocks, 160)
    assert np.array_equal(ecc(pair, start, "affine"), start)


def test_strength_is_relative_and_empty_in_wedges(blocks):
    valid = np.ones_like(blocks)
    valid[:, :40] = 0
    faint = strength(0.5 * blocks, valid)
    assert faint == pytest.approx(strength(blocks, valid), abs=1e-2)
    assert faint[:, :30].max() < 1e-3
