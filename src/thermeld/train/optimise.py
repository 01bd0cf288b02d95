"""Optimisers, learning rates and averaged weights, as a recipe states them."""

from collections.abc import Iterable
from copy import deepcopy
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thermeld.train.recipe import Recipe


def optimiser_of(recipe: Recipe, net: nn.Module, *, rate: float | None = None) -> Optimizer:
    """The recipe's optimiser over a network's parameters.

    Weight decay falls on convolution and linear weights alone, not on biases and
    normalisations.

    Args:
        recipe: its optimiser, learning_rate, beta1 and weight_decay count.
        net: its parameters that ask for gradients are trained.
        rate: learning rate instead of the recipe's.
    """
    trained = [p for p in net.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    lr = recipe.learning_rate if rate is None else rate
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=recipe.beta1, nesterov=recipe.beta1 > 0)
    kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=lr, betas=(recipe.beta1, 0.999))


def rate_at(recipe: Recipe, number: int) -> float:
    """Learning rate of step `number`, counted from 0."""
    low, high = recipe.final_learning_rate, recipe.learning_rate
    if number < recipe.warmup_steps:
        return high * (number + 1) / recipe.warmup_steps
    done = number / recipe.steps
    if recipe.schedule == "cosine":
        return low + (high - low) * 0.5 * (1 + cos(pi * done))
    return high if recipe.schedule == "constant" else high + (low - high) * done


def set_rate(optimisers: Iterable[Optimizer], rate: float) -> None:
    """Give all parameter groups one learning rate."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate


class Average:
    """A running average of a network's weights, kept beside it.

    Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, in
    the exponential form; early steps count more, so that the first weights are forgotten.
    """

    def __init__(self, net: nn.Module, share: float) -> None:
        self.net = deepcopy(net).eval().requires_grad_(False)
        self.share = share

    @torch.no_grad()
    def update(self, net: nn.Module, number: int) -> None:
        """Take in the weights after step `number`; whole numbers and the like are copied."""
        share = min(self.share, (1 + number) / (10 + number))
        present: dict[str, Tensor] = net.state_dict()
        for key, kept in self.net.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(present[key].to(kept), 1 - share)
            else:
                kept.copy_(present[key])
