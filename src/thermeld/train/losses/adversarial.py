"""What critics and generators play for."""

from collections.abc import Callable

import torch
from torch import Tensor

REAL, FAKE = (0.7, 1.2), (0.0, 0.3)  # FusionGAN's soft labels are drawn between these
TINY = 1e-8


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-E D(real) + E D(fake); scores (B, 1)."""
    return fake.mean() - real.mean()


def wasserstein_generator(fake: Tensor) -> Tensor:
    """-E D(fake)."""
    return -fake.mean()


def divergence_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    mixture: Tensor,
    k: float = 2.0,
    p: float = 6.0,
) -> Tensor:
    """Weight k times E |grad D(x)|^p at x between real and fake.

    Args:
        critic: scores of images.
        real: (B, 1, H, W).
        fake: the same, without gradient.
        mixture: share of real per sample, (B, 1, 1, 1), drawn uniformly from [0, 1].
        k: weight.
        p: power.

    Source: Wu et al., "Wasserstein Divergence for GANs", ECCV 2018.
    """
    between = (mixture * real + (1 - mixture) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty: Tensor = k * ((slope + 1e-6).flatten(1).norm(2, dim=1) ** p).mean()
    return penalty


def soft_labels(like: Tensor, bounds: tuple[float, float], draw: torch.Generator) -> Tensor:
    """Labels drawn uniformly between bounds, one per score."""
    low, high = bounds
    return low + (high - low) * torch.rand(like.shape, generator=draw).to(like)


def squared_to(scores: Tensor, label: Tensor | float) -> Tensor:
    """E (D - label)^2.

    Source: Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, equation 2; as
    in FusionGAN with soft labels, and in the two-layer GAN with 0.8 and 0.2.
    """
    return ((scores - label) ** 2).mean()


def squared_critic(
    real: Tensor, fake: Tensor, *, real_label: Tensor | float, fake_label: Tensor | float
) -> Tensor:
    """E (D(real) - b)^2 + E (D(fake) - a)^2; Ma et al., "FusionGAN", 2019."""
    return squared_to(real, real_label) + squared_to(fake, fake_label)


def modality_generator(scores: Tensor, labels: Tensor) -> Tensor:
    """Sum over both outputs (visible, infrared) of E (D_j(fused) - label)^2, labels near 1.

    Source: Ma et al., "GANMcC", 2021.
    """
    return ((scores - labels) ** 2).mean(0).sum()


def modality_critic(vis: Tensor, ir: Tensor, fused: Tensor, *, near: Tensor, far: Tensor) -> Tensor:
    """Two probabilities per image: visible images are (1, 0), infrared (0, 1), fused (0, 0).

    Args:
        vis: scores of visible images, (B, 2): of being visible, of being infrared.
        ir: of infrared ones.
        fused: of fused ones.
        near: labels for "yes", (B, 2).
        far: labels for "no", (B, 2).

    Source: Ma et al., "GANMcC", 2021.
    """
    of_vis = torch.stack([near[:, 0], far[:, 1]], dim=1)
    of_ir = torch.stack([far[:, 0], near[:, 1]], dim=1)
    pairs = ((vis, of_vis), (ir, of_ir), (fused, far))
    return torch.stack([((scores - labels) ** 2).mean(0).sum() for scores, labels in pairs]).sum()


def log_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(real) - E log(1 - D(fake)); probabilities (B, 1).

    Source: Goodfellow et al., "Generative Adversarial Nets", 2014, equation 1; as in DDcGAN.
    """
    return -(real + TINY).log().mean() - (1 - fake + TINY).log().mean()


def log_generator(of_vis: Tensor, of_ir: Tensor) -> Tensor:
    """-E log D_v(F) - E log D_i(F), which does not saturate; Ma et al., "DDcGAN", 2020."""
    return -(of_vis + TINY).log().mean() - (of_ir + TINY).log().mean()
