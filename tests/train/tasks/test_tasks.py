"""What each task does in a few steps, and what holds for all of them."""

import os
import signal
from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
import torch

from thermeld.errors import BadModel, BadSetting, UnknownName, UnwritableFile
from thermeld.train import loop
from thermeld.train.crops import registered_pairs
from thermeld.train.log import read_log
from thermeld.train.losses.selection import SELECTION
from thermeld.train.run import run_recipe, start_fabric
from thermeld.train.tasks import PAIRED, open_task
from thermeld.train.weights import load_trained

CASES = {
    "content": {"network": "seafusion", "terms": {"intensity", "texture"}},
    "joint": {
        "network": "seafusion",
        "settings": {
            "iterations": 2,
            "segmenter_share": 0.5,
            "finish": False,
            "segmenter_batch": 2,
            "segmenter_crop_px": 64,
        },
        "terms": {"intensity", "texture", "semantic", "criterion", "mean_iou"},
    },
    "staged": {"network": "lwc-densefuse", "terms": {"pixels", "structure"}},
    "selection": {
        "network": "thermeld-nano",
        "crop_px": 48,
        "settings": {"plain_share": 0.0},
        "terms": {"plain", *SELECTION},
    },
    "target-aware": {
        "network": "light-tardal",
        "terms": {"source", "target", "detail", "target_critic", "detail_critic"},
    },
    "one-generator": {
        "network": "fusiongan",
        "crop_px": 48,
        "terms": {"played", "intensity", "gradient", "critic"},
    },
    "two-layers": {
        "network": "two-layer-gan",
        "crop_px": 48,
        "terms": {"third_played", "third_content", "third_critic"},
    },
}


def case(make, name, **changed):
    values = {key: value for key, value in CASES[name].items() if key != "terms"}
    return make(task=name, **{**values, **changed})


def test_every_task_has_a_case():
    assert CASES.keys() == PAIRED.keys()


@pytest.mark.parametrize("name", CASES)
def test_task_trains_logs_its_terms_and_leaves_weights(name, pair_recipe, tiny_pairs, tmp_path):
    recipe = case(pair_recipe, name)
    outcome = run_recipe(recipe, tiny_pairs, tmp_path, accelerator="cpu")
    assert outcome.steps == 6
    assert isfinite(outcome.best)
    last = {term for step, term, _ in read_log(tmp_path / "log.csv") if step == 6}
    assert last == {"loss", "learning_rate", "validation_loss"} | CASES[name]["terms"] | (
        {"fused_intensity", "fused_texture", "fused_structure"} if name == "staged" else set()
    )
    assert load_trained(str(tmp_path)).recipe == recipe


@pytest.mark.parametrize("name", CASES)
def test_task_goes_on_as_if_it_had_not_stopped(name, pair_recipe, tiny_pairs, tmp_path):
    recipe = case(pair_recipe, name)
    run_recipe(recipe, tiny_pairs, tmp_path / "whole", accelerator="cpu")
    stopped = iter((False, False, False, True))  # before the fourth step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_agreed", lambda *_: next(stopped))
        assert run_recipe(recipe, tiny_pairs, tmp_path / "parts", accelerator="cpu").steps == 3
    run_recipe(recipe, tiny_pairs, tmp_path / "parts", accelerator="cpu")
    assert read_log(tmp_path / "parts" / "log.csv") == read_log(tmp_path / "whole" / "log.csv")


def opened(recipe, root):
    return open_task(recipe, root, start_fabric("32-true", "cpu"))


def test_stages_of_auto_encoding_follow_each_other(pair_recipe, tiny_pairs):
    task = opened(case(pair_recipe, "staged", steps=100), tiny_pairs)
    assert task.weights_at(19) == (0.0, 0.0)
    assert task.weights_at(40) == pytest.approx((0.5, 0.0))
    assert task.weights_at(60) == pytest.approx((1.0, 0.0))
    assert task.weights_at(100) == pytest.approx((1.0, 0.8))


def test_generators_of_two_layers_learn_one_after_the_other(pair_recipe, tiny_pairs):
    task = opened(case(pair_recipe, "two-layers"), tiny_pairs)
    for stage, steps in (("first", (0, 1)), ("second", (2, 3)), ("third", (4, 5))):
        before = {name: value.clone() for name, value in task.bare.state_dict().items()}
        for number in steps:
            task.step(number)
        changed = {
            name.split(".")[0]
            for name, value in task.bare.state_dict().items()
            if not torch.equal(value, before[name])
        }
        assert changed == {stage}


def test_generators_of_two_layers_keep_what_the_recipe_says(pair_recipe, tiny_pairs):
    found = {}
    for content in ("paper", "fusiongan"):
        task = opened(case(pair_recipe, "two-layers", settings={"content": content}), tiny_pairs)
        found[content] = [task.step(number) for number in (0, 2, 4)]
    for paper, base in zip(*found.values(), strict=True):
        (name,) = (key for key in base if key.endswith("_content"))
        assert base[name] > paper[name] > 0
        assert base["loss"] == pytest.approx(base[name] + base[name[:-8] + "_played"], rel=1e-5)
    with pytest.raises(BadSetting, match="one of"):
        opened(case(pair_recipe, "two-layers", settings={"content": "mine"}), tiny_pairs)


def test_single_and_pair_generators_are_fed_what_they_say(pair_recipe, tiny_pairs):
    single = case(pair_recipe, "two-layers", options={"generator_input": "single"})
    ir, vis = torch.zeros(1, 1, 48, 48), torch.ones(1, 1, 48, 48)
    image, anchor, real = opened(single, tiny_pairs).roles("second", ir, vis)
    assert image.shape == (1, 1, 40, 40)
    assert anchor.shape == real.shape == (1, 1, 32, 32)
    assert (float(image.mean()), float(anchor.mean()), float(real.mean())) == (1.0, 1.0, 0.0)
    image, _, _ = opened(case(pair_recipe, "two-layers"), tiny_pairs).roles("first", ir, vis)
    assert image[:, 0].max() == 0
    assert image[:, 1].min() == 1


def test_average_of_weights_is_what_is_shipped(pair_recipe, tiny_pairs, tmp_path):
    recipe = case(pair_recipe, "staged", average=0.5)
    run_recipe(recipe, tiny_pairs, tmp_path, accelerator="cpu")
    best = torch.load(tmp_path / "best.ckpt", weights_only=True)
    shipped = load_trained(str(tmp_path)).net.state_dict()
    assert all(torch.equal(shipped[key], value) for key, value in best["average"].items())
    assert any(not torch.equal(shipped[key], value) for key, value in best["net"].items())


def test_staged_training_learns_to_reconstruct(pair_recipe, tiny_pairs):
    task = opened(
        case(pair_recipe, "staged", steps=60, learning_rate=5e-3, settings={"fusion_from": 1.0}),
        tiny_pairs,
    )
    values = [task.step(number)["pixels"] for number in range(60)]
    assert np.mean(values[-5:]) < 0.2 * np.mean(values[:5])


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"task": "nonsense"}, UnknownName, "task"),
        ({"settings": {"structre": 1}}, BadSetting, "structre"),
        ({"sets": ("tno25",)}, BadSetting, "evaluation"),
        ({"crop_px": 512}, BadSetting, "512 px"),
        ({"network": "tardal-critic"}, BadSetting, "does not fuse"),
    ],
    ids=str,
)
def test_impossible_recipes_are_refused_before_training(
    changed, error, words, pair_recipe, tiny_pairs, tmp_path
):
    recipe = replace(case(pair_recipe, "staged"), **changed)
    with pytest.raises(error, match=words):
        run_recipe(recipe, tiny_pairs, tmp_path / "run", accelerator="cpu")
    assert not (tmp_path / "run").exists()


def test_loss_that_is_no_number_ends_the_run_and_spares_the_checkpoint(
    pair_recipe, tiny_pairs, tmp_path
):
    recipe = case(pair_recipe, "staged", learning_rate=1e30, save_every=1)
    with pytest.raises(BadModel, match="lower learning_rate"):
        run_recipe(recipe, tiny_pairs, tmp_path, accelerator="cpu")


def test_full_disk_is_refused_before_training(pair_recipe, tiny_pairs, tmp_path, monkeypatch):
    usage = loop.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(loop.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UnwritableFile, match="make room"):
        run_recipe(case(pair_recipe, "staged"), tiny_pairs, tmp_path, accelerator="cpu")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_after_the_step_with_a_checkpoint(number, pair_recipe, tiny_pairs, tmp_path):
    def on_step(step, terms):
        if step == 3:
            os.kill(os.getpid(), number)

    recipe = case(pair_recipe, "staged")
    outcome = run_recipe(recipe, tiny_pairs, tmp_path, accelerator="cpu", on_step=on_step)
    assert outcome.steps == 3
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["step"] == 3


def test_crops_are_of_both_planes_at_one_place(tiny_pairs):
    pairs = registered_pairs(["tiny"], tiny_pairs, "train", crop_px=32)
    assert len(pairs) == 11  # of twelve, the last one validates
    same = replace(pairs, vis=pairs.ir)
    crops = same.draw(np.random.default_rng(0), 8, 32)
    assert crops.ir.shape == (8, 32, 32)
    assert np.array_equal(crops.ir, crops.vis)
    assert 0 <= crops.ir.min() < crops.ir.max() <= 1
