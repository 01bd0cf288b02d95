import numpy as np
import pytest

from thermeld.align.warp import (
    Lens,
    Warp,
    apply,
    common_rectangle,
    stretch,
    transformed,
    unwarped,
)
from thermeld.errors import BadSetting, SizeMismatch


def moved(right, down, size=(20, 30)):
    matrix = np.eye(3)
    matrix[:2, 2] = right, down
    return Warp(matrix, size, size)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_shift_moves_pixels_exactly_and_leaves_a_wedge(rng, kind):
    ir = (rng.random((20, 30)) * 200).astype(kind)
    laid, seen = apply(moved(3, 2), ir)
    assert laid.dtype == kind
    assert np.array_equal(laid[2:, 3:], ir[:-2, :-3])
    assert not laid[:2].any()
    assert not seen[:2].any()
    assert not seen[:, :3].any()
    assert seen[2:, 3:].all()


def test_extending_repeats_the_border_and_marks_the_same_wedge(rng):
    ir = rng.random((20, 30), np.float32)
    laid, seen = apply(moved(3, 0), ir, extend=True)
    assert np.array_equal(laid[:, :3], np.repeat(ir[:, :1], 3, axis=1))
    assert np.array_equal(seen, apply(moved(3, 0), ir)[1])


def test_a_plain_resize_lays_borders_on_borders():
    warp = unwarped((10, 20), (40, 60))
    corners = warp.lookup(np.array([[-0.5, -0.5], [59.5, 39.5]]))
    assert corners == pytest.approx(np.array([[-0.5, -0.5], [19.5, 9.5]]))
    assert apply(warp, np.ones((10, 20), np.uint8))[1].all()
    assert warp.displaced_px() == pytest.approx(0, abs=1e-9)


def test_displacement_is_counted_in_visible_pixels():
    assert moved(3, 4).displaced_px() == pytest.approx(5)


def test_a_local_grid_is_added_before_the_matrix():
    local = np.zeros((2, 2, 2), np.float32)
    local[:, 1, 0] = 4  # rising from 0 on the left to 4 px on the right
    warp = Warp(np.eye(3), (20, 31), (20, 31), local=local)
    at = np.array([[0.0, 5.0], [15.0, 5.0], [30.0, 5.0]])
    assert warp.lookup(at) - at == pytest.approx(np.array([[0, 0], [2, 0], [4, 0]]))


def test_a_barrel_pulls_corners_inward_as_the_formula_says():
    lens = Lens(100.0, (50.0, 40.0), k1=-0.2)
    seen = lens.seen(np.array([[50.0, 40.0], [150.0, 40.0]]))
    assert seen == pytest.approx(np.array([[50, 40], [130, 40]]))  # r = 1: 1 - 0.2


def test_other_resolutions_keep_the_view():
    local = np.full((2, 2, 2), 1.0, np.float32)
    warp = Warp(stretch((20, 30), (40, 60)), (20, 30), (40, 60), local, Lens(30, (15, 10), -0.1))
    grown = warp.scaled((40, 60), (40, 60))
    points = np.array([[5.0, 6.0], [30.0, 20.0]])
    there = transformed(stretch((20, 30), (40, 60)), warp.lookup(points))
    assert grown.lookup(points) == pytest.approx(there, abs=1e-4)
    with pytest.raises(SizeMismatch, match="another shape"):
        warp.scaled((30, 30), (40, 60))


def test_the_common_rectangle_is_the_largest(rng):
    mask = rng.random((9, 11)) < 0.8
    rows, columns = common_rectangle(mask)
    best = max(
        (b - t) * (r - left)
        for t in range(9)
        for b in range(t + 1, 10)
        for left in range(11)
        for r in range(left + 1, 12)
        if mask[t:b, left:r].all()
    )
    assert mask[rows, columns].all()
    assert mask[rows, columns].size == best


def test_nothing_in_common_leaves_no_rectangle():
    rows, columns = common_rectangle(np.zeros((4, 5), np.bool_))
    assert rows.stop == rows.start
    assert columns.stop == columns.start


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.diag([-1.0, 1.0, 1.0]),  # mirrored
        np.diag([np.nan, 1.0, 1.0]),
        np.array([[1, 0, 0], [0, 1, 0], [-0.1, 0, 1.0]]),  # horizon at x = 10
        np.eye(2),
    ],
)
def test_impossible_warps_are_refused(matrix):
    with pytest.raises(BadSetting):
        Warp(matrix, (20, 30), (20, 30))


@pytest.mark.parametrize("size", [(0, 5), (40_000, 5), (30_000, 30_000)])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(BadSetting):
        Warp(np.eye(3), size, (20, 30))


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(SizeMismatch, match="scale the warp"):
        apply(moved(1, 1), np.zeros((5, 5), np.uint8))
