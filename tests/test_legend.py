import numpy as np
import pytest

from thermeld.legend import round_step, with_legend
from thermeld.palette import colours

TABLE = colours("rainbow")


def legend(height=480, ends=(10.0, 40.0), unit="°C"):
    low, high = ends
    picture = np.full((height, 30, 3), 7, np.uint8)
    return with_legend(
        picture, TABLE, lambda value: (value - low) / (high - low), ends=ends, unit=unit
    )


@pytest.mark.parametrize(
    ("least", "step"),
    [(0.9, 1), (1.0, 1), (1.01, 2), (4.9, 5), (5.1, 10), (0.03, 0.05)],
)
def test_round_steps(least, step):
    assert round_step(least) == pytest.approx(step)


def test_the_picture_is_untouched_and_the_legend_beside_it():
    shown = legend()
    assert (shown[:, :30] == 7).all()
    assert shown.shape[0] == 480
    assert 60 < shown.shape[1] - 30 < 140


def test_the_bar_runs_from_hot_above_to_cold_below():
    bar = legend()[:, 30 + 15].astype(int)
    rows = np.flatnonzero(np.ptp(bar, axis=1) > 60)
    assert np.abs(bar[rows[0]] - np.rint(TABLE[-1] * 255)).max() <= 2
    assert np.abs(bar[rows[-1]] - np.rint(TABLE[0] * 255)).max() <= 2
    middle = bar[(rows[0] + rows[-1]) // 2]
    assert np.abs(middle - np.rint(TABLE[128] * 255)).max() <= 6


def test_numbers_stand_where_their_colours_are():
    shown = legend().astype(int)
    ticks = np.flatnonzero((shown[:, 30 + 30] > 200).all(axis=1))
    top, bottom = ticks[0], ticks[-1]
    shares = (bottom - ticks) / (bottom - top)
    assert 10 + 30 * shares == pytest.approx([40, 35, 30, 25, 20, 15, 10], abs=0.1)


@pytest.mark.parametrize("height", [32, 40, 192, 2000])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (7000.0, 7000.0 + 1e-9), (-20.5, 1200.0)])
def test_any_height_and_range_has_a_legend(height, ends):
    shown = legend(height, ends)
    assert shown.shape[0] == height
    assert shown[:, 30:].std() > 5


def test_a_bent_bar_is_filled_with_finer_numbers():
    def place(value):
        return ((value - 10) / 30) ** 0.25  # most of the bar is for the coldest few degrees

    picture = np.zeros((480, 30, 3), np.uint8)
    shown = with_legend(picture, TABLE, place, ends=(10.0, 40.0), unit="").astype(int)
    ticks = np.flatnonzero((shown[:, 30 + 30] > 200).all(axis=1))
    assert np.diff(ticks).min() > 22
    assert np.diff(ticks).max() < 200  # with steps of 5 alone, 10 to 15 would take 264


@pytest.mark.parametrize("height", [1, 31])
def test_pictures_without_room_for_numbers_stay_as_they_are(height):
    assert legend(height).shape == (height, 30, 3)
