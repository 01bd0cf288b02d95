"""The public surface changes only together with public_names.txt."""

from pathlib import Path

import thermeld

RECORDED = Path(__file__).with_name("public_names.txt")


def test_public_names_are_exactly_these():
    assert sorted(thermeld.__all__) == RECORDED.read_text(encoding="utf-8").split()


def test_public_names_exist():
    assert all(hasattr(thermeld, name) for name in thermeld.__all__)
