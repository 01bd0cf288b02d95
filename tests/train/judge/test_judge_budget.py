import pytest

from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.train.judge.budget import PUBLISHED, budget_of, rate_at, read_budget


def test_published_budget_is_that_of_the_public_code():
    assert PUBLISHED.rate == pytest.approx(7e-3 * 4 / 16)
    assert (PUBLISHED.crop, PUBLISHED.batch, PUBLISHED.epochs) == ((512, 512), 4, 100)
    assert PUBLISHED.steps(1083) == 100 * 270  # whole batches of MSRS's 1,083 training pairs


def test_rate_warms_up_falls_and_rests():
    rates = [rate_at(1.0, number, 1000) for number in range(1000)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[15] == pytest.approx(0.1 + 0.9 * 0.25)  # half of the warm-up, squared
    assert rates[30] == pytest.approx(1.0)
    assert rates[490] == pytest.approx(0.505, abs=2e-3)  # half of the cosine
    assert rates[950:] == [0.01] * 50
    assert rates[30:] == sorted(rates[30:], reverse=True)


def test_file_names_only_what_differs(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "small"\nepochs = 7\ncrop = [64, 96]\nrate = 1\n')
    found, small = read_budget(str(path)), read_budget("small")
    assert (found.name, found.epochs, found.crop, found.rate) == ("mine", 7, (64, 96), 1)
    assert (found.batch, found.precision) == (small.batch, small.precision)
    assert budget_of(found.as_dict()) == found


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("epocs = 1", UnknownName, "epocs"),
        ("epochs = 0", BadSetting, "at least 1"),
        ("epochs = 1.5", BadSetting, "epochs"),
        ("crop = [64]", BadSetting, "crop"),
        ('crop = ["a", "b"]', BadSetting, "budget"),
        ("crop = [8, 64]", BadSetting, "32"),
        ("scale = [2.0, 1.0]", BadSetting, "scale"),
        ('optimiser = "lion"', BadSetting, "adamw"),
        ("rate = -1.0", BadSetting, "above 0"),
        ('base = "smal"', UnknownName, "small"),
        ("epochs", UnreadableFile, "budget"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, error, says):
    path = tmp_path / "b.toml"
    path.write_text(text)
    with pytest.raises(error, match=says):
        read_budget(str(path))
