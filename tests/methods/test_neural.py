import json
import shutil

import numpy as np
import pytest

from thermeld import Fuser, fuse
from thermeld.errors import BadModel
from thermeld.methods.neural import MODELS, method_from_file, read_model

CARDS = sorted(MODELS.glob("*.json"))


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
    assert facts["holdout"]
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
    with pytest.raises(BadModel, match="cannot load"):
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
