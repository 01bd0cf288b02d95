import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from thermeld.data.results import read_table
from thermeld.data.sets import find_set
from thermeld.errors import BadImage, BadSetting, UnknownName
from thermeld.evaluate import Entrant, Plan, entrants_of, evaluate, only_common
from thermeld.io import write_image
from thermeld.metrics import score
from thermeld.registry import METHODS, Method, MethodCard

METRICS = ("EN", "SD")


@pytest.fixture
def folder(tmp_path, rng) -> Path:
    """A set of three pairs, 24x32, colour visible images."""
    for stem in ("1", "2", "10"):
        write_image(tmp_path / "tiny/ir" / f"{stem}.png", rng.integers(0, 256, (24, 32), np.uint8))
        vis = rng.integers(0, 256, (24, 32, 3), np.uint8)
        write_image(tmp_path / "tiny/vi" / f"{stem}.png", vis)
    return tmp_path


def plan(folder: Path, *names: str, metrics=METRICS, convention="tang", **more) -> Plan:
    pairs = find_set("tiny", root=folder)
    entrants = (*entrants_of(names, floors=False), *more.pop("given", ()))
    return Plan((pairs,), entrants, metrics, convention, **more)


def run(wanted: Plan, out: Path, jobs: int = 1) -> list[str]:
    return [outcome.kind for outcome in evaluate(wanted, out, jobs=jobs)]


def test_every_value_is_that_of_score(folder):
    out = folder / "t.csv"
    assert run(plan(folder, "average", "maximum"), out) == ["measured"] * 6
    rows = read_table(out)
    assert len(rows) == 3 * 2 * 2
    from thermeld import fuse
    from thermeld.io import read_image

    ir, vis = (read_image(folder / f"tiny/{kind}/10.png").pixels for kind in ("ir", "vi"))
    fused = fuse(ir, vis, method="maximum")
    expected = score(ir, vis, fused, metrics=METRICS, convention="tang")
    found = {r.metric: r.value for r in rows if (r.image, r.method) == ("10", "maximum")}
    assert found == expected
    assert {(r.state, r.color, r.pixels, r.parameters) for r in rows} == {
        ("done", "ycbcr", 24 * 32, 0)
    }
    assert all(r.seconds is not None and r.checksum and r.sources for r in rows)


def test_labels_are_taken_from_the_set_and_missed_without_failing(folder):
    labels = np.zeros((24, 32), np.uint8)
    labels[2:, :26] = 2
    write_image(folder / "tiny/labels/10.png", labels)
    out = folder / "t.csv"
    wanted = ("person_visibility", "contrast_kept")
    assert run(plan(folder, "average", metrics=wanted, convention="paper"), out) == ["measured"] * 3
    found = {(row.image, row.metric): row for row in read_table(out)}
    assert found["10", "person_visibility"].value > 0
    assert found["1", "person_visibility"].state == "undefined"
    assert found["1", "contrast_kept"].state == "done"


def test_what_is_done_is_skipped_until_something_changes(folder, rng):
    out = folder / "t.csv"
    assert run(plan(folder, "average"), out) == ["measured"] * 3
    assert run(plan(folder, "average"), out) == ["skipped"] * 3
    assert run(plan(folder, "average", metrics=("EN",)), out) == ["skipped"] * 3
    assert run(plan(folder, "average", metrics=("SF",)), out) == ["measured"] * 3
    assert run(plan(folder, "average", metrics=("EN", "SD", "SF")), out) == ["skipped"] * 3
    assert run(plan(folder, "average", convention="vifb"), out) == ["measured"] * 3
    assert run(plan(folder, "average", window="full"), out) == ["measured"] * 3
    changed = rng.integers(0, 256, (24, 32), np.uint8)
    write_image(folder / "tiny/ir/2.png", changed, overwrite=True)
    again = run(plan(folder, "average", window="full"), out)
    assert sorted(again) == ["measured", "skipped", "skipped"]


def test_a_new_checksum_measures_again(folder, monkeypatch):
    out = folder / "t.csv"
    run(plan(folder, "average"), out)
    other = Method(METHODS["average"].card, METHODS["average"].build, {}, checksum="new weights")
    monkeypatch.setitem(METHODS, "average", other)
    assert run(plan(folder, "average"), out) == ["measured"] * 3
    assert len(read_table(out)) == 6  # the old rows are replaced


def test_rows_of_earlier_runs_stay(folder):
    out = folder / "t.csv"
    run(plan(folder, "average"), out)
    run(plan(folder, "maximum"), out)
    assert {row.method for row in read_table(out)} == {"average", "maximum"}


@pytest.fixture
def picky(monkeypatch) -> str:
    """A method that refuses one image."""

    def build(*, threads: int = 0):
        def rule(ir, vis):
            if ir[0, 0] == 1.0:
                raise BadImage("too hot\nfor me")
            if ir[0, 0] == 0.0:
                raise np.linalg.LinAlgError("singular")
            return vis

        return rule

    card = MethodCard("picky", "test", "Refuses a hot corner.", "here")
    monkeypatch.setitem(METHODS, "picky", Method(card, build, {}))
    return "picky"


def test_a_failure_is_recorded_with_its_reason_and_tried_again(folder, picky):
    hot = np.full((24, 32), 255, np.uint8)
    write_image(folder / "tiny/ir/2.png", hot, overwrite=True)
    out = folder / "t.csv"
    assert run(plan(folder, picky), out) == ["measured", "failed", "measured"]
    failed = [row for row in read_table(out) if row.state == "failed"]
    assert [(r.image, r.metric, r.value, r.error) for r in failed] == [
        ("2", "EN", None, "too hot for me"),
        ("2", "SD", None, "too hot for me"),
    ]
    assert run(plan(folder, picky), out) == ["skipped", "skipped", "failed"]


def test_a_breakdown_is_a_result_and_a_programming_error_is_not(folder, picky, monkeypatch):
    black = np.zeros((24, 32), np.uint8)
    write_image(folder / "tiny/ir/2.png", black, overwrite=True)
    assert run(plan(folder, picky), folder / "t.csv") == ["measured", "failed", "measured"]
    errors = {row.error for row in read_table(folder / "t.csv")}
    assert errors == {"", "picky broke down on it: LinAlgError: singular"}

    def build(*, threads: int = 0):
        return lambda ir, vis: vis.no_such_thing

    wrong = Method(MethodCard("wrong", "test", "Has a slip.", "here"), build, {})
    monkeypatch.setitem(METHODS, "wrong", wrong)
    with pytest.raises(AttributeError):
        run(plan(folder, "wrong"), folder / "u.csv")


def test_undefined_values_are_told_from_failures(folder):
    flat = np.full((24, 32), 7, np.uint8)
    write_image(folder / "tiny/ir/2.png", flat, overwrite=True)
    write_image(folder / "tiny/vi/2.png", flat, overwrite=True)
    out = folder / "t.csv"
    assert "failed" not in run(plan(folder, "average", metrics=("CC", "EN")), out)
    found = {r.metric: (r.state, r.value) for r in read_table(out) if r.image == "2"}
    assert found == {"CC": ("undefined", None), "EN": ("done", 0.0)}


def test_images_that_others_fused(folder, rng):
    fused = rng.integers(0, 256, (24, 32), np.uint8)
    write_image(folder / "theirs/tiny/1.png", fused)
    write_image(folder / "named/2_theirs.png", fused)
    theirs = Entrant.parse_given(f"theirs={folder}/theirs")
    named = Entrant.parse_given(f"named={folder}/named/{{stem}}_theirs.png")
    out = folder / "t.csv"
    assert (
        sorted(run(plan(folder, given=(theirs, named)), out)) == ["failed"] * 4 + ["measured"] * 2
    )
    rows = read_table(out)
    done = {(r.image, r.method, r.seconds, r.parameters) for r in rows if r.state == "done"}
    assert done == {("1", "theirs", None, -1), ("2", "named", None, -1)}
    assert all("no fused image of" in r.error for r in rows if r.state == "failed")
    pairs = find_set("tiny", root=folder)
    assert [pair.stem for pair in only_common(pairs, [theirs]).pairs] == ["1"]
    with pytest.raises(BadSetting, match="every"):
        only_common(pairs, [theirs, named])


def test_sizes_that_differ_fail_or_fit(folder):
    write_image(folder / "tiny/ir/2.png", np.zeros((12, 16), np.uint8), overwrite=True)
    assert sorted(run(plan(folder, "average"), folder / "a.csv"))[0] == "failed"
    assert "failed" not in run(plan(folder, "average", fit="vis"), folder / "b.csv")


def test_a_torn_line_is_measured_again(folder):
    out = folder / "t.csv"
    run(plan(folder, "average"), out)
    journal = folder / "t.csv.jsonl"
    journal.write_text(journal.read_text()[:-40])
    assert sorted(run(plan(folder, "average"), out)) == ["measured", "skipped", "skipped"]
    assert len(read_table(out)) == 6


def test_workers_measure_the_same(folder):
    run(plan(folder, "average", "maximum"), folder / "one.csv")
    run(plan(folder, "average", "maximum"), folder / "two.csv", jobs=2)

    def values(name):
        return {(r.image, r.method, r.metric): r.value for r in read_table(folder / name)}

    assert values("one.csv") == values("two.csv")


def test_killed_in_the_middle_it_goes_on(folder, rng):
    for number in range(100, 130):
        for kind in ("ir", "vi"):
            pixels = rng.integers(0, 256, (160, 240), np.uint8)
            write_image(folder / f"tiny/{kind}/{number}.png", pixels)
    out, journal = folder / "t.csv", folder / "t.csv.jsonl"
    words = ["evaluate", "--sets", str(folder / "tiny"), "--metrics", "VIF", "--jobs", "2"]
    command = [sys.executable, "-m", "thermeld", *words, "-o", str(out)]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not journal.exists() or len(_done(journal)) < 5:
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = len(_done(journal))
    assert done < 33 * 4
    assert not out.exists()
    answer = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    assert told["skipped"] >= done
    assert told["skipped"] + told["measured"] == 33 * 4
    assert len(read_table(out)) == 33 * 4
    assert not list(folder.glob(".*.part"))


def _done(journal: Path) -> list[str]:
    return [line for line in journal.read_text().splitlines() if line.endswith("}")]


@pytest.mark.parametrize(
    ("text", "color", "label", "mode"),
    [
        ("mobilefuse", "ycbcr", "mobilefuse", "ycbcr"),
        ("mobilefuse", "blend", "mobilefuse", "blend"),
        ("average", "blend", "average", "ycbcr"),
        ("mobilefuse@blend", "ycbcr", "mobilefuse@blend", "blend"),
        ("average@gray", "blend", "average@gray", "gray"),
    ],
)
def test_colour_modes(text, color, label, mode):
    entrant = Entrant.parse(text, color=color)
    assert (entrant.label, entrant.color) == (label, mode)
    assert entrant.facts()["color"] == mode


def test_wrong_wishes_are_refused_before_any_work(folder):
    with pytest.raises(BadSetting, match="colour modes of average are ycbcr, gray"):
        Entrant.parse("average@blend")
    with pytest.raises(UnknownName, match="average"):
        Entrant.parse("avrage")
    with pytest.raises(BadSetting, match="does not exist in convention vifb"):
        plan(folder, "average", metrics=("FMI_pixel",), convention="vifb")
    with pytest.raises(UnknownName, match="convention"):
        plan(folder, "average", convention="vifbb")
    with pytest.raises(BadSetting, match="two of them are called average"):
        Plan((find_set("tiny", root=folder),), entrants_of(["average"]) * 2, METRICS, "tang")
    with pytest.raises(BadSetting, match="nothing to measure"):
        plan(folder)
    with pytest.raises(BadSetting, match=r"\.parquet or \.csv"):
        run(plan(folder, "average"), folder / "t.xlsx")


def test_floors_come_first_and_once():
    labels = [entrant.label for entrant in entrants_of(["maximum", "wavelet-max"])]
    assert labels == ["average", "maximum", "laplacian", "laplacian-4", "wavelet-max"]
