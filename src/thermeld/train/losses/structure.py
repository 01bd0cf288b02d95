"""Structural similarity, over one window and over five."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

C1, C2 = 0.01**2, 0.03**2  # for values in [0, 1]
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)


def gaussian_window(size: int, sigma: float, like: Tensor) -> Tensor:
    """Samples of a Gaussian at whole offsets, summing to one: (size,)."""
    offsets = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    window = torch.exp(-(offsets**2) / (2 * sigma**2))
    return window / window.sum()


def blurred(image: Tensor, window: Tensor) -> Tensor:
    """Filter each channel both ways where the window fits: (B, C, H, W), H and W shrink."""
    channels, size = image.shape[1], window.numel()
    down = window.view(1, 1, size, 1).expand(channels, -1, -1, -1)
    along = window.view(1, 1, 1, size).expand(channels, -1, -1, -1)
    return F.conv2d(F.conv2d(image, down, groups=channels), along, groups=channels)


def ssim_map(
    one: Tensor, other: Tensor, *, size: int = 11, sigma: float = 1.5, range: float = 1.0
) -> Tensor:
    """Similarity at every place where the window fits, in -1 to 1.

    Source: Wang et al., "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Processing 13(4), 2004, equation 13.
    """
    luminance, structure = _parts(one, other, gaussian_window(size, sigma, one), range)
    return luminance * structure


def ssim(one: Tensor, other: Tensor, *, range: float = 1.0) -> Tensor:
    """Mean of `ssim_map`; a loss is 1 minus it."""
    return ssim_map(one, other, range=range).mean()


def _parts(one: Tensor, other: Tensor, window: Tensor, range: float) -> tuple[Tensor, Tensor]:
    """The luminance factor, and contrast times structure."""
    c1, c2 = C1 * range**2, C2 * range**2
    means = blurred(one, window), blurred(other, window)
    squares = means[0] ** 2, means[1] ** 2
    variances = blurred(one**2, window) - squares[0], blurred(other**2, window) - squares[1]
    cross = blurred(one * other, window) - means[0] * means[1]
    luminance = (2 * means[0] * means[1] + c1) / (squares[0] + squares[1] + c1)
    return luminance, (2 * cross + c2) / (variances[0] + variances[1] + c2)


def mixed_similarity(
    fused: Tensor, source: Tensor, *, scales: Sequence[float] = SCALES, share: float = 0.025
) -> Tensor:
    """Multi-scale similarity and an L1 weighted by the widest Gaussian, times 200.

    The scales are widths of the window at full resolution; luminance is compared at the widest.
    Borders are continued by zeros.

    Source: Zhao et al., "Loss Functions for Image Restoration with Neural Networks", IEEE Trans.
    Computational Imaging 3(1), 2017; as TarDAL's second release uses it.
    """
    size = int(4 * max(scales)) + 1
    border = (size // 2,) * 4
    one, other = F.pad(fused, border), F.pad(source, border)
    similarity = torch.ones_like(fused)
    for sigma in scales:
        luminance, structure = _parts(one, other, gaussian_window(size, sigma, one), 1.0)
        similarity = similarity * structure
    window = gaussian_window(size, max(scales), one)
    distance = blurred((one - other).abs(), window)
    return 200 * (share * (1 - luminance * similarity) + (1 - share) * distance).mean()
