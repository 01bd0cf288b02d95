from pathlib import Path

import numpy as np
import pytest

from thermeld.io import write_image
from thermeld.registry import METRICS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def triple(pair, tmp_path, thermeld):
    thermeld("fuse", *pair, "-o", tmp_path / "fused.png", "-m", "average")
    return (*pair, tmp_path / "fused.png")


def test_chosen_metrics_as_json(thermeld, triple):
    (values,) = thermeld("score", *triple, "--metrics", "SF, EN", "--json").lines
    assert list(values) == ["SF", "EN"]
    assert 0 < values["EN"] <= 8


def test_convention_decides_the_value(thermeld, triple):
    words = ("score", *triple, "--metrics", "MI", "--json", "--convention")
    tang, vifb = (thermeld(*words, name).lines[0]["MI"] for name in ("tang", "vifb"))
    assert tang != vifb


def test_people_are_looked_for_where_labels_are_given(thermeld, triple, tmp_path):
    from thermeld.io import read_image

    labels = np.zeros(read_image(triple[2]).pixels.shape[:2], np.uint8)
    labels[2:, :-6] = 2
    write_image(tmp_path / "labels.png", labels)
    words = ("--labels", tmp_path / "labels.png", "--metrics", "person_visibility", "--json")
    assert thermeld("score", *triple, *words).lines[0]["person_visibility"] > 0
    lacking = thermeld("score", *triple, "--metrics", "person_visibility")
    assert (lacking.code, "needs a label map" in lacking.err) == (2, True)


def test_table_for_people(thermeld, triple):
    answer = thermeld("score", *triple, "--metrics", "EN,RMSE", "--convention", "vifb")
    assert answer.code == 0
    assert "RMSE" in answer.out
    assert "lower" in answer.out


def test_undefined_is_null(thermeld, tmp_path):
    write_image(tmp_path / "flat.png", np.full((16, 16), 9, np.uint8))
    flat = [tmp_path / "flat.png"] * 3
    assert thermeld("score", *flat, "--metrics", "CC", "--json").lines == [{"CC": None}]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--metrics", "ENN"], 2, "did you mean 'EN'"),
        (["--metrics", "EN", "--convention", "tangg"], 2, "did you mean 'tang'"),
        (["--metrics", "EI", "--convention", "tang"], 2, "EI"),
    ],
)
def test_wrong_wishes_get_one_line(thermeld, triple, words, code, says):
    answer = thermeld("score", *triple, *words)
    assert answer.code == code
    assert says in answer.err
    assert answer.err.count("\n") == 1


def test_metrics_lists_all_and_explains_one(thermeld):
    listed = thermeld("metrics", "--markdown").out
    assert all(f"## {name}\n" in listed for name in METRICS)
    assert "Eskicioglu" in thermeld("metrics", "SF").out
    assert thermeld("metrics", "SFF").code == 2
    assert "RMSE" in thermeld("metrics").out


def test_the_page_of_metrics_is_the_one_printed(thermeld):
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8").splitlines()
    printed = thermeld("metrics", "--markdown").out.splitlines()
    measured = [line for line in page if "largest relative difference" in line]
    assert len(measured) > 40
    assert [line for line in page if line not in measured and "measured agreement" not in line] == (
        printed
    )


def test_measured_agreement_is_shown(thermeld, tmp_path):
    table = tmp_path / "agreement.csv"
    table.write_text("metric,convention,values,worst\nSF,tang,95,2e-12\n")
    shown = thermeld("metrics", "SF", "--markdown", "--agreement", table)
    assert "95 values, largest relative difference 2.0e-12" in shown.out
    table.write_text("metric,values\nSF,95\n")
    refused = thermeld("metrics", "SF", "--agreement", table)
    assert refused.code == 1
    assert "agreement" in refused.err
