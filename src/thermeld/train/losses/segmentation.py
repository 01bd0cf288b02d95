"""What joint training and evaluation ask of a segmenter."""

from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from thermeld.data.segmentation import IGNORED


def hard_cross_entropy(
    logits: Tensor, labels: Tensor, *, least: float, threshold: float = 0.7
) -> Tensor:
    """Mean cross-entropy of the pixels that are hard: loss above -log(threshold).

    Args:
        logits: (B, classes, H, W).
        labels: (B, H, W), 255 is left out; where nothing else is, the loss is 0.
        least: share of the labelled pixels that count at least, the hardest ones. SeAFusion's
            307,200 are 1/3 of its fusion batch of three and 1/16 of its segmenter's batch. With
            1 all count, which is plain cross-entropy.
        threshold: probability of the right class above which a pixel is easy.

    Source: Shrivastava et al., "Training Region-Based Object Detectors with Online Hard Example
    Mining", CVPR 2016, in the form of the public code of SeAFusion.
    """
    losses = F.cross_entropy(logits.float(), labels, ignore_index=IGNORED, reduction="none")
    losses = losses[labels != IGNORED]
    if not len(losses):
        return losses.sum()
    hard = losses[losses > -log(threshold)]
    count = max(1, round(least * len(losses)))
    return hard.mean() if len(hard) >= count else losses.topk(count).values.mean()


def semantic_terms(
    main: Tensor, auxiliary: Tensor, labels: Tensor, *, least: float
) -> dict[str, Tensor]:
    """Both heads; weigh them 1 and 0.1 for the fusion network, 1 and 0.75 for the segmenter.

    Source: Tang et al., "SeAFusion", 2022.
    """
    return {
        "main": hard_cross_entropy(main, labels, least=least),
        "auxiliary": hard_cross_entropy(auxiliary, labels, least=least),
    }


def dice(logits: Tensor, labels: Tensor, *, smooth: float = 1e-5) -> Tensor:
    """1 - mean over classes of (2 TP + e) / (2 TP + FN + FP + e), on probabilities.

    Sums run over batch and pixels; pixels labelled 255 are left out.

    Source: Milletari et al., "V-Net", 3DV 2016, section 3.
    """
    kept = (labels != IGNORED).unsqueeze(1)
    share = logits.softmax(1) * kept
    classes = logits.shape[1]
    truth = F.one_hot(labels.masked_fill(labels == IGNORED, 0), classes).movedim(-1, 1) * kept
    both = (share * truth).sum((0, 2, 3))
    score = (2 * both + smooth) / (share.sum((0, 2, 3)) + truth.sum((0, 2, 3)) + smooth)
    return 1 - score.mean()


def overlap_terms(logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Cross-entropy and Dice, added for the evaluation network."""
    entropy = F.cross_entropy(logits, labels, ignore_index=IGNORED)
    return {"entropy": torch.nan_to_num(entropy), "dice": dice(logits, labels)}


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """How many pixels of each class (rows) were taken for which (columns); 255 is left out."""
    classes, kept = logits.shape[1], labels != IGNORED
    pairs = labels[kept] * classes + logits.argmax(1)[kept]
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def mean_intersection_over_union(counts: Tensor) -> float:
    """Mean of TP / (TP + FP + FN) over the classes that were there or were found; 0 for none.

    Args:
        counts: sums of `confusion`.
    """
    right = counts.diagonal()
    either = counts.sum(0) + counts.sum(1) - right
    there = either > 0
    return float((right[there] / either[there]).mean()) if there.any() else 0.0
