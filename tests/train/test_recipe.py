import pytest

from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.train.nets import networks
from thermeld.train.recipe import read_recipe, recipe_of, shipped_recipes


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_shipped_recipes_read_and_fit_a_screen(name):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.network in networks()
    assert len(shipped_recipes()[name].read_text(encoding="utf-8").splitlines()) <= 40


def test_single_keys_are_overridden():
    recipe = read_recipe("mobilefuse", {"steps": "7", "kinds": "focus", "learning_rate": "1e-2"})
    assert (recipe.steps, recipe.kinds, recipe.learning_rate) == (7, ("focus",), 0.01)


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"step": "7"}, UnknownName),
        ({"steps": "many"}, BadSetting),
        ({"steps": "0"}, BadSetting),
        ({"batch": "3"}, BadSetting),
        ({"precision": "int8"}, BadSetting),
        ({"final_learning_rate": "1"}, BadSetting),
        ({"options": "x"}, BadSetting),
    ],
    ids=str,
)
def test_impossible_overrides_are_refused(overrides, error):
    with pytest.raises(error):
        read_recipe("mobilefuse", overrides)


def test_bad_recipe_files_are_refused(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'mobilefuse'"):
        read_recipe("mobilefus")
    with pytest.raises(UnreadableFile):
        read_recipe(str(tmp_path / "none.toml"))
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ")
    with pytest.raises(UnreadableFile):
        read_recipe(str(broken))
    broken.write_text('name = "x"')
    with pytest.raises(BadSetting, match="network"):
        read_recipe(str(broken))


def test_recipe_builds_on_another(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "mobilefuse"\nname = "mine"\nsteps = 9\n', encoding="utf-8")
    recipe, base = read_recipe(str(path)), read_recipe("mobilefuse")
    assert (recipe.name, recipe.steps) == ("mine", 9)
    assert recipe.learning_rate == base.learning_rate
    path.write_text(f'base = "{path}"', encoding="utf-8")
    with pytest.raises(BadSetting, match="base"):
        read_recipe(str(path))


def test_recipe_survives_as_plain_values():
    recipe = read_recipe("mobilefuse")
    values = recipe.as_dict()
    assert recipe_of(values) == recipe
