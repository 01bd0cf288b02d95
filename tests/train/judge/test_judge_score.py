import numpy as np
import pytest

from thermeld.data.segmentation import VALUES
from thermeld.train.judge.score import confusion, intersection_over_union, mean_iou, values_of

TRUTH = np.array([[0, 0, 0, 1], [1, 1, 255, 0]], np.uint8)
ANSWER = np.array([[0, 0, 1, 1], [1, 0, 1, 2]], np.uint8)


def test_confusion_by_hand():
    # truth 0: twice 0, once 1, once 2; truth 1: twice 1, once 0; the ignored pixel counts nowhere
    assert confusion(TRUTH, ANSWER, 3).tolist() == [[2, 1, 1], [1, 2, 0], [0, 0, 0]]


def test_iou_by_hand():
    found = intersection_over_union(confusion(TRUTH, ANSWER, 3))
    assert found[0] == pytest.approx(2 / (2 + 1 + 2))  # hits, taken for others, others taken for it
    assert found[1] == pytest.approx(2 / (2 + 1 + 1))
    assert np.isnan(found[2])  # never a label, though answered once
    assert mean_iou(confusion(TRUTH, ANSWER, 3)) == pytest.approx((2 / 5 + 2 / 4) / 2)


def test_set_is_counted_as_one_and_not_averaged_by_picture():
    all_hit, all_missed = np.ones((1, 9), np.uint8), np.ones((1, 1), np.uint8)
    counts = confusion(all_hit, all_hit, 2) + confusion(all_missed, 0 * all_missed, 2)
    assert intersection_over_union(counts)[1] == pytest.approx(9 / 10)


def test_values_name_every_class():
    values = values_of(confusion(TRUTH, ANSWER, 9))
    assert tuple(values) == VALUES
    assert values["IoU car"] == pytest.approx(2 / 4)
    assert values["IoU person"] is None
    assert values["mIoU"] == pytest.approx(0.45)
    assert values["pixel accuracy"] == pytest.approx(4 / 7)


def test_a_class_that_is_never_found_counts_as_zero():
    counts = confusion(np.array([0, 3], np.uint8), np.array([0, 0], np.uint8), 4)
    assert intersection_over_union(counts)[3] == 0.0
    assert mean_iou(counts) == pytest.approx((1 / 2 + 0) / 2)
