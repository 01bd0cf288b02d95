import json

import numpy as np
import pytest

from thermeld.align.points import Picked, fitted, read_points
from thermeld.align.warp import transformed
from thermeld.errors import BadSetting, UnreadableFile

AFFINE = np.array([[1.2, 0.1, 5], [-0.05, 1.1, -9], [0, 0, 1.0]])
TILTED = np.array([[1.2, 0.1, 5], [-0.05, 1.1, -9], [2e-4, -1e-4, 1.0]])


def picked(matrix, rng, count):
    ir = rng.uniform(0, 300, (count, 2))
    return Picked(ir, transformed(matrix, ir))


@pytest.mark.parametrize(
    ("matrix", "model", "count"),
    [(AFFINE, "affine", 3), (AFFINE, "auto", 4), (TILTED, "homography", 4), (TILTED, "auto", 9)],
)
def test_exact_points_give_the_exact_warp(rng, matrix, model, count):
    found, errors, used = fitted(picked(matrix, rng, count), model)
    assert found == pytest.approx(matrix, abs=1e-2)  # OpenCV works in single precision
    assert errors.max() < 1e-2
    assert all(used)


@pytest.mark.parametrize(("matrix", "model"), [(AFFINE, "affine"), (TILTED, "homography")])
def test_a_wrongly_picked_point_is_left_out_and_named(rng, matrix, model):
    points = picked(matrix, rng, 12)
    points.vis[4] += 60
    found, errors, used = fitted(points, model)
    assert transformed(found, points.ir)[:4] == pytest.approx(points.vis[:4], abs=0.05)
    assert [at for at, holds in enumerate(used) if not holds] == [4]
    assert errors[4] == pytest.approx(60 * 2**0.5, abs=0.5)


def test_a_translation_is_the_mean_move():
    points = Picked(np.zeros((2, 2)), np.array([[4.0, 1.0], [6.0, 3.0]]))
    assert fitted(points, "translation")[0][:2, 2] == pytest.approx([5, 2])


def test_too_few_points_and_points_on_a_line_are_refused():
    line = np.array([[0.0, 0], [1, 1], [2, 2], [3, 3]])
    with pytest.raises(BadSetting, match="line"):
        fitted(Picked(line, line), "affine")
    with pytest.raises(BadSetting, match="needs 4 points"):
        fitted(Picked(line[:3], line[:3]), "homography")


def test_csv_and_json_hold_the_same_points(tmp_path):
    (tmp_path / "p.csv").write_text("vis_x,vis_y,ir_x,ir_y\n3,4,1,2\n7,8,5,6\n")
    (tmp_path / "p.json").write_text(json.dumps([[1, 2, 3, 4], [5, 6, 7, 8]]))
    for name in ("p.csv", "p.json"):
        points = read_points(tmp_path / name)
        assert points.ir.tolist() == [[1, 2], [5, 6]]
        assert points.vis.tolist() == [[3, 4], [7, 8]]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "ir_x,ir_y,vis_x,vis_y\n1,2,3,x\n"])
def test_other_tables_are_refused(tmp_path, text):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UnreadableFile, match="ir_x,ir_y"):
        read_points(tmp_path / "p.csv")
