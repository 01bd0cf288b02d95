import pytest

pytest.importorskip("torch", reason="training needs the extra: pip install 'thermeld[train]'")
pytest.importorskip("matplotlib", reason="plots need the extra: pip install 'thermeld[report]'")


@pytest.fixture
def runs(tmp_path):
    for name in ("one", "two"):
        rows = [f"{n},{term},{1 / n}" for n in range(1, 200) for term in ("loss", "learning_rate")]
        (tmp_path / name).mkdir()
        text = "\n".join(["step,name,value", *rows])
        (tmp_path / name / "log.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_curves_of_two_runs_are_drawn(runs, thermeld):
    out = runs / "curves.svg"
    assert thermeld("curves", runs / "one", runs / "two", "-o", out).code == 0
    text = out.read_text(encoding="utf-8")
    assert text.count("<svg") == 1
    assert not list(runs.glob("*.part*"))


def test_picture_stands_beside_the_log_by_default(runs, thermeld):
    assert thermeld("curves", runs / "one").code == 0
    assert (runs / "one" / "curves.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("one", "--term", "nonsense"), "logged: learning_rate, loss"),
        (("three",), "no log of a training run"),
        (("one", "-o", "x.pdf"), ".png or .svg"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments, words, runs, thermeld, monkeypatch):
    monkeypatch.chdir(runs)
    done = thermeld("curves", *arguments)
    assert done.code != 0
    assert words in done.err
