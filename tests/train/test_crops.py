"""Colour and labels beside the planes of a pair."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from thermeld.io import write_image
from thermeld.train.crops import registered_pairs


@pytest.fixture(scope="module")
def plain(tiny_pairs):
    return registered_pairs(["tiny"], tiny_pairs, "train", crop_px=32)


@pytest.fixture(scope="module")
def coloured(tiny_pairs):
    return registered_pairs(["tiny"], tiny_pairs, "train", crop_px=32, colour=True)


def test_colour_changes_neither_places_nor_planes(plain, coloured):
    without = plain.draw(np.random.default_rng(3), 8, 32)
    crops = coloured.draw(np.random.default_rng(3), 8, 32)
    assert without.colour is None
    assert without.labels is None
    assert np.array_equal(crops.ir, without.ir)
    assert np.array_equal(crops.vis, without.vis)
    luma = crops.colour @ np.array([0.299, 0.587, 0.114], np.float32)
    assert np.abs(luma - crops.vis).max() < 1 / 255


def test_labels_are_cut_and_mirrored_with_the_planes(coloured):
    """Labels that are the infrared plane must stay so, mirrored half of the times."""
    same = replace(coloured, labels=coloured.ir)
    crops = same.draw(np.random.default_rng(4), 12, 32)
    assert np.array_equal(crops.labels, np.rint(crops.ir * 255).astype(np.uint8))
    columns = np.tile(np.arange(80, dtype=np.uint8), (64, 1))
    ramps = replace(coloured, labels=(columns,) * len(coloured))
    steps = np.diff(ramps.draw(np.random.default_rng(4), 12, 32).labels.astype(int), axis=2)
    assert {int(one.min()) for one in steps} == {int(one.max()) for one in steps} == {-1, 1}


def test_pairs_without_labels_are_ignored_everywhere(coloured):
    mixed = replace(coloured, labels=(None, *coloured.labels[1:]))
    assert len(mixed.labelled()) == len(mixed) - 1
    assert mixed.labelled().names == mixed.names[1:]
    assert len(mixed.labelled().colour) == len(mixed) - 1
    bare = replace(coloured, labels=(None,) * len(coloured))
    assert (bare.draw(np.random.default_rng(0), 3, 32).labels == 255).all()
    assert len(bare.labelled()) == 0


def test_wide_and_grey_pairs_are_halved_and_coloured_alike(tmp_path, rng):
    picture = rng.integers(0, 256, (60, 900), np.uint8)
    for role in ("ir", "vi"):
        write_image(tmp_path / "wide" / role / "a.png", picture)
    pairs = registered_pairs([str(tmp_path / "wide")], tmp_path, "train", crop_px=30, colour=True)
    assert pairs.colour[0].shape == (*pairs.vis[0].shape, 3) == (30, 450, 3)
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert np.array_equal(pairs.colour[0], np.dstack([half] * 3))


def test_crops_show_an_object_as_often_as_asked(coloured):
    """One pixel of class 1 and one of class 2 in each pair, far from each other."""
    marked = np.zeros_like(coloured.labels[0])
    marked[3, 5], marked[60, 74], marked[30, 40] = 1, 2, 255
    pairs = replace(coloured, labels=(marked,) * len(coloured))

    def shown(objects):
        labels = pairs.draw(np.random.default_rng(0), 200, 16, objects=objects).labels
        return [np.mean((labels == mark).any((1, 2))) for mark in (1, 2)]

    assert sum(shown(1.0)) == 1.0
    assert min(shown(1.0)) > 0.4
    assert max(shown(0.0)) < 0.1
    bare = replace(coloured, labels=(np.zeros_like(marked),) * len(coloured))
    assert bare.draw(np.random.default_rng(0), 4, 16, objects=1.0).ir.shape == (4, 16, 16)
