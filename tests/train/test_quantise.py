import json
import logging

import numpy as np
import pytest

from thermeld.errors import BadModel
from thermeld.methods.neural import MODELS
from thermeld.methods.runtimes import Engine, open_graph
from thermeld.train.quantise import Verdict, convolutions, quantised, verdict
from thermeld.train.variants import write_variant

LUMA = (MODELS / "mobilefuse-luma.onnx").read_bytes()


@pytest.fixture
def pairs(rng):
    return [tuple(rng.random((2, 48, 64), np.float32)) for _ in range(2)]


def test_eight_bits_are_smaller_and_near(pairs):
    logging.getLogger().setLevel(logging.ERROR)  # the tool advises on optimising first
    made = quantised(LUMA, pairs)
    assert len(made) < 0.5 * len(LUMA)
    ir, vis = pairs[0]
    inputs = {"ir": ir[None, None], "vis": vis[None, None]}
    exact, coarse = (
        open_graph(content, Engine(precision=kind, threads=1), name="x")("map", inputs)
        for content, kind in ((LUMA, "float32"), (made, "int8"))
    )
    assert 0 < np.abs(exact - coarse).mean() < 0.05


def test_convolutions_are_named_in_order():
    assert len(convolutions(LUMA)) == 5  # two stems, depthwise, pointwise, head


def test_equal_results_pass(pairs):
    fused = [0.5 * (ir + vis) for ir, vis in pairs]
    found = verdict(pairs, fused, fused)
    assert found.ships
    assert max(found.moved.values()) == 0


def test_noise_fails(pairs, rng):
    fused = [0.5 * (ir + vis) for ir, vis in pairs]
    noisy = [np.clip(each + 0.05 * rng.standard_normal(each.shape), 0, 1) for each in fused]
    found = verdict(pairs, fused, [each.astype(np.float32) for each in noisy])
    assert found.decibels == pytest.approx(26, abs=1)  # 20 log10(1 / 0.05)
    assert not found.ships


def test_one_metric_is_enough_to_fail():
    assert Verdict(50.0, {"AG": 0.009, "SSIM": 0.0}).ships
    assert not Verdict(50.0, {"AG": 0.0, "SSIM": 0.011}).ships
    assert not Verdict(39.9, {"AG": 0.0}).ships


def test_nothing_to_judge_on_is_refused():
    with pytest.raises(BadModel, match="pairs to be judged"):
        verdict([], [], [])


def test_variant_is_named_in_the_card_once(tmp_path):
    card = tmp_path / "mine.json"
    card.write_text('{"name": "mine"}')
    for content in (b"first", b"second"):
        path = write_variant(card, "luma", content, {"channels": {"ir": 1, "vis": 1}})
    variants = json.loads(card.read_text())["variants"]
    assert [entry["file"] for entry in variants] == ["mine-luma.onnx"]
    assert variants[0]["bytes"] == len(b"second")
    assert path.read_bytes() == b"second"
