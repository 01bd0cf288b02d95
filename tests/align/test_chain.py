import numpy as np
import pytest

from thermeld.align import estimate
from thermeld.align.chain import CHAINS, Pyramid, is_sane
from thermeld.align.warp import spread, transformed
from thermeld.data.scene import render_scene
from thermeld.errors import BadSetting
from thermeld.image import luminance


@pytest.fixture(scope="module")
def street():
    """A small rendered pair, registered to the pixel; the infrared picture then moved."""
    scene = render_scene(np.random.default_rng(3), height=240, width=320, night=False)
    return np.roll(scene.ir, (4, -6), axis=(0, 1)), luminance(scene.vis)


def off_px(matrix, right, down):
    """Median distance from a known shift."""
    places = spread((240, 320))
    gap = transformed(matrix, places) - places - (right, down)
    return float(np.median(np.hypot(gap[:, 0], gap[:, 1])))


@pytest.mark.parametrize("name", CHAINS)
def test_every_chain_comes_nearer_from_a_few_pixels_away(street, name):
    pair, matrix = Pyramid(*street), np.eye(3)
    for step in CHAINS[name]:
        matrix = step(pair, matrix, "affine")
    assert off_px(matrix, 6, -4) < 0.4 * off_px(np.eye(3), 6, -4)


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_of_translations_only_moves(street, name):
    matrix = CHAINS[name][0](Pyramid(*street), np.eye(3), "translation")
    assert matrix[:2, :2] == pytest.approx(np.eye(2), abs=1e-6)


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_on_flat_pictures_moves_nothing(name):
    flat = np.full((60, 80), 0.5, np.float32)
    for step in CHAINS[name]:
        assert step(Pyramid(flat, flat), np.eye(3), "affine") == pytest.approx(np.eye(3))


def test_the_estimator_asked_for_is_the_one_used(street):
    found = estimate(*street, estimator="mutual")
    assert "mutual" in found.method
    assert off_px(found.warp.matrix, 6, -4) < 3
    assert estimate(*street).score_after >= found.score_after


def test_an_unknown_estimator_is_refused(street):
    with pytest.raises(BadSetting, match="auto, edges, ecc, mutual"):
        estimate(*street, estimator="magic")


def test_a_matrix_that_ran_away_is_not_sane(street):
    pair = Pyramid(*street)
    assert is_sane(np.eye(3), pair)
    assert not is_sane(np.diag([4.0, 4.0, 1.0]), pair)
    assert not is_sane(np.full((3, 3), np.nan), pair)
    assert not is_sane(np.diag([-1.0, 1.0, 1.0]), pair)
