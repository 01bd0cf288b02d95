"""Intersection over union from a confusion matrix over a whole set."""

import numpy as np
from numpy.typing import NDArray

from thermeld.data.segmentation import ACCURACY, CLASSES, IGNORED, IOU, MEAN

Counts = NDArray[np.int64]  # (classes, classes): pixels by true class, by answer
Labels = NDArray[np.uint8]


def confusion(truth: Labels, answer: Labels, classes: int) -> Counts:
    """Pixels by (true class, answered class); pixels labelled 255 are left out."""
    kept = truth != IGNORED
    pairs = classes * truth[kept].astype(np.int64) + answer[kept]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def intersection_over_union(counts: Counts) -> NDArray[np.float64]:
    """TP / (TP + FP + FN) by class; NaN for a class that no label names.

    Such a class has a union where it is answered wrongly; it would count as 0 for a set that
    cannot show it, so it is left out, and its wrong pixels count against the true classes.
    """
    hits, truth = np.diag(counts), counts.sum(1)
    union = truth + counts.sum(0) - hits
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(truth > 0, hits / union, np.nan))


def mean_iou(counts: Counts) -> float:
    """Mean over the classes that occur in the labels."""
    return float(np.nanmean(intersection_over_union(counts)))


def values_of(counts: Counts, names: tuple[str, ...] = CLASSES) -> dict[str, float | None]:
    """What goes into the table, shares in [0, 1]; None for classes that do not occur."""
    shares = intersection_over_union(counts)
    by_class = {
        IOU + name: None if np.isnan(share) else float(share)
        for name, share in zip(names, shares, strict=True)
    }
    accuracy = float(np.diag(counts).sum() / counts.sum())
    return {**by_class, MEAN: mean_iou(counts), ACCURACY: accuracy}
