"""DeepLabv3+ on MobileNetV2, which measures how useful fused images are for segmentation.

Source: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", ECCV 2018; trunk from Sandler et al., "MobileNetV2", CVPR 2018, table 2.

Departures: standard instead of separable convolutions in the head, with bias, as in the public
code whose settings the evaluation uses (bubbliiiing/deeplabv3-plus-pytorch).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 9  # of MSRS
# expansion, channels, blocks, stride, dilation of the first block and of the others
STAGES = (
    (1, 16, 1, 1, 1, 1),
    (6, 24, 2, 2, 1, 1),
    (6, 32, 3, 2, 1, 1),
    (6, 64, 4, 2, 1, 1),
    (6, 96, 3, 1, 1, 1),
    (6, 160, 3, 1, 1, 2),  # stride 2 in MobileNetV2: the output stays at 1/16
    (6, 320, 1, 1, 2, 2),
)


class Depthwise(nn.Conv2d):
    """A depthwise convolution; dilated ones are trained on their phases, with the same result.

    A dilation of 2 is four plain convolutions side by side, of every second row and column. As
    such, its gradient takes a tenth of the time on a CPU that computes in bfloat16.
    """

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H / stride, W / stride)."""
        apart, (height, width) = self.dilation[0], features.shape[2:]
        if not self.training or apart == 1 or height % apart or width % apart:
            return super().forward(features)
        count, channels = features.shape[:2]
        cut = (height // apart, width // apart)
        phases = features.reshape(count, channels, cut[0], apart, cut[1], apart)
        phases = phases.permute(3, 5, 0, 1, 2, 4).reshape(-1, channels, *cut)
        phases = phases.contiguous(memory_format=torch.channels_last)  # (a a B, C, H / a, W / a)
        deep = F.conv2d(phases, self.weight, padding=1, groups=self.groups)
        deep = deep.reshape(apart, apart, count, channels, *cut).permute(2, 3, 4, 0, 5, 1)
        return deep.reshape(features.shape)


class InvertedResidual(nn.Module):
    """1x1 to `expansion` times the channels, depthwise 3x3, 1x1; the input added if it fits."""

    def __init__(
        self, inputs: int, outputs: int, *, expansion: int, stride: int, dilation: int
    ) -> None:
        super().__init__()
        wide = expansion * inputs
        widen = [] if expansion == 1 else _relu6(nn.Conv2d(inputs, wide, 1, bias=False))
        depthwise = Depthwise(
            wide, wide, 3, stride, dilation, dilation=dilation, groups=wide, bias=False
        )
        self.deep = nn.Sequential(
            *widen,
            *_relu6(depthwise),
            nn.Conv2d(wide, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        deep: Tensor = self.deep(features)
        return features + deep if self.adds else deep


def _relu6(layer: nn.Conv2d) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.ReLU6()]


def _trunk() -> nn.Sequential:
    """Features 0 to 17 of MobileNetV2 at output stride 16."""
    blocks: list[nn.Module] = [
        nn.Sequential(*_relu6(nn.Conv2d(3, 32, 3, 2, padding=1, bias=False)))
    ]
    inputs = 32
    for expansion, outputs, count, stride, first, rest in STAGES:
        for number in range(count):
            blocks.append(
                InvertedResidual(
                    inputs,
                    outputs,
                    expansion=expansion,
                    stride=stride if number == 0 else 1,
                    dilation=first if number == 0 else rest,
                )
            )
            inputs = outputs
    return nn.Sequential(*blocks)


def _cbr(inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation if kernel == 3 else 0
    layer = nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


class DeepLab(nn.Module):
    """Trunk, five atrous branches, a decoder with the low-level features.

    Args:
        classes: of the logits.

    Shapes: RGB (B, 3, H, W) in [0, 1] -> logits (B, classes, H, W). 5,815,065 parameters for
    nine classes, 1,811,712 of them in the trunk.
    """

    inputs: ClassVar = {"rgb": 3}

    def __init__(self, *, classes: int = CLASSES) -> None:
        super().__init__()
        self.trunk = _trunk()
        self.branches = nn.ModuleList(
            [_cbr(320, 256), *(_cbr(320, 256, 3, dilation) for dilation in (6, 12, 18))]
        )
        self.whole = _cbr(320, 256)
        self.join = _cbr(5 * 256, 256)
        self.low = _cbr(24, 48)
        self.head = nn.Sequential(
            _cbr(304, 256, 3), nn.Dropout(0.5), _cbr(256, 256, 3), nn.Dropout(0.1)
        )
        self.classify = nn.Conv2d(256, classes, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) to logits (B, classes, H, W)."""
        low = self.trunk[:4](rgb)  # (B, 24, H/4, W/4)
        high = self.trunk[4:](low)  # (B, 320, H/16, W/16)
        whole = self.whole(high.mean((2, 3), keepdim=True)).expand(-1, -1, *high.shape[2:])
        deep = self.join(torch.cat([*(branch(high) for branch in self.branches), whole], dim=1))
        low = self.low(low)
        deep = F.interpolate(deep, low.shape[2:], mode="bilinear", align_corners=True)
        logits = self.classify(self.head(torch.cat([deep, low], dim=1)))
        return F.interpolate(logits, rgb.shape[2:], mode="bilinear", align_corners=True)


NETWORKS = {"deeplab-segmenter": DeepLab}
