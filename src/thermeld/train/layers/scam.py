"""The attention between encoder and decoder of SCGRFuse."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.layers.convolution import HalfTanh, conv, leaky


def lrelu(inputs: int, outputs: int, kernel: int = 3, slope: float = 0.2) -> nn.Sequential:
    """Convolution, zero border, LeakyReLU."""
    return conv(inputs, outputs, kernel, activation=leaky(slope))


class SpatialChannelAttention(nn.Module):
    """SCAM: kernels of 1, 3, 5, 7 side by side, spatial and channel attention, pooled fusion.

    Args:
        width: of features in and out.
        channel_mode: the mask multiplies the "pooled" vector (code) or the feature "map" (paper).
        pfb_pad: border of the 3x3 mean, "zeros" (code) or "reflect" (paper).
    """

    def __init__(self, width: int, *, channel_mode: str, pfb_pad: str) -> None:
        super().__init__()
        self.channel_mode, self.pfb_pad = channel_mode, pfb_pad
        self.multi = nn.ModuleList(lrelu(width, width, kernel, 0.01) for kernel in (1, 3, 5, 7))
        self.conv1l = lrelu(4 * width, width, 1)
        self.spa = lrelu(width, 2, 1)
        self.spa_atten = nn.Conv2d(2, 1, 1, bias=False)
        self.cpa = conv(width, width, 1, activation=HalfTanh())
        self.conv3R = lrelu(width, width)
        self.pfb = lrelu(2 * width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, H, W) -> the same."""
        deep = self.conv1l(torch.cat([layer(features) for layer in self.multi], dim=1))
        seen = self.spa(deep)  # (B, 2, H, W)
        seen = torch.cat([seen.mean(1, keepdim=True), seen.amax(1, keepdim=True)], dim=1)
        place = self.conv3R(deep * (torch.tanh(self.spa_atten(seen)) / 2 + 0.5))
        pooled = deep.mean((2, 3), keepdim=True)  # (B, width, 1, 1)
        gate = self.cpa(pooled)
        channel = (pooled * gate).expand_as(deep) if self.channel_mode == "pooled" else deep * gate
        if self.pfb_pad == "reflect":
            channel = F.avg_pool2d(F.pad(channel, (1, 1, 1, 1), mode="reflect"), 3, 1)
        else:
            channel = F.avg_pool2d(channel, 3, 1, padding=1)  # counts the zeros of the border
        return self.pfb(torch.cat([place, channel], dim=1))  # type: ignore[no-any-return]
