import pytest

from thermeld.errors import UnknownName
from thermeld.metrics import CONVENTIONS, Agreement, document, sheet, table
from thermeld.registry import LABELLED, METRICS, metric

CARDS = [entry.card for entry in (METRICS | LABELLED).values()]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_card_is_complete(card):
    assert card.better in ("higher", "lower")
    for text in (card.summary, card.range, card.formula, card.source, card.why, card.fooled_by):
        assert len(text) > 3
    assert set(card.conventions) <= set(CONVENTIONS)
    assert card.default in card.conventions


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_sheet_says_all_of_it(card):
    text = sheet(card.name)
    assert text.startswith(f"# {card.name}\n")
    for part in (card.summary, card.range, card.formula, card.source, card.why, card.fooled_by):
        assert part in text
    assert all(f"`{name}`: {meaning}" in text for name, meaning in card.conventions.items())


def test_a_sheet_shows_its_own_agreement_only():
    rows = [Agreement("SF", "tang", 95, 2e-16), Agreement("SD", "tang", 95, 3e-10)]
    assert "95 values, largest relative difference 2.0e-16" in sheet("SF", rows)
    assert "3.0e-10" not in sheet("SF", rows)


def test_other_names_open_the_same_sheet():
    assert sheet("VIFF") == sheet("VIF")


def test_a_wrong_name_says_the_right_one():
    with pytest.raises(UnknownName, match="did you mean 'SF'"):
        sheet("SFF")


def test_the_table_has_a_line_per_metric():
    lines = table().splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == [f"| {name}" for name in METRICS | LABELLED]


def test_the_document_holds_the_conventions_and_every_sheet():
    text = document()
    assert all(f"- `{name}`: {meaning}." in text for name, meaning in CONVENTIONS.items())
    assert all(f"\n## {name}\n" in text for name in METRICS | LABELLED)


def test_no_name_means_two_metrics():
    names = [name for card in CARDS for name in (card.name, *card.also)]
    assert len(names) == len(set(names))


def test_two_metrics_cannot_share_a_name():
    with pytest.raises(ValueError, match="two metrics are named 'SF'"):
        metric("SF")(len)
