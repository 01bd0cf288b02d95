import pytest

from thermeld.errors import BadSetting, MissingExtra, UnknownName
from thermeld.registry import METHODS, checked_settings, lookup, method, need


def test_wrong_name_gets_the_near_one_back():
    with pytest.raises(UnknownName, match="did you mean 'average'"):
        lookup(METHODS, "avarage", "method")


def test_far_name_gets_the_list():
    with pytest.raises(UnknownName, match=r"known: .*average"):
        lookup(METHODS, "zzzzzz", "method")


def test_settings_are_checked_by_name_and_type():
    defaults = {"levels": 4, "gain": 1.0, "fast": False}
    assert checked_settings({"levels": 2, "gain": 2}, defaults, "x") == {"levels": 2, "gain": 2}
    with pytest.raises(UnknownName, match="levels"):
        checked_settings({"level": 2}, defaults, "x")
    for wrong in ({"levels": 2.5}, {"levels": True}, {"fast": 1}, {"gain": "high"}):
        with pytest.raises(BadSetting, match=next(iter(wrong))):
            checked_settings(wrong, defaults, "x")


def test_two_methods_of_one_name_are_our_mistake():
    with pytest.raises(ValueError, match="average"):
        method("average", family="floor", source="")(lambda ir, vis: ir)


def test_missing_extra_says_how_to_install_it():
    with pytest.raises(MissingExtra, match=r"pip install 'thermeld\[scale\]'"):
        need("thermeld_no_such_module", "scale")
