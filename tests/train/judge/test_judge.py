import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from judge_net import Least
from judge_sets import SIDE, scene, write_set

from thermeld.data.results import read_table
from thermeld.data.segmentation import CLASSES, VALUES, curve_file, files_beside, place_of
from thermeld.errors import BadSetting, UnwritableFile
from thermeld.evaluate.entrants import Entrant
from thermeld.evaluate.journal import kept_for_this_run
from thermeld.io import write_image
from thermeld.train.judge import Watch, judge, plan_for
from thermeld.train.judge.budget import Budget
from thermeld.train.judge.data import pictures_of
from thermeld.train.judge.inputs import SOURCES
from thermeld.train.judge.score import values_of
from thermeld.train.judge.start import blends
from thermeld.train.judge.task import Judging
from thermeld.train.run import start_fabric

TINY = Budget(
    name="tiny", epochs=1, batch=8, crop=(32, 32), box=SIDE, scale=(1.0, 1.0), aspect=0.0,
    hue=0.0, value=1.0, optimiser="adam", rate=2e-3,
)  # fmt: skip
AVERAGE = Entrant("average", "average")


@pytest.fixture
def least(monkeypatch):
    """What is tested is who is asked when, not what DeepLabv3+ learns in two steps."""
    monkeypatch.setattr("thermeld.train.judge.task.DeepLab", Least)


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    write_set(folder / "toy")
    return folder


def outcomes(plan, out, **more):
    return [(o.key[1], o.key[2], o.kind) for o in judge(plan, out, accelerator="cpu", **more)]


def rows_of(out, method):
    return {row.metric: row.value for row in read_table(out) if row.method == method}


def test_colour_is_learned_where_it_is_shown():
    train, val = (
        pictures_of(tuple(map(str, part)), *zip(*(scene(n)[1:] for n in part), strict=True), 1)
        for part in (range(16), range(16, 20))
    )
    budget = replace(TINY, epochs=15, batch=4)
    recipe = budget.recipe("toy", pairs=16, seed=0)
    task = Judging(recipe, budget, start_fabric("32-true", "cpu"), train, val, classes=9)
    for number in range(recipe.steps):
        task.step(number)
    values = values_of(task.confusion())
    # Whoever cannot tell the two apart has at most 1/2 for one of them and 0 for the other.
    assert min(values["IoU car"], values["IoU person"]) > 0.55
    assert values["IoU bike"] is None


def test_judging_fills_the_table_and_is_not_done_twice(least, toys, tmp_path):
    out = tmp_path / "t.csv"
    plan = plan_for("toy", (*SOURCES, AVERAGE), data=toys, budget=TINY, seeds=(0, 1))
    told = []
    watch = Watch(told.append, lambda name, number, loss: told.append((name, number)))
    first = outcomes(plan, out, watch=watch)
    methods = ("infrared", "visible", "average")
    expected = [(seed, m, "trained") for seed in ("seed 0", "seed 1") for m in methods]
    assert first == expected
    assert (told[0].trainings, told[0].steps) == (6, 2)
    assert told[0].hours > 0
    assert told[1:3] == [("infrared, seed 0", 1), ("infrared, seed 0", 2)]
    rows = read_table(out)
    assert len(rows) == 6 * len(VALUES)
    assert {(row.set, row.convention) for row in rows} == {("toy:val", "segmentation")}
    states = {row.metric: row.state for row in rows}
    assert states["IoU car"] == "done"
    assert states["IoU bump"] == "undefined"
    assert curve_file(place_of(out, "toy:val"), "average", "seed 1").is_file()
    assert len(list(place_of(out, "toy:val").glob("examples/*/average.jpg"))) == 2  # of 2 pairs
    assert not list((files_beside(out) / "runs").iterdir())
    assert [kind for *_, kind in outcomes(plan, out)] == ["skipped"] * 6
    longer = replace(plan, budget=replace(TINY, epochs=2), seeds=(0,), entrants=SOURCES[:1])
    assert outcomes(longer, out) == [("seed 0", "infrared", "trained")]


def test_a_stopped_training_goes_on_to_the_same_weights(least, toys, tmp_path):
    budget = replace(TINY, epochs=2)
    plan = plan_for("toy", (AVERAGE,), data=toys, budget=budget, seeds=(0,))
    assert outcomes(plan, tmp_path / "whole.csv") == [("seed 0", "average", "trained")]
    steps = []

    def stop(name, number, loss):
        steps.append(number)
        if steps == [1]:
            os.kill(os.getpid(), signal.SIGTERM)

    out = tmp_path / "parts.csv"
    watch = Watch(step=stop)
    assert outcomes(plan, out, watch=watch) == [("seed 0", "average", "stopped")]
    assert read_table(out) == []
    assert outcomes(plan, out, watch=watch) == [("seed 0", "average", "trained")]
    assert steps == [1, 2, 3, 4]
    assert rows_of(out, "average") == rows_of(tmp_path / "whole.csv", "average")


def test_a_method_that_fails_is_in_the_table_and_tried_again(least, toys, tmp_path):
    given = tmp_path / "theirs"
    for number in range(20):
        write_image(given / f"{number:02}.png", scene(number)[1][: 30 if number == 5 else 32])
    out = tmp_path / "t.csv"
    plan = plan_for(
        "toy", (Entrant("theirs", color="given", given=str(given)),),
        data=toys, budget=TINY, seeds=(0,),
    )  # fmt: skip
    assert outcomes(plan, out) == [("seed 0", "theirs", "failed")]
    assert {(row.state, row.value) for row in read_table(out)} == {("failed", None)}
    assert "05" in read_table(out)[0].error
    write_image(given / "05.png", scene(5)[1], overwrite=True)
    assert outcomes(plan, out) == [("seed 0", "theirs", "trained")]


def test_all_start_from_the_same_weights(least, toys, tmp_path):
    budget = replace(TINY, batch=8, start_epochs=1)
    plan = plan_for("toy", SOURCES[:1], data=toys, budget=budget, seeds=(0,))
    named = []
    watch = Watch(step=lambda name, number, loss: named.append(name))
    out = tmp_path / "t.csv"
    assert outcomes(plan, out, watch=watch) == [("seed 0", "infrared", "trained")]
    assert list(dict.fromkeys(named)) == ["start", "infrared, seed 0"]
    assert len(list(files_beside(out).glob("start-*.safetensors"))) == 1
    taken = named.count("start")
    assert outcomes(replace(plan, seeds=(1,)), out, watch=watch)
    assert named.count("start") == taken


def test_a_table_has_one_filler(toys, tmp_path):
    plan = plan_for("toy", SOURCES, data=toys, budget=TINY)
    out = tmp_path / "t.csv"
    with (
        kept_for_this_run(tmp_path / "t.csv.jsonl"),
        pytest.raises(UnwritableFile, match="another"),
    ):
        outcomes(plan, out)


def test_sets_without_labels_are_refused(toys, tmp_path):
    write_set(tmp_path / "bare")
    (tmp_path / "bare/labels/03.png").unlink()
    with pytest.raises(BadSetting, match=r"no labels .*03\.png"):
        plan_for("bare", SOURCES, data=tmp_path, budget=TINY)
    write_image(tmp_path / "bare/labels/03.png", np.full(SIDE, len(CLASSES), np.uint8))
    with pytest.raises(BadSetting, match="0 to 8"):
        plan_for("bare", SOURCES, data=tmp_path, budget=TINY)
    with pytest.raises(BadSetting, match="two methods"):
        plan_for("toy", (AVERAGE, AVERAGE), data=toys, budget=TINY)


def test_the_start_sees_every_share_of_both_sources(toys, tmp_path):
    plan = plan_for("toy", SOURCES, data=toys, budget=TINY)
    found = blends(plan.val, plan, tmp_path / "t.csv", (0.0, 0.5, 1.0))
    count = len(plan.val.pairs)
    assert len(set(found.stems)) == len(found) == 3 * count
    vis, middle, ir = (found.images[at * count].astype(float) for at in range(3))
    assert np.abs(middle - (vis + ir) / 2).max() <= 0.5
    assert np.ptp(ir, axis=2).max() == 0
    assert np.ptp(vis, axis=2).max() > 0
    assert all(np.array_equal(found.labels[at], found.labels[at + count]) for at in range(count))
