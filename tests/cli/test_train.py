import pytest

pytest.importorskip("torch", reason="training needs the extra: pip install 'thermeld[train]'")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mobilefus"], "did you mean 'mobilefuse'"),
        (["mobilefuse", "--set", "steps=x"], "steps"),
        (["mobilefuse", "--set", "lr=1"], "no recipe key"),
    ],
    ids=str,
)
def test_wrong_wishes_get_one_line(thermeld, tmp_path, words, says):
    answer = thermeld("train", *words, "--data", tmp_path, "-o", tmp_path / "run")
    assert answer.code == 2
    assert says in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_missing_data_is_named_before_work(thermeld, tmp_path):
    answer = thermeld("train", "mobilefuse", "--data", tmp_path, "-o", tmp_path / "run")
    assert answer.code == 1
    assert "train.txt" in answer.err


def test_accelerator_must_be_there(shared, thermeld, tmp_path):
    words = ("train", "mobilefuse", "--data", shared / "data" / "camvid", "-o", tmp_path / "run")
    answer = thermeld(*words, "--accelerator", "tpuu")
    assert answer.code == 2
    assert "auto, cpu, cuda" in answer.err
    assert not (tmp_path / "run").exists()


def test_export_needs_a_licence(thermeld, tmp_path):
    answer = thermeld("export", "mobilefuse", "-o", tmp_path / "x", "--licence", " ")
    assert answer.code == 2
    assert "licence" in answer.err


def test_export_into_a_file_gets_one_line(thermeld, tmp_path):
    (tmp_path / "x").write_text("taken")
    answer = thermeld("export", "mobilefuse", "-o", tmp_path / "x", "--licence", "none")
    assert answer.code == 1
    assert answer.err.strip().count("\n") == 0
