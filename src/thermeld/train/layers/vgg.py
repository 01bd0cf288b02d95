"""The trunk of VGG-16 as a frozen measure of what an image tells. Its weights are the user's own.

Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, table 1, column D.
"""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, red green blue


class Vgg16(nn.Module):
    """Thirteen 3x3 convolutions with ReLU in five stages, halved by max-pooling after each.

    Shapes: (B, 1 or 3, H, W) in [0, 1], one channel standing for three; H and W at least 16 ->
    five features of 64, 128, 256, 512, 512 channels, each before its pooling, sides /1 to /16.
    Modules keep the numbers of torchvision's `features`. 14,714,688 parameters.
    """

    inputs: ClassVar = {"image": 3}

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*_layers())

    def forward(self, image: Tensor) -> list[Tensor]:
        """What each stage gives."""
        mean, deviation = (torch.tensor(v).to(image).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
        maps = (image.expand(-1, 3, -1, -1) - mean) / deviation
        found = []
        for layer in list(self.features)[:-1]:  # nobody asks what the last pooling gives
            if isinstance(layer, nn.MaxPool2d):
                found.append(maps)
            maps = layer(maps)
        return [*found, maps]


def _layers() -> Iterator[nn.Module]:
    before = 3
    for stage in STAGES:
        for width in stage:
            yield nn.Conv2d(before, width, 3, padding=1)
            yield nn.ReLU()
            before = width
        yield nn.MaxPool2d(2)
