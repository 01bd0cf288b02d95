"""What joint training and evaluation ask of a segmenter."""

from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

IGNORED = 255


def hard_cross_entropy(
    logits: Tensor, labels: Tensor, *, least: int, threshold: float = 0.7
) -> Tensor:
    """Mean cross-entropy of the pixels that are hard: loss above -log(threshold).

    Args:
        logits: (B, classes, H, W).
        labels: (B, H, W), 255 is left out.
        least: how many pixels count at least, the hardest ones; all if there are fewer.
        threshold: probability of the right class above which a pixel is easy.

    Source: Shrivastava et al., "Training Region-Based Object Detectors with Online Hard Example
    Mining", CVPR 2016, in the form of the public code of SeAFusion.
    """
    losses = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none").flatten()
    losses, _ = losses.sort(descending=True)
    if len(losses) > least and losses[least] > -log(threshold):
        return losses[losses > -log(threshold)].mean()
    return losses[:least].mean()


def semantic_terms(
    main: Tensor, auxiliary: Tensor, labels: Tensor, *, least: int
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
