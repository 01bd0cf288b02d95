import subprocess
import sys

import pytest
import torch

from thermeld.data.masked import masked_images
from thermeld.errors import BadSetting
from thermeld.train.log import read_log
from thermeld.train.run import run_recipe, start_fabric
from thermeld.train.tasks.synthetic import Supervised
from thermeld.train.weights import load_trained


def losses(run):
    return [(step, value) for step, name, value in read_log(run / "log.csv") if name == "loss"]


@pytest.fixture(scope="module")
def whole(tiny_set, tiny_recipe, tmp_path_factory):
    """A run from start to end."""
    run = tmp_path_factory.mktemp("whole") / "run"
    outcome = run_recipe(tiny_recipe, tiny_set, run, accelerator="cpu")
    return run, outcome


def test_run_leaves_what_is_needed(whole):
    run, outcome = whole
    assert outcome.steps == 6
    assert {"last.ckpt", "best.ckpt", "log.csv", "recipe.json", "samples", "events"} <= {
        path.name for path in run.iterdir()
    }
    assert len(list((run / "samples").glob("*.png"))) == 2
    names = {name for _, name, _ in read_log(run / "log.csv")}
    assert names == {"loss", "learning_rate", "validation_loss", "psnr_focus", "psnr_lighting"}


def test_run_without_time_does_nothing_and_can_go_on(whole, tiny_set, tiny_recipe, tmp_path):
    outcome = run_recipe(tiny_recipe, tiny_set, tmp_path, accelerator="cpu", hours=0.0)
    assert outcome.steps == 0
    assert run_recipe(tiny_recipe, tiny_set, tmp_path, accelerator="cpu").steps == 6
    assert losses(tmp_path) == losses(whole[0])


def test_killed_run_resumes_from_its_last_checkpoint(whole, tiny_set, tiny_recipe, tmp_path):
    """SIGKILL at step 5, one after a checkpoint: step 5 and 6 are done again, the same."""
    run = tmp_path / "run"
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from thermeld.train.recipe import recipe_of; from thermeld.train.run import run_recipe;"
        f"recipe = recipe_of({tiny_recipe.as_dict()!r});"
        f"run_recipe(recipe, Path({str(tiny_set)!r}), Path({str(run)!r}), accelerator='cpu',"
        "on_step=lambda n, t: n == 5 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert losses(run)[-1][0] == 5
    run_recipe(tiny_recipe, tiny_set, run, accelerator="cpu")
    assert losses(run) == losses(whole[0])


def test_folder_of_another_recipe_is_refused(whole, tiny_set, tiny_recipe):
    from dataclasses import replace

    with pytest.raises(BadSetting, match="another seed"):
        run_recipe(replace(tiny_recipe, seed=1), tiny_set, whole[0], accelerator="cpu")


def test_best_weights_load(whole, tiny_recipe):
    trained = load_trained(str(whole[0]))
    assert trained.recipe == tiny_recipe
    assert trained.facts["best_step"] in (3, 6)
    assert trained.facts["steps"] == 6


def test_training_learns(tiny_set, tiny_recipe):
    """Sixty steps on one batch bring its loss to well under half."""
    fabric = start_fabric("32-true", "cpu")
    images = masked_images("camvid", tiny_set, "train")
    task = Supervised(tiny_recipe, fabric, images, images)
    batch = task.tensors(task.samples(0))
    first = float(task.loss(batch).detach())
    for _ in range(60):
        loss = task.loss(batch)
        task.optimiser.zero_grad()
        fabric.backward(loss)
        task.optimiser.step()
    assert float(loss.detach()) < 0.5 * first


def test_batches_depend_on_seed_and_step_alone(tiny_set, tiny_recipe):
    fabric = start_fabric("32-true", "cpu")
    images = masked_images("camvid", tiny_set, "train")
    one, two = (Supervised(tiny_recipe, fabric, images, images) for _ in range(2))
    assert torch.equal(one.tensors(one.samples(4))["first"], two.tensors(two.samples(4))["first"])
    assert not torch.equal(
        one.tensors(one.samples(4))["first"], two.tensors(two.samples(5))["first"]
    )
