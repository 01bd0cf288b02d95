"""Machines that lack something: space, memory, files, a home, a language, the right time."""

import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from jobs import environment, leftovers, pairs

from thermeld.io import write_image

FUSE = (sys.executable, "-m", "thermeld", "fuse", "ir", "vi", "-o")


def fuse(folder, out="out", *more, limits=(), env=None):
    def limit():
        for which, value in limits:
            resource.setrlimit(which, (value, value))

    return subprocess.run(
        [*FUSE, str(out), "--method", "average", "--jobs", "2", *more],
        cwd=folder, env=environment() if env is None else env, preexec_fn=limit,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    pairs(tmp_path, 4, (120, 160))
    return tmp_path


@contextmanager
def mounted(place: Path, *options: str):
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def clear(done, *words):
    """A sentence each, no traceback, and exit code 1."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    return True


def test_a_full_disk(folder):
    with mounted(folder / "small", "size=100k") as small:
        assert clear(fuse(folder, small / "out"), "free space")
        assert not leftovers(small)


def test_a_read_only_folder(folder):
    with mounted(folder / "fixed", "ro") as fixed:
        done = fuse(folder, fixed / "out")
        assert clear(done)
        assert "no permission" in done.stderr or "read-only" in done.stderr.lower()


def test_a_limit_on_the_size_of_files(folder):
    done = fuse(folder, limits=[(resource.RLIMIT_FSIZE, 20_000)])
    assert clear(done, "too large")
    assert not leftovers(folder)
    assert fuse(folder).returncode == 0  # what failed is made now


def test_a_limit_on_memory(folder):
    rng = np.random.default_rng(0)
    for name in ("ir", "vi"):
        big = rng.integers(0, 256, (3000, 3000), np.uint8).repeat(3, axis=1)
        write_image(folder / name / "900.png", big)
    done = fuse(folder, "out", limits=[(resource.RLIMIT_AS, 900 * 2**20)])
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)
    assert len(list((folder / "out").glob("00*.png"))) == 4
    assert done.returncode == 0 or "900: " in done.stderr


@pytest.mark.parametrize("count", [64, 1000])
def test_few_open_files(folder, count):
    done = fuse(folder, limits=[(resource.RLIMIT_NOFILE, count)])
    assert done.returncode == 0, done.stderr


def test_no_home_and_the_plainest_locale(folder):
    write_image(folder / "ir" / "grün.png", np.zeros((9, 9), np.uint8))
    write_image(folder / "vi" / "grün.png", np.zeros((9, 9), np.uint8))
    bare = {key: environment()[key] for key in ("PATH", "OMP_NUM_THREADS")}
    done = fuse(folder, "out", "--compare", env={**bare, "LC_ALL": "C", "LANG": "C"})
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "grün.png").exists()


def test_a_clock_set_back(folder):
    """Results that come from the future are skipped like any others."""
    assert fuse(folder).returncode == 0
    for path in folder.rglob("*.*"):
        stat = path.stat()
        if path.parent.name == "out":
            os.utime(path, (stat.st_atime + 1e8, stat.st_mtime + 1e8))
    assert "4 were done already" in fuse(folder).stdout
