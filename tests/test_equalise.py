import numpy as np
import pytest

from thermeld import Fuser
from thermeld.equalise import Equalise
from thermeld.errors import BadImage, BadSetting
from thermeld.image import THERMAL_WINDOW, Window, thermal_window, unit


def test_two_values_become_their_shares_of_the_shades():
    # 3 bins of 1/3 each would be flat; by rank, the 4 pixels of 10 end at 4/16 and 20 at 12/16.
    counts = np.array([[10] * 4, [11] * 4, [12] * 4, [12] * 4], np.uint16)
    shades = unit(counts, window=Equalise(plateau=100.0))
    assert shades[0, 0] == pytest.approx(4 / 16 / 2)  # the middle of its bin, 0 to 4/16
    assert shades[1, 0] == pytest.approx((4 / 16 + 8 / 16) / 2)
    assert shades[2, 0] == pytest.approx((8 / 16 + 16 / 16) / 2)


def test_a_low_plateau_gives_every_value_the_same_share():
    counts = np.array([[10] * 14 + [11] + [12]], np.uint16)
    shades = unit(counts, window=Equalise(plateau=1e-3))
    assert sorted(set(shades[0].tolist())) == pytest.approx([1 / 6, 3 / 6, 5 / 6])


def test_warmer_is_never_darker_and_equal_stays_equal(rng):
    counts = rng.normal(8000, 400, (50, 60)).clip(0, 65535).astype(np.uint16)
    shades = unit(counts, window=Equalise()).ravel()
    order = np.argsort(counts.ravel(), kind="stable")
    assert (np.diff(shades[order]) >= 0).all()
    assert all(len(set(shades[counts.ravel() == count])) == 1 for count in (7990, 8000, 8010))


def test_a_small_warm_thing_costs_the_background_less_contrast_than_stretching(rng):
    counts = rng.normal(8000, 20, (100, 100)).astype(np.uint16)
    counts[:10, :10] = 12000  # 1 % of the picture, far above
    stretched = unit(counts, window=THERMAL_WINDOW)[20:]
    equalised = unit(counts, window=Equalise())[20:]
    assert equalised.std() > 20 * stretched.std()
    assert unit(counts, window=Equalise())[0, 0] > equalised.max()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_constant_image_is_black(kind):
    assert not unit(np.full((4, 4), 7, kind), window=Equalise()).any()


def test_dead_pixels_do_not_stretch_the_bins(rng):
    counts = rng.normal(8000, 500, (200, 200))
    alone = unit(counts, window=Equalise())
    counts[0, 0], counts[0, 1] = 0, 65535
    assert np.abs(unit(counts, window=Equalise()) - alone)[1:].max() < 0.02


def test_words_for_windows():
    kind = np.dtype(np.uint8)
    assert thermal_window("minmax")(kind) == Window(0, 100, percentile=True)
    assert thermal_window("percentile")(kind) is THERMAL_WINDOW
    assert thermal_window("equalise")(kind) == thermal_window("equalize")(kind) == Equalise()
    with pytest.raises(BadSetting, match="minmax, equalise"):
        thermal_window("equal")


def test_minmax_takes_the_ends():
    counts = np.array([[100, 150, 200]], np.uint16)
    assert unit(counts, window=thermal_window("minmax")(counts.dtype)).tolist() == [[0, 0.5, 1]]


def test_tiles_share_one_curve(rng):
    counts = rng.normal(8000, 400, (90, 70)).clip(0, 65535).astype(np.uint16)
    vis = rng.integers(0, 256, (90, 70), np.uint8)
    whole, tiled = (
        Fuser("average", window="equalise", tile_px=side)(counts, vis) for side in (0, 32)
    )
    assert np.array_equal(whole, tiled)


def test_nan_and_impossible_plateaus_are_refused():
    with pytest.raises(BadImage):
        unit(np.array([[np.nan, 1.0]]), window=Equalise())
    with pytest.raises(BadSetting, match="plateau"):
        Equalise(plateau=0)
