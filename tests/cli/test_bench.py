import json

import numpy as np

from thermeld.io import write_image


def test_bench_times_and_goes_on(thermeld, tmp_path, monkeypatch):
    out = tmp_path / "rows.jsonl"
    asked = ("bench", "average", "--size", "64x48", "--rounds", "5", "-o", str(out), "--json")
    first = thermeld(*asked)
    rows = [json.loads(line) for line in first.out.splitlines()]
    assert [row["label"] for row in rows] == ["average"]
    assert (rows[0]["width"], rows[0]["height"]) == (64, 48)
    again = thermeld(*asked)
    assert again.out == first.out  # taken from the file


def test_bandwidth_of_a_set(thermeld, tmp_path, rng):
    for role, shape in (("ir", (24, 32)), ("vi", (24, 32, 3))):
        write_image(tmp_path / role / "a.png", rng.integers(0, 256, shape, np.uint8))
    answer = thermeld("bench", "average", "--bandwidth", str(tmp_path), "--json")
    whole = json.loads(answer.out)
    sent = (whole["ir_bytes"] + whole["vis_bytes"]) * 30 / 1e6
    assert whole["mb_per_s"][0]["upload"] == sent


def test_a_size_that_is_none(thermeld):
    answer = thermeld("bench", "average", "--size", "big")
    assert answer.code == 2
    assert "640x480" in answer.err
