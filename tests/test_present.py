from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from thermeld.align import Aligner, Warp
from thermeld.errors import BadImage, BadSetting, UnknownName
from thermeld.image import luminance
from thermeld.palette import PALETTES, colours, painted
from thermeld.present import ROOM, Look, present, visible_edges


@dataclass(frozen=True)
class Scene:
    ir: np.ndarray
    vis: np.ndarray


@pytest.fixture
def scene(rng):
    """Smooth heat with a hot body; a visible picture full of edges, dark and light, and grain."""
    rows, cols = np.mgrid[:180, :240].astype(np.float32)
    heat = 0.1 + 0.5 * cols / 240 + 0.4 * np.exp(-((rows - 90) ** 2 + (cols - 80) ** 2) / 900)
    vis = np.full((180, 240, 3), 0.35, np.float32)
    for _ in range(60):
        x, y, side = (int(value) for value in rng.integers((0, 0, 4), (240, 180, 60)))
        colour = tuple(rng.random(3).tolist())
        cv2.rectangle(vis, (x, y), (x + side, y + side // 2), colour, -1)
    vis = cv2.GaussianBlur(vis, (0, 0), 0.7) + rng.normal(0, 0.003, vis.shape)
    return Scene(heat.clip(0, 1), vis.clip(0, 1).astype(np.float32))


def bare(scene, palette):
    """The palette's colours alone, as with edges but without the visible picture."""
    return painted(scene.ir, colours(palette, room=ROOM)) * 255


@pytest.mark.parametrize("palette", PALETTES)
def test_heat_is_read_from_the_colour_at_every_pixel(scene, palette):
    shown = present(scene.ir, scene.vis, Look(palette, "0:1", legend=False)).astype(float)
    chroma = np.diff(shown, axis=2)
    assert np.abs(chroma - np.diff(bare(scene, palette), axis=2)).max() <= 1.01  # rounding, twice
    assert np.abs(shown - bare(scene, palette)).max() > 20  # edges there are


@pytest.mark.parametrize("palette", PALETTES)
def test_low_frequencies_are_the_palettes(scene, palette):
    shown = present(scene.ir, scene.vis, Look(palette, "0:1", legend=False)).astype(np.float32)
    change = cv2.GaussianBlur(shown - bare(scene, palette).astype(np.float32), (0, 0), 8)
    assert np.abs(change).mean() < 0.3  # of 255
    assert np.abs(change).max() < 6


def test_edges_are_the_visible_pictures(scene):
    edges = visible_edges(luminance(scene.vis), room=0.1)
    residue = luminance(scene.vis) - cv2.GaussianBlur(luminance(scene.vis), (0, 0), 2)
    assert np.corrcoef(edges.ravel(), residue.ravel())[0, 1] > 0.7
    assert np.abs(edges).max() <= 0.1


def test_flat_and_noisy_pictures_have_no_edges(rng):
    flat = np.full((60, 80), 0.5, np.float32)
    assert np.abs(visible_edges(flat, room=0.1)).max() < 1e-6
    noisy = flat + rng.normal(0, 0.002, flat.shape).astype(np.float32)
    assert np.abs(visible_edges(noisy, room=0.1)).mean() < 0.002


def test_without_edges_the_palette_is_whole():
    shade = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(8, 0)
    shown = present(shade, np.zeros((8, 256), np.uint8), Look("iron", "0:1", 0.0, legend=False))
    assert np.abs(shown[0] - colours("iron") * 255).max() <= 0.51
    assert np.array_equal(shown, present(shade, None, Look("iron", "0:1", 0.0, legend=False)))


def test_heat_is_brought_to_the_visible_size(scene):
    small = cv2.resize(scene.ir, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    shown = present(small, scene.vis, Look(legend=False))
    assert shown.shape == scene.vis.shape
    assert shown.dtype == np.uint8


def test_legend_widens_the_picture_only(scene):
    bare_picture = present(scene.ir, scene.vis, Look(legend=False))
    shown = present(scene.ir, scene.vis, Look())
    assert np.array_equal(shown[:, : bare_picture.shape[1]], bare_picture)
    assert shown.shape[1] > bare_picture.shape[1]


@pytest.mark.parametrize("window", ["auto", "minmax", "equalise", "8000:8400", "full"])
def test_counts_are_shown_through_every_window(rng, window):
    counts = rng.normal(8200, 80, (40, 50)).clip(0, 65535).astype(np.uint16)
    shown = present(counts, None, Look("white-hot", window, legend=False))[:, :, 0]
    order = np.argsort(counts.ravel(), kind="stable")
    assert (np.diff(shown.ravel()[order].astype(int)) >= 0).all()
    assert present(counts, None, Look("white-hot", window)).shape[1] > 50


def test_pixels_without_a_temperature_are_the_coldest():
    celsius = np.array([[np.nan, 20.0, 30.0]], np.float32)
    shown = present(celsius, None, Look("white-hot", "20:30", legend=False))
    assert shown[0, 0].tolist() == shown[0, 1].tolist()
    with pytest.raises(BadImage):
        present(np.full((2, 2), np.nan))


def test_grey_in_three_channels_is_one_plane():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    look = Look("viridis", legend=False)
    assert np.array_equal(present(np.dstack([grey] * 3), None, look), present(grey, None, look))


def test_an_aligned_pair_is_shown_where_both_cameras_looked(scene):
    moved = np.ascontiguousarray(scene.ir[20:, 30:])  # the thermal view begins right and below
    warp = Warp(np.array([[1.0, 0, 30], [0, 1, 20], [0, 0, 1]]), moved.shape, scene.ir.shape)
    look = Look("white-hot", "0:1", legend=False)
    shown = present(moved, scene.vis, look, aligner=Aligner(warp, wedges="crop"))
    there = present(scene.ir, scene.vis, look)[20:, 30:]
    assert shown.shape == there.shape
    blurred = [cv2.GaussianBlur(each.astype(np.float32), (0, 0), 8) for each in (shown, there)]
    assert np.abs(blurred[0] - blurred[1]).mean() < 1
    with pytest.raises(BadSetting, match="crop"):
        present(moved, scene.vis, look, aligner=Aligner(warp))


@pytest.mark.parametrize("wrong", [{"edges": 1.5}, {"edges": -0.1}, {"window": "hot"}])
def test_impossible_looks_are_refused(wrong):
    with pytest.raises(BadSetting):
        Look(**wrong)
    with pytest.raises(UnknownName, match="palette"):
        Look("ironn bow")


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 2), (31, 33)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
def test_small_pictures_and_every_type(size, kind):
    assert present(np.ones(size, kind), np.zeros((*size, 4), np.uint8)).shape == (*size, 3)
