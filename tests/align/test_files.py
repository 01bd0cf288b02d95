import json

import numpy as np
import pytest

from thermeld.align import Lens, Parallax, Rig, Warp, read_rig, read_warp, rig_to_json, warp_to_json
from thermeld.errors import BadSetting, UnreadableFile


def bent_warp():
    local = np.arange(24, dtype=np.float32).reshape(3, 4, 2) / 8
    matrix = np.array([[1.1, 0.02, -4], [-0.01, 0.9, 7], [1e-5, 0, 1]])
    return Warp(matrix, (48, 64), (60, 80), local, Lens(70.0, (32.0, 24.0), -0.1, 0.02))


def test_a_warp_comes_back_the_same(tmp_path):
    warp = bent_warp()
    (tmp_path / "w.json").write_text(warp_to_json(warp, confidence=0.9))
    back = read_warp(tmp_path / "w.json")
    assert np.array_equal(back.matrix, warp.matrix)
    assert np.array_equal(back.local, warp.local)
    assert (back.ir_size, back.vis_size, back.lens) == (warp.ir_size, warp.vis_size, warp.lens)


def test_a_rig_comes_back_and_shifts_by_one_over_distance(tmp_path):
    rig = Rig(bent_warp(), {"a": 1.0}, parallax=Parallax(0.1, 800.0, 20.0))
    (tmp_path / "r.json").write_text(rig_to_json(rig))
    back = read_rig(tmp_path / "r.json")
    assert back.parallax == rig.parallax
    corner = np.array([0.0, 0.0, 1.0])
    near, far = back.at(5.0).matrix @ corner, back.at(None).matrix @ corner
    assert (near - far)[0] == pytest.approx(800 * 0.1 * (1 / 5 - 1 / 20))  # 12 px
    with pytest.raises(BadSetting, match="above 0"):
        back.at(0.0)
    with pytest.raises(BadSetting, match="baseline"):
        Rig(bent_warp(), {}).at(3.0)


BROKEN = {
    "matrix": [
        [[1, 0, 0], [0, 1, 0]],
        "eye",
        [[1, 0, "x"], [0, 1, 0], [0, 0, 1]],
        [[1e300] * 3] * 3,
    ],
    "ir_size": [None, [0, 10], [10.5, 10], [1e9, 1e9], [-3, 4], "big"],
    "local": [[], [[]], [[[1, 2]]], [[[0, 0]] * 65] * 2, [[[1e9, 0]] * 2] * 2, "bent"],
    "lens": [{"focal_px": 0, "centre": [1, 1], "k1": 0}, {"k1": 1}, [1], {"gain": 2}],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, vs in BROKEN.items() for v in vs])
def test_a_strangers_file_cannot_harm(tmp_path, field, value):
    facts = json.loads(warp_to_json(bent_warp()))
    facts[field] = value
    (tmp_path / "w.json").write_text(json.dumps(facts))
    with pytest.raises(UnreadableFile, match=r"w\.json"):
        read_warp(tmp_path / "w.json")


@pytest.mark.parametrize("data", [b"\xff\xfe", b'{"thermeld": NaN}', b"{}", b" " * 1_000_001])
def test_what_is_no_warp_is_refused(tmp_path, data):
    (tmp_path / "w.json").write_bytes(data)
    with pytest.raises(UnreadableFile):
        read_warp(tmp_path / "w.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableFile, match="none"):
        read_warp(tmp_path / "none.json")
