from dataclasses import replace

import numpy as np
import pytest
from judge_sets import COLOURS, SIDE, scene

from thermeld.errors import SizeMismatch
from thermeld.train.judge.budget import Budget
from thermeld.train.judge.data import GREY, batch, fitted, pictures_of, varied

BUDGET = Budget(name="test", epochs=1, crop=(32, 48), box=SIDE, scale=(0.5, 1.5))
STILL = replace(BUDGET, scale=(1.0, 1.0), aspect=0.0, hue=0.0, saturation=1.0, value=1.0)


def shown(which, count=10):
    scenes = [scene(number) for number in range(count)]
    stems = [str(number) for number in range(count)]
    return pictures_of(stems, [s[which] for s in scenes], [s[2] for s in scenes], 1)


def test_all_methods_learn_from_the_same_places():
    for number in (0, 1, 7):
        of_ir = batch(shown(0), BUDGET, seed=3, number=number)
        of_vis = batch(shown(1), BUDGET, seed=3, number=number)
        assert (of_ir[1] == of_vis[1]).all()
        assert (of_ir[0] != of_vis[0]).any()


def test_batches_follow_from_seed_and_number():
    one, again = (batch(shown(1), BUDGET, seed=1, number=4) for _ in range(2))
    assert (one[0] == again[0]).all()
    for seed, number in ((2, 4), (1, 5)):
        assert (batch(shown(1), BUDGET, seed=seed, number=number)[1] != one[1]).any()


def test_an_epoch_shows_every_picture_once():
    plain = replace(STILL, batch=2, crop=SIDE)
    seen = [batch(shown(1), plain, seed=0, number=n)[0] for n in range(5)]
    whole = {crop.tobytes() for part in seen for crop in np.maximum(part, part[..., ::-1])}
    assert len(whole) == 10


def test_labels_go_with_their_colours():
    images, labels = batch(shown(1), STILL, seed=0, number=0)
    assert images.shape == (4, 3, 32, 48)
    assert images.dtype == np.float32
    values = np.rint(images * 255).astype(int).transpose(0, 2, 3, 1)
    for kind, colour in COLOURS.items():
        assert np.abs(values[labels == kind] - colour).max() <= 1
    assert (values[labels == 255] == GREY).all()  # 32x40 pictures in crops of 32x48
    assert (labels == 255).mean() == pytest.approx(8 / 48)


def test_colours_change_within_bounds(rng):
    full = replace(BUDGET, scale=(2.5, 2.5))  # no border in the crop
    image = np.full((32, 40, 3), (200, 100, 60), np.uint8)
    seen = {tuple(varied(image, image[:, :, 0], full, rng)[0][0, 0]) for _ in range(40)}
    assert len(seen) > 30
    grey = np.full((32, 40, 3), 100, np.uint8)
    still_grey = varied(grey, grey[:, :, 0], full, rng)[0]
    assert np.ptp(still_grey, axis=2).max() == 0
    assert 100 / 1.5 - 1 <= still_grey[0, 0, 0] <= 151


def test_whole_pictures_keep_their_aspect():
    found = fitted(np.full((30, 60, 3), 255, np.uint8), (64, 64))
    assert found.image.shape == (3, 64, 64)
    assert found.inside == (slice(16, 48), slice(0, 64))
    assert (found.image[:, 16:48] == 1.0).all()
    assert (found.image[:, :16] == np.float32(GREY / 255)).all()


def test_reduced_pictures_keep_their_labels():
    found = pictures_of(["a"], [np.zeros((48, 64), np.uint8)], [np.zeros((48, 64), np.uint8)], 2)
    assert found.images[0].shape == (24, 32, 3)
    assert found.labels[0].shape == (48, 64)
    with pytest.raises(SizeMismatch, match="a: picture"):
        pictures_of(["a"], [np.zeros((4, 4), np.uint8)], [np.zeros((4, 5), np.uint8)], 1)
