"""Joint training: whose turn it is, what passes between the two networks, what is refused."""

from dataclasses import replace
from math import inf, isfinite

import numpy as np
import pytest
import torch
from torch import nn

from thermeld.errors import BadSetting
from thermeld.io import write_image
from thermeld.train.losses.content import SEAFUSION
from thermeld.train.losses.segmentation import confusion, dice, mean_intersection_over_union
from thermeld.train.run import start_fabric
from thermeld.train.tasks import open_task

SETTINGS = {
    "iterations": 3,
    "segmenter_share": 0.5,
    "finish": False,
    "segmenter_batch": 2,
    "segmenter_crop_px": 48,
    "segmenter_warmup": 0.01,
}  # with ten steps: two of the fusion network, two of the segmenter, in turns
RATES = {"learning_rate": 1e-3, "final_learning_rate": 1e-4}


@pytest.fixture
def opened(pair_recipe, tiny_pairs):
    def open_(**settings):
        recipe = pair_recipe(
            task="joint", network="seafusion", steps=10, settings={**SETTINGS, **settings}, **RATES
        )
        return open_task(recipe, tiny_pairs, start_fabric("32-true", "cpu"))

    return open_


def copied(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(module, before):
    now = module.state_dict()
    return any(not torch.equal(now[name], value) for name, value in before.items())


def test_each_phase_changes_its_own_network_alone(opened):
    task = opened()
    for number in range(10):
        fusing = number % 4 < 2
        nets = task.bare, task.bare_segmenter
        before = [copied(net) for net in nets]
        terms = task.step(number)
        assert [changed(*pair) for pair in zip(nets, before, strict=True)] == [fusing, not fusing]
        assert ("segmenter_loss" in terms) is not fusing
        assert ("semantic" in terms) is (fusing and number >= 4)


def test_semantic_loss_weighs_more_in_every_iteration(opened):
    task = opened(gamma=0.5)
    for number, beta in ((0, 0.0), (4, 0.5), (8, 1.0)):
        terms = task.step(number)
        content = sum(SEAFUSION[name] * terms[name] for name in SEAFUSION)
        assert terms["loss"] == pytest.approx(content + beta * terms.get("semantic", 0.0), rel=1e-4)


def test_frozen_segmenter_passes_gradients_on(opened):
    task = opened()
    batch = task.tensors(task.pairs, np.random.default_rng(0), count=2)
    fused = torch.full_like(batch["ir"], 0.5).requires_grad_()
    task.judged(fused, batch).backward()
    assert float(fused.grad.abs().max()) > 0
    assert all(weight.grad is None for weight in task.bare_segmenter.parameters())
    ignored = {**batch, "labels": torch.full_like(batch["labels"], 255)}
    fused.grad = None
    nothing = task.judged(fused, ignored)
    nothing.backward()
    assert nothing.item() == 0
    assert not fused.grad.any()


class Sure(nn.Module):
    """Stands in for a segmenter: it is sure of class 0."""

    def forward(self, rgb):
        logits = torch.zeros(len(rgb), 9, *rgb.shape[2:])
        logits[:, 0] = 5.0
        return logits, logits


def test_hard_pixels_or_all_of_them_count(opened):
    losses = {}
    for name in ("ohem", "ce"):
        task = opened(seg_loss=name, least=0.01, auxiliary=0.0)
        task.bare_segmenter = Sure()
        batch = task.tensors(task.pairs, np.random.default_rng(0), count=2)
        losses[name] = float(task.judged(batch["vis"], batch))
    wrong = float((batch["labels"] != 0).float().mean())
    assert 0 < wrong < 1
    easy = np.log(1 + 8 * np.exp(-5.0))
    assert losses["ohem"] == pytest.approx(5 + easy, rel=1e-4)
    assert losses["ce"] == pytest.approx(5 * wrong + easy, rel=1e-4)


def test_new_weights_in_every_iteration_are_a_function_of_the_seed(opened):
    first, second = opened(), opened()
    for number in range(2):
        first.step(number)
    before = copied(first.bare)
    for task in (first, second):
        task.renew(2)
    assert changed(first.bare, before)
    assert not changed(first.bare, copied(second.bare))
    assert not first.optimisers["net"].state


def test_rate_runs_through_the_schedule_once_or_once_per_iteration(opened):
    task = opened()
    again = [task.set_rates(number) for number in (0, 1, 4, 5, 8, 9)]
    assert again[:2] == again[2:4] == again[4:]
    assert again[0] == 1e-3 > again[1]
    task = opened(reinit_fusion=False)
    once = [task.set_rates(number) for number in (0, 1, 4, 5, 8, 9)]
    assert once == sorted(once, reverse=True)
    assert once[0] == 1e-3
    assert len(set(once)) == 6


def test_heads_learn_faster_and_decay_falls_on_convolutions(opened):
    task = opened(head_factor=10.0, segmenter_decay=0.01)
    task.step(3)
    rates = {(group["factor"], group["lr"]) for group in task.optimisers["segmenter"].param_groups}
    trunk, head = (dict(rates)[factor] for factor in (1.0, 10.0))
    assert head == pytest.approx(10 * trunk)
    for group in task.optimisers["segmenter"].param_groups:
        assert {weight.dim() > 1 for weight in group["params"]} == {group["weight_decay"] > 0}


class Visible(nn.Module):
    """Stands in for a network: its answer is the visible image."""

    def forward(self, ir, vis):
        return vis


@pytest.mark.parametrize("number", range(4))
def test_segmenter_is_shown_pictures_with_their_labels(number, opened):
    """Pictures painted by their labels must still agree with them when scaled and mirrored."""
    task = opened(jitter=0.0)
    labels = tuple(plane // 64 for plane in task.labelled.ir)
    painted = tuple(plane * 80 for plane in labels)
    task.labelled = replace(
        task.labelled,
        vis=painted,
        labels=labels,
        colour=tuple(np.dstack([plane] * 3) for plane in painted),
    )
    task.bare = Visible()
    rgb, shown = task.shown(np.random.default_rng(number))
    assert rgb.shape == (2, 3, 48, 48)
    assert shown.shape == (2, 48, 48)
    agreed = ((rgb[:, 0] * 255 / 80).round() == shown).float().mean()
    mirrored = ((rgb[:, 0] * 255 / 80).round() == shown.flip(2)).float().mean()
    assert agreed > max(0.85, mirrored)  # borders are blended by bilinear scaling


def test_weights_count_from_the_middle_of_the_last_fusion_phase(opened):
    task = opened()
    for number, settled in ((0, False), (7, False), (8, True), (9, True)):
        task.number = number
        values = task.validate()
        assert isfinite(values["criterion"])
        assert values["validation_loss"] == (values["criterion"] if settled else inf)
        assert 0 <= values["mean_iou"] <= 1
    content = opened(gamma=0.0)
    content.number = 0
    assert isfinite(content.validate()["validation_loss"])


def test_mean_intersection_over_union_by_hand():
    logits = nn.functional.one_hot(torch.tensor([[[0, 0, 1, 1, 2]]]), 4).movedim(-1, 1).float()
    counts = confusion(logits, torch.tensor([[[0, 1, 1, 255, 255]]]))
    assert counts.sum() == 3
    assert mean_intersection_over_union(counts) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert mean_intersection_over_union(torch.zeros(4, 4)) == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"beta": 1.0}, "beta"),
        ({"iterations": "4"}, "iterations"),
        ({"finish": 1}, "finish"),
        ({"seg_loss": "dice"}, "seg_loss"),
    ],
    ids=str,
)
def test_impossible_settings_are_refused_by_name(settings, words, opened):
    with pytest.raises(BadSetting, match=words):
        opened(**settings)


@pytest.mark.parametrize(("label", "words"), [(None, "labels/STEM.png"), (12, "labelled 12")])
def test_sets_that_no_segmenter_can_learn_from_are_refused(label, words, pair_recipe, tmp_path):
    picture = np.zeros((40, 40), np.uint8)
    for number in range(11):
        for role in ("ir", "vi"):
            write_image(tmp_path / "odd" / role / f"{number}.png", picture)
        if label is not None:
            write_image(tmp_path / "odd" / "labels" / f"{number}.png", picture + np.uint8(label))
    recipe = pair_recipe(task="joint", network="seafusion", sets=("odd",), settings=SETTINGS)
    with pytest.raises(BadSetting, match=words):
        open_task(recipe, tmp_path, start_fabric("32-true", "cpu"))


def test_segmenter_learns_by_hard_pixels_by_all_or_by_overlap(opened):
    logits, labels = torch.zeros(1, 9, 8, 8), torch.zeros(1, 8, 8, dtype=torch.long)
    logits[:, 0] = 5.0
    labels[:, :, 4:] = 1
    easy = np.log(1 + 8 * np.exp(-5.0))
    found = {
        name: float(opened(segmenter_loss=name, segmenter_least=0.01).missed(logits, labels))
        for name in ("ohem", "ce", "overlap")
    }
    assert found["ohem"] == pytest.approx(5 + easy, rel=1e-4)
    assert found["ce"] == pytest.approx(2.5 + easy, rel=1e-4)
    assert found["overlap"] - found["ce"] == pytest.approx(float(dice(logits, labels)))


def test_segmenter_may_learn_by_adam(opened):
    task = opened(segmenter_optimiser="adam", segmenter_rate=1e-3)
    before = copied(task.bare_segmenter)
    task.step(3)
    assert changed(task.bare_segmenter, before)
    assert isinstance(task.optimisers["segmenter"].optimizer, torch.optim.AdamW)
