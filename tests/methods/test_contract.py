"""What holds for every method in the table, whoever wrote it."""

import numpy as np
import pytest

from thermeld.fuse import METHODS, list_methods
from thermeld.image import tiles

SIZES = [(1, 1), (1, 9), (9, 1), (3, 3), (5, 2), (31, 45), (64, 64)]
NAMES = sorted(METHODS)


def pair(size, rng):
    return rng.random(size, np.float32), rng.random(size, np.float32)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_output_is_an_image_of_the_input_size(name, size, rng):
    ir, vis = pair(size, rng)
    before = ir.copy(), vis.copy()
    fused = METHODS[name].build()(ir, vis)
    assert fused.shape == size
    assert fused.dtype == np.float32
    assert np.isfinite(fused).all()
    assert fused.min() >= 0.0
    assert fused.max() <= 1.0
    assert np.array_equal(ir, before[0])
    assert np.array_equal(vis, before[1])


@pytest.mark.parametrize("name", [n for n in NAMES if METHODS[n].joint])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_joint_methods_take_colour(name, size, rng):
    ir, vis = pair((*size, 3), rng)
    fused = METHODS[name].build()(ir, vis)
    assert fused.shape == (*size, 3)
    assert fused.dtype == np.float32
    assert fused.min() >= 0.0
    assert fused.max() <= 1.0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_constant_images_stay_within_range(name, value):
    flat = np.full((24, 30), value, np.float32)
    fused = METHODS[name].build()(flat, 1 - flat)
    assert np.isfinite(fused).all()
    assert fused.min() >= 0.0
    assert fused.max() <= 1.0


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_all_but_constant_stays_within_range(name, value, rng):
    """Noise far below a grey level, or none at all, makes nothing be divided by nothing."""
    flat = np.full((21, 26), value, np.float32)
    noisy = np.clip(flat + rng.normal(0, 1e-6, flat.shape).astype(np.float32), 0, 1)
    for ir, vis in ((flat, flat), (noisy, flat), (flat, noisy)):
        fused = METHODS[name].build()(ir, vis)
        assert np.isfinite(fused).all()
        assert fused.min() >= 0.0
        assert fused.max() <= 1.0


@pytest.mark.parametrize("name", NAMES)
def test_same_inputs_give_same_bytes(name, rng):
    ir, vis = pair((40, 52), rng)
    build = METHODS[name].build
    assert build()(ir, vis).tobytes() == build()(ir, vis).tobytes()


@pytest.mark.parametrize("name", [n for n in NAMES if METHODS[n].card.reach_px is not None])
def test_tiled_equals_untiled(name, rng):
    """A tile that sees `reach_px` more on every side gives what the whole image gives."""
    card = METHODS[name].card
    plane = METHODS[name].build()
    tile_px = 64
    size = (2 * card.reach_px + 3 * tile_px + 7, tile_px + 5)
    ir, vis = pair(size, rng)
    whole, pieces = plane(ir, vis), np.empty(size, np.float32)
    cuts = list(tiles(size, tile_px=tile_px, reach_px=card.reach_px, align_px=card.align_px))
    assert len(cuts) > 1
    for cut in cuts:
        part = plane(np.ascontiguousarray(ir[cut.read]), np.ascontiguousarray(vis[cut.read]))
        pieces[cut.write] = part[cut.keep]
    assert np.abs(whole - pieces).max() < 1e-4


@pytest.mark.parametrize("card", list_methods(), ids=lambda card: card.name)
def test_cards_say_what_users_need(card):
    assert card.summary.endswith(".")
    assert card.source
    assert card.family
    assert bool(card.licence) == bool(card.parameters)  # what was learned has a licence
