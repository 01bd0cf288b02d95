"""The segmenter of joint training: ResNet-18 and a bilateral attention decoder.

Source: Peng et al., "Bilateral attention decoder: A lightweight decoder for real-time semantic
segmentation", Neural Networks 137, 2021; the layers are those of the public code of SeAFusion
and SCGRFuse.

Departures: the paper is about another trunk; the code is what was trained with.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 9  # of MSRS: background, car, person, bike, curve, stop, guardrail, cone, bump
WIDTH = 128


def _cbr(inputs: int, outputs: int, kernel: int, last: nn.Module | None = None) -> nn.Sequential:
    """Convolution without bias, normalisation, LeakyReLU 0.01 (or another activation)."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, a=1)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), last or nn.LeakyReLU(0.01))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; He et al., CVPR 2016, figure 5 left."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.deep = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return torch.relu(self.deep(features) + self.shortcut(features))


class Refinement(nn.Module):
    """3x3 to 128 channels, gated by their means."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv = _cbr(inputs, WIDTH, 3)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(WIDTH, WIDTH, 1, bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 128, H, W)."""
        features = self.conv(features)
        return features * self.gate(features)  # type: ignore[no-any-return]


def _head(middle: int, classes: int) -> nn.Sequential:
    return nn.Sequential(_cbr(WIDTH, middle, 3), nn.Conv2d(middle, classes, 1, bias=False))


def _grown(features: Tensor, like: Tensor, *, corners: bool = False) -> Tensor:
    return F.interpolate(features, like.shape[2:], mode="bilinear", align_corners=corners)


class BiSeNetLike(nn.Module):
    """Logits of a fused colour image at full size, and auxiliary ones for training.

    Args:
        classes: of the logits.

    Shapes: RGB (B, 3, H, W) in [0, 1], no mean or deviation taken -> main and auxiliary logits,
    (B, classes, H, W) each. 12,894,080 parameters for nine classes.
    """

    inputs: ClassVar = {"rgb": 3}

    def __init__(self, *, classes: int = CLASSES) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.layer1 = nn.Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512))
        self.refine8, self.refine16, self.refine32 = map(Refinement, (128, 256, 512))
        self.head32, self.head16 = _cbr(WIDTH, WIDTH, 3), _cbr(WIDTH, WIDTH, 3)
        self.space16, self.space8 = _cbr(2 * WIDTH, WIDTH, 1), _cbr(2 * WIDTH, WIDTH, 1)
        self.gate16 = _cbr(WIDTH, WIDTH, 1, nn.Sigmoid())
        self.gate8 = _cbr(WIDTH, WIDTH, 1, nn.Sigmoid())
        self.fuse = _cbr(WIDTH, WIDTH, 1)
        self.main = _head(WIDTH, classes)
        self.auxiliary = _head(64, classes)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) to main and auxiliary logits (B, classes, H, W)."""
        eighth = self.layer2(self.layer1(self.stem(rgb)))
        sixteenth = self.layer3(eighth)
        at8, at16 = self.refine8(eighth), self.refine16(sixteenth)
        at32 = self.refine32(self.layer4(sixteenth))  # (B, 128, H/32, W/32)
        wide16 = self.head32(_grown(at32, at16))
        space16 = _grown(self.space16(torch.cat([wide16, at16], dim=1)), at8)
        wide8 = self.head16(_grown(at16, at8))
        space8 = self.space8(torch.cat([wide8, at8], dim=1))
        deep = space16 * self.gate16(_grown(at32, at8))  # (B, 128, H/8, W/8)
        deep = self.fuse(space8 * self.gate8(deep))
        main, auxiliary = self.main(deep), self.auxiliary(at16)
        return _grown(main, rgb, corners=True), _grown(auxiliary, rgb, corners=True)


NETWORKS = {"bisenet-segmenter": BiSeNetLike}
