import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from thermeld import Fuser
from thermeld.errors import BadModel
from thermeld.methods.neural import MODELS
from thermeld.train.export import export, onnx_bytes, parity
from thermeld.train.holdout import Holdout
from thermeld.train.nets.mobilefuse import MobileFuse
from thermeld.train.recipe import Recipe
from thermeld.train.weights import Trained, load_trained

pytest.importorskip("onnxscript")
STATED = {"summary": "A test.", "source": "none", "licence": "none", "command": "none"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    recipe = Recipe(name="fresh", network="mobilefuse", options={"variant": "blend"})
    trained = Trained(MobileFuse().eval(), recipe, {"steps": 0})
    out = tmp_path_factory.mktemp("export")
    held = [Holdout("focus", 1, 30.0, 29.0, 31.0)]
    return trained, export(trained, out, holdouts=held, **STATED)


def test_exported_file_is_a_method(exported, rng):
    trained, path = exported
    ir, vis = rng.random((21, 34), np.float32), rng.random((21, 34, 3), np.float32)
    share = Fuser(str(path), color="blend").blending_map(ir, vis)
    stack = torch.from_numpy(vis.transpose(2, 0, 1))[None]
    grey = torch.from_numpy(ir)[None, None].expand(-1, 3, -1, -1)
    with torch.no_grad():
        _, of_visible = trained.net(stack, grey)
    assert np.abs(share - (1 - of_visible[0, 0].numpy())).max() < 1e-4


def test_card_tells_the_story(exported):
    card = json.loads(exported[1].with_suffix(".json").read_text())
    assert card["parameters"] == 33_281
    assert card["trained"]["recipe"]["name"] == "fresh"
    assert card["holdout"][0]["fused"] == 30.0
    assert card["parity_with_torch"] < 1e-4
    assert not {path.suffix for path in exported[1].parent.iterdir()} & {".part"}


def test_weights_come_back(exported):
    from thermeld.train.weights import read_safetensors

    again = read_safetensors(exported[1].with_suffix(".safetensors"))
    assert all(
        torch.equal(value, exported[0].net.state_dict()[key])
        for key, value in again.net.state_dict().items()
    )


def test_damaged_weights_are_refused(exported, tmp_path, monkeypatch):
    from thermeld.train import weights

    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    monkeypatch.setattr(weights, "MODELS", tmp_path)
    with pytest.raises(BadModel, match="damaged"):
        load_trained("bad")


def test_a_file_that_differs_from_torch_is_not_written(monkeypatch, exported, tmp_path):
    monkeypatch.setattr("thermeld.train.export.parity", lambda deployed, content: 0.1)
    with pytest.raises(BadModel, match="differs from torch"):
        export(exported[0], tmp_path, **STATED)
    assert not list(tmp_path.iterdir())


def test_file_is_little_more_than_its_weights():
    content = onnx_bytes(MobileFuse().deployed())
    assert len(content) < 4 * 33_281 + 10_000


@pytest.mark.parametrize("card", sorted(MODELS.glob("*.json")), ids=lambda path: path.stem)
def test_shipped_networks_agree_with_their_weights(card):
    """The ONNX file is what the safetensors beside it give, at two sizes, one odd."""
    trained = load_trained(card.stem)
    content = card.with_suffix(".onnx").read_bytes()
    assert parity(trained.net.deployed(), content) < 1e-4


def test_holdout_command_prints_decibels(shared):
    from thermeld.cli import app

    words = [
        "holdout",
        "mobilefuse",
        "--data",
        str(shared / "data/camvid"),
        "--limit",
        "2",
        "--json",
    ]
    answer = CliRunner().invoke(app, words)
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["focus", "lighting"]
    assert all(row["fused"] > row["average"] for row in rows)
