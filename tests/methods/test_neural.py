import json
import shutil

import cv2
import numpy as np
import pytest

from thermeld import Fuser, fuse
from thermeld.errors import BadModel, BadSetting
from thermeld.methods import calibrate
from thermeld.methods.neural import MODELS, OnnxFusion, method_from_file, read_model

CARDS = sorted(MODELS.glob("*.json"))
NOISE = np.random.default_rng(3).integers(0, 256, (2, 10, 12), np.uint8)


@pytest.fixture
def model(tmp_path):
    """A copy of a shipped model that a test may break; its path without suffix."""
    for suffix in (".onnx", ".json"):
        shutil.copy(MODELS / f"mobilefuse{suffix}", tmp_path / f"mine{suffix}")
    card = tmp_path / "mine.json"
    facts = json.loads(card.read_text()) | {"name": "mine", "file": "mine.onnx"}
    del facts["variants"]
    card.write_text(json.dumps(facts))
    return tmp_path / "mine.onnx"


def change(model, **facts):
    card = model.with_suffix(".json")
    kept = json.loads(card.read_text()) | facts
    card.write_text(json.dumps({key: value for key, value in kept.items() if value is not None}))


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_shipped_cards_tell_all(card):
    facts = json.loads(card.read_text())
    assert {"recipe", "commit", "machine", "hours", "steps"} <= facts["trained"].keys()
    assert facts["holdout"] or facts["evaluation"]  # against a truth, or by metrics
    assert facts["licence"]
    assert facts["command"].startswith("thermeld train")
    assert card.with_suffix(".safetensors").is_file()


def test_all_models_together_are_small():
    assert sum(path.stat().st_size for path in MODELS.iterdir()) < 15e6


def test_own_file_is_a_method_by_its_path(model, rng):
    ir, vis = rng.integers(0, 256, (2, 20, 21), np.uint8)
    own, shipped = (fuse(ir, vis, method=name).astype(int) for name in (str(model), "mobilefuse"))
    assert np.abs(own - shipped).max() <= 1  # the copy has no file for grey images of its own


def test_file_without_a_card(model):
    model.with_suffix(".json").unlink()
    with pytest.raises(BadModel, match="cannot read the card"):
        Fuser(str(model))


@pytest.mark.parametrize("key", ["name", "sha256", "licence", "channels", "reach_px", "blends"])
def test_incomplete_cards_are_refused(model, key):
    change(model, **{key: None})
    with pytest.raises(BadModel, match="not a complete card"):
        Fuser(str(model))


def test_card_without_a_licence_is_refused(model):
    change(model, licence="")
    with pytest.raises(BadModel, match="states no licence"):
        Fuser(str(model))


def test_card_that_is_no_json_is_refused(model):
    model.with_suffix(".json").write_text("{")
    with pytest.raises(BadModel, match="not a complete card"):
        Fuser(str(model))


def test_changed_file_is_refused(model):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(BadModel, match="SHA-256 differs"):
        Fuser(str(model))


def test_file_that_is_no_network_is_refused(model):
    import hashlib

    model.write_bytes(b"not onnx")
    change(model, sha256=hashlib.sha256(b"not onnx").hexdigest())
    with pytest.raises(BadModel, match="not an ONNX file"):
        Fuser(str(model))


def test_card_that_states_other_channels_is_refused(model):
    change(model, channels={"ir": 3, "vis": 3})
    with pytest.raises(BadModel, match="states inputs and channels"):
        Fuser(str(model))


def test_file_without_the_output_its_card_implies_is_refused(model):
    generative = MODELS / "mobilefuse-generative.onnx"
    model.write_bytes(generative.read_bytes())
    change(model, sha256=json.loads(generative.with_suffix(".json").read_text())["sha256"])
    with pytest.raises(BadModel, match="no output named map"):
        Fuser(model)


def test_card_cannot_point_elsewhere(model, tmp_path):
    """Only the name of `file` counts: a card cannot reach out of its folder."""
    change(model, file="../../mine.onnx")
    assert read_model(model.with_suffix(".json")).path == model


def test_missing_file(tmp_path):
    with pytest.raises(BadModel, match="no such model file"):
        method_from_file(tmp_path / "none.onnx")


def test_grey_and_colour_files_agree(rng):
    """A grey visible image gives the same map from the file for grey and the one for colour."""
    fusion = OnnxFusion(read_model(MODELS / "mobilefuse.json"), threads=1)
    ir, vis = rng.random((2, 30, 41), np.float32)
    grey = fusion.blending_map(ir, vis)
    colour = fusion.blending_map(ir, np.dstack([vis] * 3))
    assert np.allclose(grey, colour, atol=1e-5)


def test_precision_without_a_file_is_refused():
    with pytest.raises(BadSetting, match="cannot be run in int8"):
        Fuser("mobilefuse-generative", precision="int8")


def test_variant_that_is_missing_is_named(model):
    change(model, variants=[{"file": "gone.onnx", "sha256": "", "channels": {"ir": 1, "vis": 1}}])
    with pytest.raises(BadModel, match=r"gone\.onnx: missing"):
        read_model(model.with_suffix(".json"))


def test_variant_of_an_unknown_precision_is_refused(model):
    facts = json.loads(model.with_suffix(".json").read_text())
    variant = {key: facts[key] for key in ("file", "sha256", "channels")} | {"precision": "int4"}
    change(model, variants=[variant])
    with pytest.raises(BadModel, match="int4"):
        read_model(model.with_suffix(".json"))


def test_auto_gives_what_float32_gives(rng, tmp_path, monkeypatch):
    """Whichever runtime is chosen, float32 stays within one grey level."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(calibrate, "_known", {})
    monkeypatch.setattr(calibrate, "BUDGET_S", 0.1)
    ir, vis = rng.integers(0, 256, (2, 50, 60), np.uint8)
    auto = Fuser("mobilefuse", threads=1, runtime="auto")(ir, vis).astype(int)
    plain = Fuser("mobilefuse", threads=1)(ir, vis).astype(int)
    assert np.abs(auto - plain).max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_coarse_map_has_a_value_for_every_so_many_pixels(rng, scale):
    fusion = OnnxFusion(read_model(MODELS / "mobilefuse.json"), threads=1)
    ir, vis = rng.random((2, 30, 41), np.float32)
    share = fusion.coarse_map(ir, vis, scale)
    assert share.shape == (-(-30 // scale), -(-41 // scale))


def test_network_without_a_coarse_file_says_so(model, rng):
    fusion = OnnxFusion(read_model(model.with_suffix(".json")), threads=1)
    assert fusion.coarse_reach_px(2) is None
    with pytest.raises(BadSetting, match="maps at 1/2"):
        fusion.coarse_map(*rng.random((2, 8, 8), np.float32), 2)
    ir, vis = rng.integers(0, 256, (2, 40, 40), np.uint8)
    assert Fuser(str(model), map_scale=2)(ir, vis).shape == (40, 40)  # by the guided filter


def test_eight_bits_stay_near_float32():
    """The guard of `tools/quantise.py` on a smooth pair of its own; blending colours is refused."""
    ir, vis = (cv2.resize(view, (96, 80), interpolation=cv2.INTER_CUBIC) for view in NOISE)
    exact, coarse = (
        Fuser("mobilefuse", threads=1, precision=precision)(ir, vis).astype(float)
        for precision in ("float32", "int8")
    )
    assert 0 < np.mean((exact - coarse) ** 2) < 255**2 / 10**4  # 40 dB
    with pytest.raises(BadSetting, match="no int8 file for colour"):
        Fuser("mobilefuse", precision="int8", color="blend")(ir, np.dstack([vis] * 3))
