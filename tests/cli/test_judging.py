import json
import sys

import pytest
from judge_sets import write_set

from thermeld.data.results import read_table

WORDS = ("evaluate", "--task", "segmentation")


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judging")
    write_set(folder / "toy", 10)
    (folder / "bare").mkdir()
    for part in ("ir", "vi"):
        (folder / "bare" / part).symlink_to(folder / "toy" / part)
    (folder / "least.toml").write_text(
        "epochs = 1\nbatch = 8\ncrop = [32, 32]\nbox = [32, 40]\nscale = [1.0, 1.0]\n"
    )
    return folder


def test_judges_sources_and_methods(thermeld, toys, tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="training needs the extra: pip install 'thermeld[train]'")
    from judge_net import Least  # DeepLabv3+ itself is tested in tests/train

    monkeypatch.setattr("thermeld.train.judge.task.DeepLab", Least)
    out = tmp_path / "t.csv"
    words = (*WORDS, "toy", "--data", toys, "--budget", toys / "least.toml", "--seeds", "1")
    words = (*words, "--accelerator", "cpu", "-o", out)
    answer = thermeld(*words, "--methods", "average")
    assert answer.code == 0, answer.err
    assert "3 trained, 0 skipped, 0 failed, 0 stopped" in answer.out
    assert "3 trainings of 1 steps: about 0.0" in answer.err
    assert {row.method for row in read_table(out)} == {"infrared", "visible", "average"}
    again = thermeld(*words, "--fused", "x=nowhere", "--json")
    assert again.code == 1  # nobody gave an image
    assert "nowhere" in again.err
    once_more = thermeld(*words, "--json")
    assert json.loads(once_more.out) == {
        "trained": 0, "skipped": 2, "failed": 0, "stopped": 0, "out": str(out),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bare"], "labels"),
        (["toy", "--methods", "wavelet"], "wavelet-max"),
        (["toy", "--budget", "smal"], "small"),
        (["toy", "--metrics", "EN"], "--metrics"),
        (["toy", "--common"], "--common"),
        (["toy", "bare"], "one labelled set"),
        ([], "one labelled set"),
        (["tooy"], "pair set"),
        (["toy", "--fused", "visible=x"], "visible"),
        (["toy", "--accelerator", "abacus"], "abacus"),
    ],
)
def test_wrong_wishes_get_one_line(thermeld, toys, tmp_path, words, says):
    pytest.importorskip("torch", reason="training needs the extra: pip install 'thermeld[train]'")
    answer = thermeld(*WORDS, *words, "--data", toys, "-o", tmp_path / "t.csv")
    assert answer.code == 2
    assert says in answer.err
    assert answer.err.count("\n") == 1


def test_unknown_task_is_refused(thermeld, tmp_path):
    answer = thermeld("evaluate", "--task", "segmentaton", "x", "-o", tmp_path / "t.csv")
    assert answer.code == 2
    assert "segmentation" in answer.err


def test_without_torch_the_extra_is_named(thermeld, toys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    answer = thermeld(*WORDS, "toy", "--data", toys, "-o", tmp_path / "t.csv")
    assert answer.code == 2
    assert "thermeld[train]" in answer.err
