"""Elastic weight consolidation: learn a task without forgetting the one before.

Source: Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS
114(13), 2017, equation 3; as Xu et al., "U2Fusion", 2022, use it, the loss standing for the
likelihood.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

U2FUSION = 8e4  # the paper's weight of the penalty; the public script has 0


def importance(net: nn.Module, losses: Iterable[Tensor]) -> dict[str, Tensor]:
    """Mean squared gradient of each parameter over the losses of the task just learned.

    Args:
        net: at the end of that task.
        losses: one per sample or batch of it; each is differentiated and then let go.

    Raises:
        ValueError: no losses.
    """
    names, weights = zip(*net.named_parameters(), strict=True)
    sums, count = [torch.zeros_like(weight) for weight in weights], 0
    for loss in losses:
        slopes = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
        sums = [total + slope**2 for total, slope in zip(sums, slopes, strict=True)]
        count += 1
    if not count:
        raise ValueError("importance needs at least one loss")
    return {name: total / count for name, total in zip(names, sums, strict=True)}


def consolidation(
    net: nn.Module, learned: Mapping[str, Tensor], important: Mapping[str, Tensor]
) -> Tensor:
    """1/2 sum of importance times squared distance from the weights of the earlier task.

    Args:
        net: being trained on the next task.
        learned: its parameters by name when the earlier task was done, detached.
        important: what `importance` gave then.
    """
    parts = [
        (important[name] * (weight - learned[name]) ** 2).sum()
        for name, weight in net.named_parameters()
    ]
    return torch.stack(parts).sum() / 2
