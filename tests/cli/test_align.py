import json

import numpy as np
import pytest

from thermeld.align import apply, read_rig, read_warp
from thermeld.data.scene import demo_scene
from thermeld.image import to_depth
from thermeld.io import read_image, write_image


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A rendered street: ir.png lies 12 px too far left and 6 too low, vis.png."""
    folder = tmp_path_factory.mktemp("street")
    scene = demo_scene(height=240, width=320)
    ir = np.roll(to_depth(scene.ir, np.uint8), (6, -12), axis=(0, 1))
    write_image(folder / "ir.png", ir)
    write_image(folder / "vis.png", to_depth(scene.vis, np.uint8))
    write_image(folder / "true.png", to_depth(scene.ir, np.uint8))
    return folder


def test_aligning_writes_the_warp_and_the_warped_picture(thermeld, street, tmp_path):
    out, warped = tmp_path / "warp.json", tmp_path / "warped.png"
    words = ("align", street / "ir.png", street / "vis.png", "-o", out, "--warped", warped)
    answer = thermeld(*words, "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[0]["aligned"] is True
    matrix = read_warp(out).matrix
    assert matrix[:2, 2] == pytest.approx([12, -6], abs=1.5)
    laid, seen = apply(read_warp(out), read_image(street / "ir.png").pixels)
    assert np.array_equal(read_image(warped).pixels, laid)
    assert 0.9 < seen.mean() < 1.0


def test_an_estimator_may_be_asked_for(thermeld, street, tmp_path):
    out = tmp_path / "warp.json"
    words = ("align", street / "ir.png", street / "vis.png", "-o", out, "--estimator")
    answer = thermeld(*words, "ecc", "--json")
    assert answer.code == 0, answer.err
    assert "ecc" in answer.lines[0]["method"]
    assert read_warp(out).matrix[:2, 2] == pytest.approx([12, -6], abs=4)
    answer = thermeld(*words, "magic", "--overwrite")
    assert answer.code == 2
    assert "auto, edges, ecc, mutual" in answer.err


def test_pictures_without_anything_in_common_are_refused(thermeld, street, tmp_path, rng):
    write_image(tmp_path / "noise.png", rng.integers(0, 256, (240, 320), np.uint8))
    out = tmp_path / "warp.json"
    answer = thermeld("align", tmp_path / "noise.png", street / "vis.png", "-o", out)
    assert answer.code == 1
    assert "too little in common" in answer.err
    assert "--points" in answer.err
    assert not out.exists()


def test_fusing_says_what_aligning_did(thermeld, street, tmp_path):
    words = ("fuse", street / "ir.png", street / "vis.png", "-m", "average", "--align", "auto")
    answer = thermeld(*words, "-o", tmp_path / "auto.png")
    assert answer.code == 0, answer.err
    assert "displaced by 13" in answer.out
    assert "confidence" in answer.out
    fused = read_image(tmp_path / "auto.png").pixels.astype(float)
    thermeld(
        "fuse", street / "true.png", street / "vis.png", "-m", "average", "-o", tmp_path / "t.png"
    )
    thermeld(
        "fuse", street / "ir.png", street / "vis.png", "-m", "average", "-o", tmp_path / "n.png"
    )
    true, plain = (read_image(tmp_path / name).pixels.astype(float) for name in ("t.png", "n.png"))
    inner = np.s_[16:-16, 16:-16]
    assert np.abs(fused - true)[inner].mean() < 0.4 * np.abs(plain - true)[inner].mean()


def test_a_rig_of_points_serves_other_resolutions(thermeld, street, tmp_path):
    table = ["ir_x,ir_y,vis_x,vis_y"]
    table += [f"{x},{y},{x + 12},{y - 6}" for x, y in ((10, 20), (200, 30), (50, 180), (290, 200))]
    (tmp_path / "points.csv").write_text("\n".join(table))
    rig = tmp_path / "rig.json"
    words = ("rig", "calibrate", "--points", tmp_path / "points.csv", "-o", rig)
    answer = thermeld(*words, "--sizes", "320x240,320x240", "--model", "affine")
    assert answer.code == 0, answer.err
    assert "point 4: 0.00 px" in answer.out
    assert read_rig(rig).warp.matrix[:2, 2] == pytest.approx([12, -6], abs=1e-6)
    half = read_rig(rig).warp.scaled((120, 160), (240, 320))
    assert half.matrix[0, 0] == pytest.approx(2.0)
    out = tmp_path / "fused.png"
    done = thermeld("fuse", street / "ir.png", street / "vis.png", "-o", out, "--align", rig)
    assert done.code == 0, done.err
    assert "by the given warp" in done.out


def test_a_folder_of_pairs_calibrates_a_rig_and_is_fused_by_it(thermeld, street, tmp_path):
    for name in ("a", "b", "c"):
        for role in ("ir", "vis"):
            write_image(tmp_path / role / f"{name}.png", read_image(street / f"{role}.png").pixels)
    rig, out = tmp_path / "rig.json", tmp_path / "out"
    answer = thermeld("rig", "calibrate", tmp_path, "-o", rig, "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[0]["left_out"] == []
    words = ("fuse", tmp_path / "ir", tmp_path / "vis", "-o", out, "-m", "average", "--json")
    fused = thermeld(*words, "--align", rig, "--wedges", "black")
    assert fused.code == 0, fused.err
    assert all("given warp" in line["alignment"] for line in fused.lines[:-1])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[1, 2]", "not a rig or warp"),
        ('{"thermeld": "warp", "version": 9}', "version 9"),
        ('{"thermeld": "warp", "version": 1}', "matrix must be 3x3"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_damaged_warp_is_refused_in_one_line(thermeld, street, tmp_path, text, says):
    (tmp_path / "w.json").write_text(text)
    words = ("fuse", street / "ir.png", street / "vis.png", "-o", tmp_path / "f.png")
    answer = thermeld(*words, "--align", tmp_path / "w.json")
    assert answer.code == 1
    assert says in answer.err
    assert len(answer.err.splitlines()) == 1


def test_points_without_sizes_are_asked_for(thermeld, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps([[0, 0, 1, 1]] * 4))
    words = ("--points", tmp_path / "p.json", "-o", tmp_path / "r.json")
    answer = thermeld("rig", "calibrate", *words)
    assert answer.code == 2
    assert "--sizes" in answer.err
