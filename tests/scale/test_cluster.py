"""A real Ray on this machine: results as the folder run's, deaths survived, poison set aside.

Ray runs in processes of their own, for it warns of much and leaves threads behind.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from thermeld.io import write_image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: the extra 'scale'"),
]

POISON = """
import json, os, signal, sys
from thermeld.scale.cluster import Pool, over_cluster

class Work:
    def __call__(self, task):
        deadly, mark = task
        once = mark and not os.path.exists(mark)
        if once:
            open(mark, "w").close()
        if deadly or once:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"state": "done", "pid": os.getpid()}

folder = sys.argv[1]
tasks = [(f"t{n}", (n == 3, f"{folder}/mark" if n == 7 else None)) for n in range(12)]
answers = dict(over_cluster(Pool(workers=1, lot=4), Work, tasks))
print(json.dumps({name: answer and answer["state"] for name, answer in answers.items()}))
"""


def run(*words, source=None):
    command = (
        [sys.executable, "-m", "thermeld"] if source is None else [sys.executable, "-c", source]
    )
    done = subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, check=False, timeout=500,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def folders(tmp_path, rng):
    for number in range(20):
        ir = rng.integers(0, 256, (30, 40), np.uint8)
        write_image(tmp_path / "set/ir" / f"{number}.png", ir)
        vis = rng.integers(0, 256, (30, 40, 3), np.uint8)
        write_image(tmp_path / "set/vi" / f"{number}.png", vis)
    return tmp_path


def test_fused_as_by_the_folder_run_and_not_twice(folders):
    pair = (folders / "set/ir", folders / "set/vi")
    run("fuse", *pair, "-o", folders / "plain", "--method", "laplacian")
    words = ("scale", "fuse", *pair, "-o", folders / "out", "--method", "laplacian", "--json")
    assert json.loads(run(*words, "--workers", 1))["done"] == 20
    for path in (folders / "plain").glob("*.png"):
        assert (folders / "out" / path.name).read_bytes() == path.read_bytes()
    assert json.loads(run(*words))["skipped"] == 20


def test_measured_as_by_evaluate(folders):
    from dataclasses import replace

    from thermeld.data.results import read_table

    words = ("--methods", "laplacian", "--metrics", "EN,SD", "--no-floors", "--data", folders)
    run("evaluate", "--sets", "set", *words, "-o", folders / "plain.csv", "--jobs", 1)
    run("scale", "evaluate", "set", *words, "-o", folders / "ray.csv", "--workers", 1)
    plain, ray = (
        [replace(row, seconds=None) for row in read_table(folders / name)]
        for name in ("plain.csv", "ray.csv")
    )
    assert plain == ray


def test_what_kills_twice_is_set_aside_and_what_kills_once_is_done(tmp_path):
    found = json.loads(run(tmp_path, source=POISON).splitlines()[-1])
    assert found == {f"t{n}": None if n == 3 else "done" for n in range(12)}
