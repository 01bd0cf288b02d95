"""DDcGAN: one dense generator and two critics, one per sensor.

Source: Ma et al., "DDcGAN: A Dual-Discriminator Conditional Generative Adversarial Network for
Multi-Resolution Image Fusion", IEEE Trans. Image Processing 29, 2020.

Departures: the public code runs the decoder's first convolution twice with the same weights, a
slip that `repeat_first` keeps; images of one resolution, so nothing is upsampled before.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import Deployed
from thermeld.train.layers.convolution import HalfTanh, conv, densely, with_image_statistics

WIDTH = 48


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return conv(inputs, outputs, border="reflect", norm=True, activation=nn.ReLU())


class DdcGan(nn.Module):
    """2-48, four dense layers to 240, 240-240-128-64-32-1, tanh / 2 + 1/2; 3x3, reflected border.

    Args:
        repeat_first: run the decoder's first convolution twice.

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 1, H, W) in (0, 1); H and W at least 2. It
    normalises by the statistics of the batch, at inference by those of the image. 1,097,665
    parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self, *, repeat_first: bool = True) -> None:
        super().__init__()
        self.repeat_first = repeat_first
        self.first = _block(2, WIDTH)
        self.dense = nn.ModuleList(_block(count * WIDTH, WIDTH) for count in range(1, 5))
        self.turn = _block(240, 240)
        self.decoder = nn.Sequential(
            _block(240, 128),
            _block(128, 64),
            _block(64, 32),
            conv(32, 1, border="reflect", activation=HalfTanh()),
        )

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        features = self.first(torch.cat([vis, ir], dim=1))  # (B, 48, H, W)
        features = densely(self.dense, features, new_first=True)  # (B, 240, H, W)
        if self.repeat_first:
            features = torch.relu(self.turn[0](features))
        return self.decoder(self.turn(features))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped, normalising each image by itself."""
        return Deployed(with_image_statistics(self), reach_px=None)


class Critic(nn.Module):
    """Probability that an image is a real one of its sensor: three strided 3x3, a linear layer.

    Args:
        size: (H, W) of the images it will see; 31,233 parameters at 84x84.
    """

    inputs: ClassVar = {"image": 1}

    def __init__(self, *, size: tuple[int, int] = (84, 84)) -> None:
        super().__init__()
        self.size = size
        strided = {"stride": 2, "border": "reflect", "activation": nn.ReLU()}
        self.conv = nn.Sequential(
            conv(1, 16, **strided),  # type: ignore[arg-type]
            conv(16, 32, norm=True, **strided),  # type: ignore[arg-type]
            conv(32, 64, norm=True, **strided),  # type: ignore[arg-type]
        )
        height, width = (-(-length // 8) for length in size)
        self.linear = nn.Linear(64 * height * width, 1)
        self.last = HalfTanh()

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1] -> (B, 1) in (0, 1)."""
        return self.last(self.linear(self.conv(image).flatten(1)))  # type: ignore[no-any-return]


NETWORKS = {"ddcgan": DdcGan, "ddcgan-critic": Critic}
