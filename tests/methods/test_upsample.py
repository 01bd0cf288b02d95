import cv2
import numpy as np
import pytest

from thermeld import Fuser
from thermeld.errors import BadSetting
from thermeld.methods.upsample import fitted, scale_for


def decibels(image, truth):
    error = np.mean((image.astype(np.float64) - truth) ** 2)
    return -10 * np.log10(error / 255.0**2)


@pytest.fixture
def smooth_pair(rng):
    """Large soft shapes, an edge and a hot spot: what survives a smaller scale."""
    ir, vis = (
        cv2.resize(
            rng.integers(0, 256, (12, 16), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    )
    vis[:, 320:] //= 2
    ir[200:260, 100:160] = 250
    return ir, vis


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((480, 640), 1),
        ((512, 640), 1),
        ((513, 640), 2),
        ((1024, 1280), 2),
        ((1080, 1920), 3),
        ((2160, 3840), 4),
        ((1, 1), 1),
    ],
)
def test_scale_follows_the_picture(size, scale):
    assert scale_for(size) == scale


def test_constant_map_stays_constant(rng):
    guide = rng.random((30, 40), np.float32)
    coarse = fitted(np.full((30, 40), 0.3, np.float32), guide, size=(60, 80))
    full = coarse.at(np.s_[:60, :80], rng.random((60, 80), np.float32))
    assert np.allclose(full, 0.3, atol=1e-5)


def test_linear_map_is_found_exactly_where_the_guide_varies():
    """The model is linear in the guide, so a map that is so too comes back at full scale."""
    guide = np.tile((np.arange(200) // 25 % 2).astype(np.float32), (120, 1))  # strong stripes
    share = (0.2 + 0.5 * guide).astype(np.float32)
    low = cv2.resize(guide, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    full = fitted(0.2 + 0.5 * low, low, size=guide.shape).at(np.s_[:120, :200], guide)
    edge = np.abs(full - share)[:, 20:180]
    assert edge.max() < 0.05
    # Without the guide the edge would be smeared over the width of reduced pixels.
    smeared = cv2.resize(0.2 + 0.5 * low, (200, 120), interpolation=cv2.INTER_LINEAR)
    assert edge.max() < 0.5 * np.abs(smeared - share)[:, 20:180].max()


def test_pieces_fit_together(rng):
    guide = rng.random((61, 83), np.float32)
    low = cv2.resize(guide, (42, 31), interpolation=cv2.INTER_AREA)
    coarse = fitted(low, low, size=(61, 83))
    whole = coarse.at(np.s_[:61, :83], guide)
    piece = coarse.at(np.s_[20:50, 30:80], guide[20:50, 30:80])
    # Positions are rounded to 1/32 of a reduced pixel by OpenCV, piece by piece.
    assert np.allclose(whole[20:50, 30:80], piece, atol=0.04)


@pytest.mark.parametrize("color", ["ycbcr", "blend", "gray"])
def test_reduced_map_gives_nearly_the_same_picture(smooth_pair, color):
    ir, vis = smooth_pair
    colour = np.dstack([vis, vis // 2, vis])
    full = Fuser("mobilefuse", color=color, threads=1)(ir, colour)
    half = Fuser("mobilefuse", color=color, threads=1, map_scale=2)(ir, colour)
    assert half.shape == full.shape
    assert decibels(half, full) > 32


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_sampled_map_does_not_depend_on_tiles(smooth_pair, scale):
    ir, vis = (view[:333, :517] for view in smooth_pair)
    whole, tiled = (
        Fuser("mobilefuse", threads=1, map_scale=scale, tile_px=tile)(ir, vis).astype(int)
        for tile in (0, 48)
    )
    assert np.abs(whole - tiled).max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_sampled_map_is_near_the_whole_one_at_the_samples(smooth_pair, scale):
    """The features are exact there; only what lies between is interpolated."""
    ir, vis = smooth_pair
    full, coarse = (
        Fuser("mobilefuse", threads=1, map_scale=factor).blending_map(ir, vis)[::scale, ::scale]
        for factor in (1, scale)
    )
    assert np.sqrt(np.mean((full - coarse) ** 2)) < 0.05


def test_auto_leaves_small_pictures_alone(smooth_pair):
    ir, vis = smooth_pair
    plain, auto = (
        Fuser("mobilefuse", threads=1, map_scale=scale)(ir, vis) for scale in (1, "auto")
    )
    assert np.array_equal(plain, auto)


def test_reduced_map_of_tiny_and_odd_pictures(rng):
    for size in ((1, 1), (3, 5), (61, 83)):
        ir, vis = rng.integers(0, 256, (2, *size), np.uint8)
        assert Fuser("mobilefuse", threads=1, map_scale=4)(ir, vis).shape == size


def test_blending_map_at_reduced_scale(smooth_pair):
    share = Fuser("mobilefuse", threads=1, map_scale=2).blending_map(*smooth_pair)
    assert share.shape == (480, 640)
    assert share.dtype == np.float32
    assert 0 <= share.min() <= share.max() <= 1


@pytest.mark.parametrize("scale", [0, 5, "half"])
def test_other_scales_are_refused(scale):
    with pytest.raises(BadSetting, match="1, 2, 3, 4 or auto"):
        Fuser("mobilefuse", map_scale=scale)


def test_methods_without_a_map_are_refused():
    with pytest.raises(BadSetting, match="no single blending map"):
        Fuser("laplacian", map_scale=2)
    Fuser("laplacian", map_scale="auto")
