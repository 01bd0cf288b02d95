"""Several processes on one machine, started by torchrun: the same losses as one process."""

import os
import subprocess
import sys

import pytest

from thermeld.train.log import read_log
from thermeld.train.recipe import read_recipe
from thermeld.train.run import run_recipe

RECIPE = """
name = "two"
network = "lwc-densefuse"
task = "staged"
sets = ["tiny"]
crop_px = 32
batch = 4
steps = 4
validate_every = 4
validation_pairs = 2
precision = "32-true"
"""


def losses(run):
    rows = read_log(run / "log.csv")
    return [float(value) for _, name, value in rows if name in ("loss", "validation_loss")]


def test_two_processes_learn_as_one_with_the_whole_batch(tiny_pairs, tmp_path):
    recipe = tmp_path / "two.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "thermeld", "train", str(recipe), "--data", str(tiny_pairs)),
        *("-o", str(tmp_path / "two"), "--accelerator", "cpu"),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("4 of 4 steps") == 1
    run_recipe(read_recipe(str(recipe)), tiny_pairs, tmp_path / "one", accelerator="cpu")
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
