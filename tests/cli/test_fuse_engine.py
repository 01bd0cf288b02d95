import numpy as np
import pytest

from thermeld.io import read_image


def test_runtime_precision_and_scale_reach_the_fuser(thermeld, pair, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plain, auto = tmp_path / "plain.png", tmp_path / "auto.png"
    method = ("--method", "mobilefuse")
    assert thermeld("fuse", *pair, "-o", plain, *method).code == 0
    words = ("--runtime", "auto", "--map-scale", "2", "--threads", "1")
    assert thermeld("fuse", *pair, "-o", auto, *method, *words).code == 0
    views = [read_image(path).pixels.astype(int) for path in (plain, auto)]
    assert views[0].shape == views[1].shape
    assert np.abs(views[0] - views[1]).max() > 0  # of noise, a reduced map is another one


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--runtime", "tensorrt"), "onnxruntime, openvino"),
        (("--precision", "bfloat16"), "openvino"),
        (("--map-scale", "7"), "1, 2, 3, 4 or auto"),
        (("--method", "laplacian", "--precision", "int8"), "rule, not a network"),
    ],
)
def test_impossible_wishes_are_asked_wrongly(thermeld, pair, tmp_path, words, says):
    answer = thermeld("fuse", *pair, "-o", tmp_path / "x.png", *words)
    assert answer.code == 2
    assert says in answer.err
