"""Results and sources in S3: a worker's whole work against a store of that protocol."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from s3_store import s3_store

from thermeld.batch import fused_bytes
from thermeld.fuse import Fuser
from thermeld.io import pair_files, write_image

pytestmark = pytest.mark.skipif(find_spec("s3fs") is None, reason="needs s3fs")

WORK = """
import sys
from thermeld.scale import FuseJob, Pool, fuse_items, fusing, items_of

def inline(pool, make, tasks):
    work = make()
    yield from ((name, work(task)) for name, task in tasks)

fusing.over_cluster = inline
vis = sys.argv[2] if sys.argv[2] != "-" else None
items = items_of(sys.argv[1], vis).items
for row, old in fuse_items(items, FuseJob(sys.argv[3], "average"), Pool()):
    print(row.id, row.state, old, row.error)
"""


def work(store, *words):
    environment = {
        **os.environ, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": store.url, "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
        "AWS_CONFIG_FILE": "/nonexistent", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", WORK, *words], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return sorted(done.stdout.splitlines())


@pytest.fixture
def folders(tmp_path, rng) -> Path:
    for stem in "abc":
        write_image(tmp_path / "ir" / f"{stem}.png", rng.integers(0, 256, (20, 30), np.uint8))
        write_image(tmp_path / "vi" / f"{stem}.png", rng.integers(0, 256, (20, 30, 3), np.uint8))
    return tmp_path


def test_folders_of_a_bucket_to_a_folder_of_a_bucket(folders):
    with s3_store() as store:
        for path in folders.rglob("*.png"):
            store.objects[f"pairs/{path.relative_to(folders)}"] = path.read_bytes()
        words = ("s3://pairs/ir", "s3://pairs/vi", "s3://made/out")
        assert work(store, *words) == [f"{stem} done False " for stem in "abc"]
        for pair in pair_files(folders / "ir", folders / "vi").pairs:
            wanted = fused_bytes(pair, Fuser("average"), ".png")
            assert store.objects[f"made/out/{pair.stem}.png"] == wanted
        assert "made/out/status.parquet" in store.objects
        assert not [name for name in store.objects if "/status/" in name]
        store.puts.clear()
        del store.objects["made/out/b.png"]
        assert work(store, *words) == ["a done True ", "b done False ", "c done True "]
        assert [name for name in store.puts if name.endswith(".png")] == ["made/out/b.png"]
