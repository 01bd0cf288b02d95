"""SIGKILL at random moments, and SIGINT and SIGTERM: the same end, and nothing left over."""

import signal
from functools import partial
from importlib.util import find_spec

import pytest
from jobs import JOBS, campaign, leftovers, pairs, run, stop

SLOW = {"train": "torch", "export": "onnxscript"}  # two seconds of imports a start
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in JOBS]


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_random_moments(name, tmp_path):
    if name in SLOW and find_spec(SLOW[name]) is None:
        pytest.skip(f"needs {SLOW[name]}")
    told = campaign(JOBS[name], tmp_path, 3, seed=7)
    assert told["kills"] == 3
    assert not told["faults"]


@pytest.mark.parametrize(("which", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(("name", "begun"), [("fuse", "out/*.png"), ("evaluate", "out/*.jsonl")])
def test_a_wish_to_stop_is_heard(name, begun, which, code, tmp_path):
    """It says so in a sentence, and the same command goes on from there."""
    job = JOBS[name]
    many = partial(pairs, count=60)
    many(tmp_path / "tiny" if name == "evaluate" else tmp_path)
    found, told = stop(job, tmp_path, begun, which)
    assert found == code
    assert "thermeld: stopped; the same command again goes on from here" in told
    assert "Traceback" not in told
    assert not leftovers(tmp_path)
    run(job, tmp_path)


def test_what_a_killed_run_left_is_removed_and_what_others_write_is_not(tmp_path):
    from thermeld.io.parts import hold, sweep

    dead, live, other = (tmp_path / name for name in ("." + "a" * 16, "." + "b" * 16, ".mine"))
    dead, live = (path.with_name(path.name + ".part") for path in (dead, live))
    film = tmp_path / ("." + "c" * 16 + ".part.mp4")
    folder = tmp_path / ("." + "d" * 16 + ".part")
    folder.mkdir()
    for path in (dead, live, other, film, folder / "0.png"):
        path.write_bytes(b"half")
    descriptor = hold(live)
    assert sweep(tmp_path) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([live.name, other.name])
    assert descriptor is not None
