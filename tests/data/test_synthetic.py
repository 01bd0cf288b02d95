import numpy as np
import pytest

from thermeld.data.masked import MaskedImages
from thermeld.data.synthetic import (
    BRIGHT_GAIN,
    COVERAGE,
    DARK_GAIN,
    crop_with_object,
    disturbed,
    draw,
    multi_focus,
    multi_lighting,
)
from thermeld.errors import BadSetting


@pytest.fixture
def truth(rng):
    return rng.random((40, 50, 3)).astype(np.float32)


class Fixed(MaskedImages):
    """One picture with one object, from memory."""

    def load(self, index):
        picture = np.tile(np.arange(120, dtype=np.uint8)[None, :, None] * 2, (100, 1, 3))
        labels = np.zeros((100, 120), np.uint8)
        labels[30:80, 40:90] = 8
        return picture, labels


@pytest.fixture
def images():
    return Fixed("fixed", (("a", "b"),), (8, 9), None)


def test_focus_pairs_are_sharp_where_they_should_be(truth):
    near = np.zeros((40, 50), bool)
    near[10:30, 10:30] = True
    sample = multi_focus(truth, near, sigma_px=2.0)
    assert np.array_equal(sample.first[near], truth[near])
    assert np.array_equal(sample.second[~near], truth[~near])
    assert np.abs(sample.first[~near] - truth[~near]).mean() > 0.1
    share = sample.share[:, :, None]
    assert np.array_equal(share * sample.first + (1 - share) * sample.second, truth)


def test_lighting_pairs_by_hand():
    grey = np.full((1, 1, 3), 0.5, np.float32)
    sample = multi_lighting(grey, bright=1.5, dark=0.25)
    assert sample.first[0, 0, 0] == pytest.approx(0.75)
    assert sample.second[0, 0, 0] == pytest.approx(0.125)
    assert sample.share[0, 0] == pytest.approx((0.5 - 0.125) / (0.75 - 0.125))


def test_perfect_share_gives_the_truth_of_grey_pictures(rng):
    grey = np.repeat(rng.random((20, 20, 1)).astype(np.float32), 3, axis=2)
    sample = multi_lighting(grey, bright=BRIGHT_GAIN, dark=DARK_GAIN[0])
    share = sample.share[:, :, None]
    mixed = share * sample.first + (1 - share) * sample.second
    assert np.abs(mixed - grey).max() < 1e-5


def test_share_of_equal_inputs_is_a_half():
    assert multi_lighting(np.zeros((2, 2, 3), np.float32), bright=1.3, dark=0.5).share.max() == 0.5


def test_equal_ratios_have_equal_shares():
    """What makes the task solvable: the ratio of unsaturated inputs decides the share."""
    shares = [
        multi_lighting(np.full((1, 1, 3), level, np.float32), bright=BRIGHT_GAIN, dark=0.3).share
        for level in (0.1, 0.3, 0.7)
    ]
    assert np.ptp(shares) < 1e-6


@pytest.mark.parametrize("kind", ["focus", "lighting"])
def test_draws_are_crops_in_range_and_repeatable(images, kind):
    one, two = (draw(images, kind, np.random.default_rng(3), crop_px=32) for _ in range(2))
    for name in ("first", "second", "truth", "share"):
        image = getattr(one, name)
        assert image.dtype == np.float32
        assert image.shape[:2] == (32, 32)
        assert image.min() >= 0
        assert image.max() <= 1
        assert np.array_equal(image, getattr(two, name))


def test_both_orders_occur(images):
    rng = np.random.default_rng(0)
    means = [draw(images, "lighting", rng, crop_px=64) for _ in range(20)]
    brighter_first = sum(s.first.mean() > s.second.mean() for s in means)
    assert 3 < brighter_first < 17


def test_foreground_covers_a_fair_share(images):
    rng = np.random.default_rng(0)
    for _ in range(20):
        _, near = crop_with_object(images, rng, 64, None)
        assert COVERAGE[0] <= near.mean() <= COVERAGE[1]


def test_pictures_without_objects_still_train(images):
    bare = Fixed("bare", images.files, (99,), None)
    _, near = crop_with_object(bare, np.random.default_rng(0), 20, None)
    assert near.mean() == 0.5


def test_disturbance_leaves_the_truth_alone(images):
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(40):
        clean = draw(images, "focus", rng, crop_px=24)
        noisy = disturbed(clean, rng)
        assert noisy.truth is clean.truth
        seen.add(
            (np.array_equal(noisy.first, clean.first), np.array_equal(noisy.second, clean.second))
        )
    assert len(seen) >= 3


def test_impossible_draws_are_refused(images):
    with pytest.raises(BadSetting, match="larger than a picture"):
        draw(images, "focus", np.random.default_rng(0), crop_px=101)
    with pytest.raises(BadSetting, match="'focus' or 'lighting'"):
        draw(images, "depth", np.random.default_rng(0), crop_px=10)
