import time

import numpy as np
import pytest

from thermeld.bench import Contestant, Machine, as_text, finished_rows, plot, run_group
from thermeld.bench.timing import append_rows, pair_of
from thermeld.bench.work import Work

MACHINE = Machine("a processor", {1: 100.0}, {1: 400.0}, {1: 10.0})


def busy(seconds, calls=None, name=""):
    """A fusion that keeps the processor busy so long and notes its calls."""

    def fuse(ir, vis):
        if calls is not None:
            calls.append(name)
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return vis

    return lambda: fuse


@pytest.fixture
def rows():
    work = Work(macs=100_000_000, bytes=1_000_000)
    entrants = [
        Contestant("slow", "by hand", 1, busy(0.01), work=lambda size: work),
        Contestant("quick", "by hand", 1, busy(0.002)),
    ]
    return run_group(entrants, (48, 64), MACHINE, rounds=6, limit_s=10)


def test_times_are_of_one_call(rows):
    slow, quick = rows
    assert slow.cpu_ms == pytest.approx(10, rel=0.2)
    assert quick.cpu_ms == pytest.approx(2, rel=0.5)
    assert slow.least_ms <= slow.median_ms <= slow.p95_ms
    assert slow.fps == pytest.approx(1000 / slow.median_ms)
    assert slow.megapixels_per_s == pytest.approx(48 * 64 * slow.fps / 1e6)
    assert slow.rounds == 6


def test_share_of_the_peak(rows):
    """0.2 GFLOP at 100 GFLOP/s would take 2 ms; memory, 1 MB at 10 GB/s, 0.1 ms."""
    slow, quick = rows
    assert slow.bound == "arithmetic"
    assert slow.of_peak == pytest.approx(2 / slow.cpu_ms)
    assert quick.bound is None


def test_memory_bounds_what_computes_little():
    contestant = Contestant("x", "openvino float32", 1, busy(0))
    assert MACHINE.share(Work(1_000_000, 100_000_000), 0.02, contestant) == (
        "memory",
        pytest.approx(0.5),
    )


def test_bfloat16_has_its_own_peak_and_half_the_bytes():
    contestant = Contestant("x", "openvino bfloat16", 1, busy(0))
    bound, share = MACHINE.share(Work(200_000_000, 1_000_000), 0.01, contestant)
    assert (bound, share) == ("arithmetic", pytest.approx(0.1))


def test_contestants_take_turns():
    calls = []
    entrants = [Contestant(name, "", 1, busy(0, calls, name)) for name in "ab"]
    run_group(entrants, (8, 8), MACHINE, rounds=5, limit_s=10)
    assert calls == ["a", "a", "b", "b", *"ab" * 5]  # warming up, then round after round


def test_time_is_bounded_and_told_before():
    plans = []
    entrants = [Contestant("a", "", 1, busy(0.02))]
    rows = run_group(entrants, (8, 8), MACHINE, rounds=1000, limit_s=0.1, on_plan=plans.append)
    assert 5 <= rows[0].rounds < 50
    assert 0.1 <= plans[0] < 1000 * 0.02  # bounded by the limit, not by the rounds


def test_rows_survive_a_file_and_a_line_cut_short(rows, tmp_path):
    path = tmp_path / "bench" / "rows.jsonl"
    append_rows(path, rows)
    with path.open("a") as file:
        file.write('{"label": "cut of')
    assert list(finished_rows(path)) == rows
    assert len({row.key for row in rows}) == 2
    assert list(finished_rows(tmp_path / "none")) == []


def test_table_has_a_line_a_row(rows):
    lines = as_text(rows).splitlines()
    assert len(lines) == 3
    assert "64x48" in lines[1]
    assert "arithmetic" in lines[1]


def test_plot_is_a_picture(rows, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib of the extra report")
    plot(rows, tmp_path / "times.svg")
    assert b"<svg" in (tmp_path / "times.svg").read_bytes()


def test_pairs_are_always_the_same():
    (ir, vis), (again, _) = pair_of((30, 40)), pair_of((30, 40))
    assert ir.shape == (30, 40)
    assert vis.shape == (30, 40, 3)
    assert np.array_equal(ir, again)
