import json
from pathlib import Path

import pytest

from thermeld.cli.list import CHOICES, choices_text, markdown_table
from thermeld.fuse import list_methods

README = Path(__file__).resolve().parents[2] / "README.md"


def test_every_method_is_listed(thermeld):
    listed = {card["name"] for card in json.loads(thermeld("list", "--json").out)}
    assert listed == {card.name for card in list_methods()}
    shown = thermeld("list").out
    assert all(name[:20] in shown for name in listed)


def test_one_method_tells_its_settings(thermeld):
    assert "levels=7" in thermeld("list", "laplacian").out
    assert thermeld("list", "laplacien").code == 2


def test_readme_holds_the_table_as_the_command_prints_it():
    page = README.read_text(encoding="utf-8")
    assert markdown_table(list_methods()) in page
    assert choices_text() in page


def test_it_says_which_one_to_choose(thermeld):
    known = {card.name for card in list_methods()}
    shown = thermeld("list").out
    for name, what in CHOICES:
        assert name in known
        assert what[:20] in shown


def test_documented_table_is_the_command_output(thermeld):
    """docs/networks.md holds what `thermeld list --networks --markdown` prints."""
    pytest.importorskip("torch")
    page = (Path(__file__).parents[2] / "docs/networks.md").read_text(encoding="utf-8")
    assert thermeld("list", "--networks", "--markdown").out.strip() in page
    assert "| `seafusion` | 166,657 | 50.995 | 640x480 |" in page
