"""Colour pictures as tensors: fused luminance with visible chroma, and random changes of colour."""

import torch
from torch import Tensor

from thermeld.train.deployed import grey


def recoloured(fused: Tensor, vis: Tensor, colour: Tensor) -> Tensor:
    """The fused luminance with the visible image's chroma, clipped to [0, 1].

    Replacing Y in YCbCr and going back adds the same amount to red, green and blue.

    Args:
        fused: (B, 1, H, W).
        vis: (B, 1, H, W), luminance of `colour`.
        colour: (B, 3, H, W) RGB.
    """
    return (colour + fused - vis).clamp(0, 1)


def jittered(rgb: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast about the mean luminance and saturation multiplied, in this order.

    Args:
        rgb: (B, 3, H, W) in [0, 1]; so is the result.
        factors: (B, 3), 1 changes nothing.
    """
    brightness, contrast, saturation = factors[:, :, None, None, None].unbind(1)
    rgb = (rgb * brightness).clamp(0, 1)
    mean = grey(rgb).mean((2, 3), keepdim=True)
    rgb = torch.lerp(mean.expand_as(rgb), rgb, contrast.expand_as(rgb)).clamp(0, 1)
    luma = grey(rgb)
    return torch.lerp(luma.expand_as(rgb), rgb, saturation.expand_as(rgb)).clamp(0, 1)
