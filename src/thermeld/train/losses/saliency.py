"""Where in an infrared image something stands out."""

import torch
from torch import Tensor
from torch.nn import functional as F

from thermeld.train.losses.structure import blurred, gaussian_window

LEVELS = 256


def contrast_saliency(plane: Tensor) -> Tensor:
    """How far each pixel's level lies from all others, stretched to 0 to 1 per image.

    S(v) = sum_u hist(u) |v - u| over 256 levels. (B, 1, H, W) in [0, 1] -> the same; a constant
    image gives 0.

    Source: Zhai & Shah, "Visual attention detection in video sequences using spatiotemporal
    cues", ACM Multimedia 2006.
    """
    level = (plane.clamp(0, 1) * (LEVELS - 1)).round().long().flatten(1)  # (B, H W)
    counts = torch.zeros(len(level), LEVELS, device=plane.device)
    counts.scatter_add_(1, level, torch.ones_like(level, dtype=counts.dtype))
    values = torch.arange(LEVELS, device=plane.device, dtype=counts.dtype)
    contrast = counts @ (values[:, None] - values[None, :]).abs()  # (B, 256)
    found = contrast.gather(1, level)
    low, high = found.amin(1, keepdim=True), found.amax(1, keepdim=True)
    return ((found - low) / (high - low).clamp_min(1e-12)).reshape(plane.shape)


def pixel_weights(ir: Tensor, vis: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of infrared and visible by which of them stands out; they sum to 1 per pixel.

    Source: Liu et al., "TarDAL", CVPR 2022.
    """
    difference = contrast_saliency(ir) - contrast_saliency(vis)
    return 0.5 + 0.5 * difference, 0.5 - 0.5 * difference


def target_mask(ir: Tensor, *, sigma: float = 2.0) -> Tensor:
    """Soft mask of what is hot: saliency, blurred, what lies under Otsu's threshold removed.

    clip((S - t) / (1 - t), 0, 1); (B, 1, H, W) -> the same. The choice is ours: the authors of
    TarDAL use a learned detector and say that others change little.
    """
    size = 2 * int(3 * sigma) + 1
    window = gaussian_window(size, sigma, ir)
    border = F.pad(contrast_saliency(ir), (size // 2,) * 4, mode="replicate")
    smooth = blurred(border, window)
    threshold = torch.stack([_otsu(image) for image in smooth]).view(-1, 1, 1, 1)
    return ((smooth - threshold) / (1 - threshold).clamp_min(1e-6)).clamp(0, 1)


def _otsu(image: Tensor) -> Tensor:
    """The level in [0, 1] that parts an image into the two most different classes."""
    counts = torch.histc(image.float(), LEVELS, 0.0, 1.0)
    levels = (torch.arange(LEVELS, device=image.device) + 0.5) / LEVELS
    weight = counts.cumsum(0) / counts.sum()
    mean = (counts * levels).cumsum(0) / counts.sum()
    spread = (mean[-1] * weight - mean) ** 2 / (weight * (1 - weight)).clamp_min(1e-12)
    return levels[spread.argmax()]
