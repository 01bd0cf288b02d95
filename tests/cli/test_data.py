import shutil
from pathlib import Path

import pytest
import set_trees

from thermeld.data.layouts import LAYOUTS


def test_lists_layouts(thermeld):
    listed = thermeld("data")
    assert listed.code == 0
    assert all(name in listed.out for name in LAYOUTS)
    assert "never trained on: vifb21, tno25, roadscene50, m3fd" in listed.out
    facts = {line["name"]: line for line in thermeld("data", "--json").lines}
    assert facts["msrs"]["pairs"] == {"train": 1083, "test": 361}
    assert facts["tno"]["holds"] == ["tno25"]
    rows = thermeld("data", "--markdown").out.splitlines()
    assert len(rows) == 2 + len(LAYOUTS)
    assert {row.count("|") for row in rows} == {6}
    page = Path(__file__).parents[2] / "docs" / "data.md"
    assert "\n".join(rows) in page.read_text(encoding="utf-8")


def test_a_whole_set_is_usable(thermeld, tmp_path):
    root = set_trees.m3fd(tmp_path)
    checked = thermeld("data", "check", "m3fd", root)
    assert checked.code == 0
    assert "count: all: 2 pairs here, 4200 as published" in checked.out
    assert "m3fd: all 2 pairs; usable; 1 notes" in checked.out
    assert "Part of this set is m3fd, kept for evaluation" in checked.out


def test_what_spoils_a_set_is_named_and_fails(thermeld, tmp_path):
    root = set_trees.msrs(tmp_path)
    (root / "train/vi/00001Dr.png").write_bytes(b"broken")
    checked = thermeld("data", "check", "msrs", root, "--split", "train", "--jobs", "1")
    assert checked.code == 1
    assert checked.out.startswith("unreadable: train/00001Dr:")
    assert "not usable as it is: 1 to mend" in checked.out
    (answer,) = thermeld("data", "check", "msrs", root, "--json").lines
    assert not answer["usable"]
    assert answer["pairs"] == {"train": 2, "test": 2}
    assert answer["findings"][0]["spoils"]


def test_many_findings_of_a_kind_are_cut_short(thermeld, tmp_path):
    for number in range(13):
        set_trees.pair(tmp_path / f"ir/{number}.png", tmp_path / f"vi/{number}.png")
        (tmp_path / f"vi/{number}.png").write_bytes(b"broken")
    checked = thermeld("data", "check", "pairs", tmp_path)
    assert checked.out.count("\nunreadable") == 10
    assert "unreadable: and 3 more (all with --json)" in checked.out
    assert len(thermeld("data", "check", "pairs", tmp_path, "--json").lines[0]["findings"]) == 13


def test_pictures_of_another_set_are_found(thermeld, tmp_path):
    mine, kept = set_trees.pairs(tmp_path / "mine"), set_trees.pairs(tmp_path / "kept")
    assert thermeld("data", "check", "pairs", mine, "--against", kept).code == 0
    shutil.copy(kept / "vi/a2.png", mine / "vi/a10.png")
    checked = thermeld("data", "check", "pairs", mine, "--against", kept)
    assert checked.code == 1
    assert f"leak: all/a10, {kept}/a2: visible picture the same" in checked.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("mrs", "."), 2, "did you mean 'msrs'"),
        (("msrs", "nowhere"), 1, "no such folder"),
        (("msrs", "."), 1, "laid out as {train,test}/{ir,vi,Segmentation_labels}/STEM.png"),
        (("msrs", ".", "--split", "val"), 2, "known: test, train"),
    ],
)
def test_refusals(thermeld, tmp_path, monkeypatch, words, code, told):
    monkeypatch.chdir(tmp_path)
    refused = thermeld("data", "check", *words)
    assert refused.code == code
    assert told in refused.err
    assert refused.err.count("\n") == 1
