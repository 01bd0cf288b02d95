"""A two-layer GAN: two generators exchange what the sensors see, a third fuses their results.

Source: the two-layer generative adversarial network for infrared and visible image fusion whose
base is FusionGAN (Ma et al., Information Fusion 48, 2019).

Departures: channel widths, slope and first weights are FusionGAN's, the paper's figures being
lost; spectral normalisation, which it does not mention, is off. Read literally, the fused image
is G3(G1(ir)) and never sees the visible one ("single"); "pair" feeds every generator both.
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.layers.convolution import conv
from thermeld.train.layers.valid import (
    ValidCritic,
    deployed_valid,
    normalise_spectrally,
    shrinking_path,
    start_narrow,
)

KERNELS = (3, 3, 3, 3)
LOST_PX = 4  # per side and generator
INPUTS = ("single", "pair")


class Generator(nn.Module):
    """256-128-64-32-1 by 3x3 convolutions without border, tanh.

    Args:
        channels: 1 (390,849 parameters) or 2 (393,153).
        spectral: spectral normalisation of every weight.

    Shapes: (B, channels, H, W) in [-1, 1] -> (B, 1, H - 8, W - 8) in (-1, 1).
    """

    size = (480 + 2 * LOST_PX, 640 + 2 * LOST_PX)  # gives 480x640

    def __init__(self, *, channels: int = 1, spectral: bool = False) -> None:
        super().__init__()
        self.inputs = {"image": channels}
        self.path = shrinking_path(channels, KERNELS)
        self.head = conv(32, 1, 1, activation=nn.Tanh())
        start_narrow(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, image: Tensor) -> Tensor:
        """4 pixels less on every side."""
        return self.head(self.path(image))  # type: ignore[no-any-return]


class TwoLayerGan(nn.Module):
    """The three generators, wired as at inference.

    Args:
        generator_input: "single" as the paper is written, or "pair".
        third: which layer-one image the last generator starts from, "irv" (infrared made
            visible-like) or "vir"; the paper finds both equal.
        spectral: spectral normalisation of every weight.
        statistics: what normalises at inference: "running" averages or those of the "image".

    Shapes: two planes (B, 1, H, W) in [-1, 1] -> (B, 1, H - 16, W - 16) in (-1, 1). Parameters:
    1,172,547 single, 1,179,459 pair. The generators are trained one after the other, as
    `first` (ir to irv), `second` (vis to vir), `third`.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}
    size = (480 + 4 * LOST_PX, 640 + 4 * LOST_PX)  # gives 480x640

    def __init__(
        self,
        *,
        generator_input: str = "pair",
        third: str = "irv",
        spectral: bool = False,
        statistics: str = "running",
    ) -> None:
        super().__init__()
        if generator_input not in INPUTS or third not in ("irv", "vir"):
            raise ValueError("generator_input must be single or pair, third irv or vir")
        self.generator_input, self.start = generator_input, third
        self.statistics = statistics
        make = partial(Generator, channels=1 + (generator_input == "pair"), spectral=spectral)
        self.first, self.second, self.third = make(), make(), make()

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one, 8 pixels less on every side."""
        if self.generator_input == "single":
            return self.third(self.first(ir) if self.start == "irv" else self.second(vis))  # type: ignore[no-any-return]
        irv = self.first(torch.cat([ir, vis], dim=1))  # (B, 1, H - 8, W - 8)
        vir = self.second(torch.cat([vis, ir], dim=1))
        order = [irv, vir] if self.start == "irv" else [vir, irv]
        return self.third(torch.cat(order, dim=1))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped; its input is continued by copies of the border."""
        return deployed_valid(self, lost_px=2 * LOST_PX)


NETWORKS = {
    "two-layer-gan": TwoLayerGan,
    "two-layer-gan-single": partial(TwoLayerGan, generator_input="single"),
    "two-layer-gan-generator": Generator,
    "two-layer-gan-generator-pair": partial(Generator, channels=2),
    "two-layer-gan-critic": partial(ValidCritic, first_norm=True),
}
