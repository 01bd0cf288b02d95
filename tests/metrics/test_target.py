"""Target visibility by hand, and on labelled pairs against the figures it was defined by."""

import cv2
import numpy as np
import pytest

from thermeld.errors import BadImage, BadSetting, SizeMismatch
from thermeld.metrics import score
from thermeld.metrics.target import TARGETS, target_values, target_visibility, targets


@pytest.fixture
def person():
    labels = np.zeros((100, 90), np.uint8)
    labels[30:60, 40:55] = TARGETS["person"]
    return labels


def test_a_bright_person_on_a_striped_ground_by_hand(person):
    image = np.full(person.shape, 100, np.uint8)
    image[::2] = 110  # mean 105 and deviation 5, over an even number of rows
    image[person > 0] = 205
    assert target_visibility(image, person, 2) == pytest.approx(100 / (0 + 5 + 1), rel=1e-3)


def test_the_ring_begins_beyond_the_gap_and_ends_after_it(person):
    ((inside, ring),) = targets(person, 2)
    rows, cols = np.nonzero(ring)
    assert inside.sum() == 30 * 15
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (10, 79, 20, 74)
    assert not ring[25:65, 35:60].any()
    assert ring.sum() == 70 * 55 - 40 * 25


def test_a_neighbour_is_not_ground(person):
    person[30:60, 58:73] = 2
    for _, ring in targets(person, 2):
        assert not ring[25:65, 35:78].any()


def test_small_regions_and_other_classes_do_not_count(person):
    person[5:10, 5:10] = 2
    person[80:99, 60:85] = 1
    image = np.zeros_like(person)
    assert len(target_values(image, person, 2)) == 1
    assert len(target_values(image, person, 1)) == 1
    assert np.isnan(target_visibility(image, person, 7))


def test_labels_of_another_size_are_refused(person):
    with pytest.raises(SizeMismatch):
        target_visibility(np.zeros((10, 10), np.uint8), person, 2)


def test_people_of_msrs_are_seen_in_infrared(shared):
    """The figures the measure was asked for with: infrared 1.16, visible 0.42, maximum 0.62."""
    folder = shared / "data" / "msrs"
    found = {"ir": [], "vis": [], "max": []}
    for path in sorted((folder / "labels").glob("*.png"))[::12]:
        labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        ir = cv2.imread(str(folder / "ir" / path.name), cv2.IMREAD_GRAYSCALE)
        vis = cv2.imread(str(folder / "vi" / f"{path.stem}.webp"), cv2.IMREAD_GRAYSCALE)
        for name, image in {"ir": ir, "vis": vis, "max": np.maximum(ir, vis)}.items():
            found[name] += target_values(image, labels, TARGETS["person"])
    assert np.mean(found["ir"]) == pytest.approx(1.16, abs=0.15)
    assert np.mean(found["vis"]) == pytest.approx(0.42, abs=0.15)
    assert np.mean(found["max"]) == pytest.approx(0.63, abs=0.15)


def test_visibility_is_a_metric_for_pictures_with_labels(person, rng):
    image = rng.integers(0, 256, person.shape, dtype=np.uint8)
    names = ["person_visibility", "car_visibility"]
    found = score(image, image, image, labels=person, metrics=names)
    assert found["person_visibility"] == target_visibility(image, person, 2)
    assert np.isnan(found["car_visibility"])
    assert set(names) <= set(score(image, image, image, labels=person, convention="paper"))
    assert not set(names) & set(score(image, image, image))
    with pytest.raises(BadSetting, match="needs a label map"):
        score(image, image, image, metrics=names)


@pytest.mark.parametrize("labels", [np.zeros((100, 90, 3), np.uint8), np.zeros((100, 90))])
def test_what_is_no_label_map_is_refused(person, labels):
    with pytest.raises(BadImage, match="one 8-bit"):
        score(person, person, person, labels=labels)
    with pytest.raises(SizeMismatch, match="labels 4x4"):
        score(person, person, person, labels=np.zeros((4, 4), np.uint8))
