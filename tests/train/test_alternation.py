"""When which network learns, and how fast."""

from dataclasses import replace
from pathlib import Path

import pytest

from thermeld.errors import BadSetting
from thermeld.train.alternation import Plan, phases_of, segmenter_rate
from thermeld.train.recipe import read_recipe, shipped_recipes


def spans(plan, steps):
    return [(p.learner, p.iteration, p.start, p.end, p.before) for p in phases_of(plan, steps)]


def test_published_schedule_is_3610_and_20000_steps_four_times():
    plan = Plan(segmenter_share=20_000 / 23_610)
    found = spans(plan, 4 * 23_610)
    assert found[:2] == [("net", 1, 0, 3610, 0), ("segmenter", 1, 3610, 23_610, 0)]
    assert found[-2:] == [
        ("net", 4, 70_830, 74_440, 3 * 3610),
        ("segmenter", 4, 74_440, 94_440, 60_000),
    ]


def test_first_of_the_segmenters_phases_can_be_longer_and_the_last_left_out():
    plan = Plan(iterations=2, segmenter_share=0.5, head_start=2.0, finish=False)
    assert spans(plan, 100) == [
        ("net", 1, 0, 25, 0),
        ("segmenter", 1, 25, 75, 0),
        ("net", 2, 75, 100, 25),
    ]


def test_one_iteration_without_finish_is_content_training():
    assert spans(Plan(iterations=1, finish=False), 10) == [("net", 1, 0, 10, 0)]
    assert not Plan(iterations=1).semantic
    assert not Plan(gamma=0).semantic
    assert Plan().semantic


def test_too_few_steps_are_refused():
    with pytest.raises(BadSetting, match="4 iterations"):
        phases_of(Plan(finish=False), 1)


@pytest.mark.parametrize(
    ("number", "rate"),
    [
        (0, 1e-5),
        (500, 1e-5 * 1000**0.5),
        (1000, 1e-2),
        (40_000, 1e-2 * (1 - 39_000 / 79_000) ** 0.9),
        (79_999, 1e-2 * (1 / 79_000) ** 0.9),
    ],
)
def test_segmenters_rate_is_the_published_one(number, rate):
    assert segmenter_rate(Plan(), number, 80_000) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seg_loss", "dice"),
        ("segmenter_loss", "dice"),
        ("segmenter_optimiser", "lion"),
        ("segmenter_objects", 1.5),
        ("gamma", -1.0),
        ("least", 1.5),
        ("iterations", 0),
        ("segmenter_share", 1.0),
        ("segmenter_warmup", 0.0),
        ("segmenter_batch", 1),
        ("segmenter_crop_px", 16),
        ("jitter", 2.0),
    ],
)
def test_impossible_plans_are_refused_by_name(key, value):
    with pytest.raises(BadSetting, match=key):
        Plan(**{key: value})


def test_shipped_joint_recipes_are_possible_and_the_ablation_is_as_long():
    recipes = {name: read_recipe(name) for name in shipped_recipes()}
    joint = {name: recipe for name, recipe in recipes.items() if recipe.task == "joint"}
    assert {"scgrfuse", "scgrfuse-slim", "seafusion"} <= joint.keys()
    fusing = {
        name: sum(
            phase.end - phase.start
            for phase in phases_of(Plan(**recipe.settings), recipe.steps)
            if phase.learner == "net"
        )
        for name, recipe in joint.items()
    }
    assert recipes["scgrfuse-no-semantic"].steps == fusing["scgrfuse"]


def test_full_recipe_of_the_page_is_the_published_one(tmp_path):
    page = Path(__file__).resolve().parents[2] / "docs" / "joint-training.md"
    written = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "full.toml").write_text(written, encoding="utf-8")
    recipe = read_recipe(str(tmp_path / "full.toml"))
    plan = Plan(**recipe.settings)
    fusing, segmenting, *_ = phases_of(plan, recipe.steps)
    assert abs(fusing.end - 3610) <= 2
    assert abs(segmenting.end - 23_610) <= 2
    assert plan == replace(Plan(), segmenter_share=plan.segmenter_share)
