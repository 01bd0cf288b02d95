import colorsys

import numpy as np
import pytest

from thermeld.errors import UnknownName
from thermeld.image import luminance
from thermeld.palette import PALETTES, colours, painted


def luma_of(name):
    return luminance(colours(name)[None])[0]


@pytest.mark.parametrize("name", ["iron", "white-hot", "viridis"])
def test_luminance_rises_with_heat(name):
    assert (np.diff(luma_of(name)) > 0).all()


def test_luminance_falls_with_heat_in_black_hot():
    assert (np.diff(luma_of("black-hot")) < 0).all()


def test_hue_turns_one_way_in_the_rainbow():
    hues = [colorsys.rgb_to_hsv(*map(float, colour))[0] * 360 for colour in colours("rainbow")]
    assert hues[0] == pytest.approx(240)
    assert hues[-1] == pytest.approx(0)
    assert (np.diff(hues) < 0).all()


@pytest.mark.parametrize("name", PALETTES)
def test_no_two_heats_look_alike(name):
    table = colours(name)
    assert table.shape == (256, 3)
    assert 0 <= table.min() <= table.max() <= 1
    apart = np.abs(table[:, None] - table[None]).sum(2) + 9 * np.eye(256)
    assert apart.min() > 1 / 255


def test_iron_is_walked_at_even_luminance_from_black_to_white():
    steps = np.diff(luma_of("iron"))
    assert steps.std() < 0.02 * steps.mean()
    assert luma_of("iron")[0] < 0.01
    assert luma_of("iron")[-1] > 0.98


def test_viridis_has_the_published_ends():
    assert np.rint(colours("viridis")[[0, -1]] * 255).tolist() == [[68, 1, 84], [253, 231, 37]]


def test_room_is_kept_at_both_ends():
    table = colours("rainbow", room=0.1)
    assert table.min() == pytest.approx(0.1)
    assert table.max() == pytest.approx(0.9)


def test_painting_meets_the_table_and_what_lies_between():
    table = colours("iron")
    shade = np.array([[0.0, 10 / 255, 10.5 / 255, 1.0]], np.float32)
    found = painted(shade, table)[0]
    expected = [table[0], table[10], (table[10] + table[11]) / 2, table[255]]
    assert np.abs(found - expected).max() < 1e-5


def test_unknown_palettes_get_a_hint():
    with pytest.raises(UnknownName, match="did you mean 'iron'"):
        colours("irn")
