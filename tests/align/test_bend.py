import numpy as np
import pytest

from thermeld.align.bend import NODES, bent, kept_back_gain
from thermeld.align.refine import CELLS, Wishes, cell_centres
from thermeld.align.structure import level


def wanted(displacement):
    """Wishes of cells that all know equally well where to go, (rows, columns, 2)."""
    curvature = np.broadcast_to(np.eye(2), (*CELLS, 2, 2)).copy()
    return Wishes(curvature, np.asarray(displacement, np.float64))


def test_a_smooth_bend_gains_on_cells_it_was_not_fitted_on():
    x, y = np.moveaxis(cell_centres((480, 640)), -1, 0)
    smooth = np.stack([2 * np.sin(x / 150), np.cos(y / 120)], -1)
    gain = kept_back_gain(wanted(smooth))
    assert gain == pytest.approx((smooth**2).sum(), rel=0.3)


def test_wishes_without_rule_gain_nothing(rng):
    assert kept_back_gain(wanted(rng.standard_normal((*CELLS, 2)))) < 0


def test_noise_is_not_bent_to(rng):
    ir, vis = rng.random((2, 240, 320), np.float32)
    pair = level(ir, np.ones(ir.shape, np.bool_), vis, 320)
    assert np.array_equal(bent({384: pair, 560: pair}, np.eye(3)), np.zeros((*NODES, 2)))
