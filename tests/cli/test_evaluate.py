import json
import shutil

import numpy as np
import pytest

from thermeld.data.results import read_table
from thermeld.io import write_image
from thermeld.methods.neural import MODELS


@pytest.fixture
def tiny(tmp_path, rng):
    for stem in ("1", "2"):
        write_image(tmp_path / "tiny/ir" / f"{stem}.png", rng.integers(0, 256, (40, 40), np.uint8))
        write_image(tmp_path / "tiny/vi" / f"{stem}.png", rng.integers(0, 256, (40, 40), np.uint8))
    return tmp_path


def test_table_and_report(thermeld, tiny):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    out = tiny / "t.csv"
    words = ("--data", tiny, "--metrics", "EN,SD", "--jobs", "1", "-o", out)
    answer = thermeld("evaluate", "--sets", "tiny", "--methods", "wavelet-max", *words)
    assert answer.code == 0
    assert "10 measured, 0 skipped, 0 failed" in answer.out
    assert len(read_table(out)) == 2 * 5 * 2
    again = thermeld("evaluate", "tiny", *words, "--no-floors", "--methods", "average", "--json")
    assert again.lines == [{"measured": 0, "skipped": 2, "failed": 0, "out": str(out)}]
    told = thermeld(
        "report", out, "-o", tiny / "r", "--against", "average", "--panels",
        "tiny/1,red=1,1,8,8", "--data", tiny,
    )  # fmt: skip
    assert told.code == 0
    assert "Against average" in (tiny / "r/report.md").read_text()
    assert "data:image/jpeg;base64," in (tiny / "r/report.html").read_text()


def test_panels_name_what_a_table_alone_cannot_fuse(thermeld, tiny):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    for suffix in (".onnx", ".json"):
        shutil.copy(MODELS / f"thermeld-nano{suffix}", tiny / f"mine{suffix}")
    card = json.loads((tiny / "mine.json").read_text())
    (tiny / "mine.json").write_text(json.dumps(card | {"name": "mine", "file": "mine.onnx"}))
    words = ("--data", tiny, "--metrics", "EN", "--jobs", "1", "-o", tiny / "t.csv")
    answer = thermeld("evaluate", "tiny", "--methods", tiny / "mine.onnx", *words)
    assert answer.code == 0
    told = thermeld(
        "report", tiny / "t.csv", "-o", tiny / "r", "--panels", "tiny/1", "--data", tiny
    )
    assert told.code == 0
    page = (tiny / "r/report.md").read_text()
    assert "| mine |" in page.replace("**", "")
    assert "not shown: mine." in page


def test_a_failure_makes_the_exit_code_one(thermeld, tiny):
    write_image(tiny / "tiny/ir/2.png", np.zeros((3, 3), np.uint8), overwrite=True)
    answer = thermeld(
        "evaluate", "tiny", "--data", tiny, "--metrics", "EN", "--jobs", "1", "-o", tiny / "t.csv"
    )
    assert answer.code == 1
    assert "4 failed" in answer.out
    assert "tiny 2 average" in answer.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tiny", "--methods", "wavelet"], "wavelet-max"),
        (["tiny", "--metrics", "XX"], "no metric"),
        (["tiny", "--no-floors"], "--methods"),
        ([], "--sets"),
        (["tiny", "--fused", "x"], "NAME=DIR"),
        (["tinny"], "pair set"),
    ],
)
def test_wrong_wishes_get_one_line(thermeld, tiny, words, says):
    answer = thermeld("evaluate", *words, "--data", tiny, "-o", tiny / "t.csv", "--jobs", "1")
    assert answer.code == 2
    assert says in answer.err
    assert answer.err.count("\n") == 1
