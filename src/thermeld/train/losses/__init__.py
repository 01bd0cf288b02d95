"""Loss terms: pure functions of tensors, each with its source.

What a system adds up are named terms and their weights: `total(terms, WEIGHTS)`. `structure` holds
similarities, `content` what the fused image must keep, `adversarial` what critics and generators
play for, `saliency` where to look, `segmentation` what joint training asks of a segmenter.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F


def total(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Weighted sum of named terms."""
    return torch.stack([weights[name] * value for name, value in terms.items()]).sum()


def mean_squared_error(answer: Tensor, truth: Tensor) -> Tensor:
    """Mean of squared differences over all elements; in float32 whatever autocast does."""
    return F.mse_loss(answer.float(), truth.float())
