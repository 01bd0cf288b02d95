"""FusionGAN: one generator that keeps infrared intensity, one critic that asks for visible detail.

Source: Ma et al., "FusionGAN: A generative adversarial network for infrared and visible image
fusion", Information Fusion 48, 2019.

Departures: none known. The public test script normalises by the statistics of the single image,
forgets the spectral normalisation and begins anew with gamma 1 and beta 0; imported weights are
used whole, by the image's statistics. `statistics` and `spectral` are the switches.
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
from thermeld.train.published import Published

KERNELS = (5, 5, 3, 3)
LOST_PX = 6  # per side, by the four convolutions without border


class FusionGan(nn.Module):
    """256-128-64-32-1 on both planes, tanh.

    Args:
        spectral: spectral normalisation of every weight.
        statistics: what normalises at inference: "running" averages or those of the "image".

    Shapes: two planes (B, 1, H, W) in [-1, 1] -> (B, 1, H - 12, W - 12) in (-1, 1). 925,633
    parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}
    size = (480 + 2 * LOST_PX, 640 + 2 * LOST_PX)  # gives 480x640

    def __init__(self, *, spectral: bool = True, statistics: str = "running") -> None:
        super().__init__()
        self.statistics = statistics
        self.path = shrinking_path(2, KERNELS)
        self.head = conv(32, 1, 1, activation=nn.Tanh())
        start_narrow(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one, 6 pixels less on every side."""
        return self.head(self.path(torch.cat([ir, vis], dim=1)))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped; its input is continued by copies of the border."""
        return deployed_valid(self, lost_px=LOST_PX)


NETWORKS = {"fusiongan": FusionGan, "fusiongan-critic": partial(ValidCritic, spectral=True)}
PUBLISHED = {
    "fusiongan": Published(
        partial(FusionGan, statistics="image"),
        rules=(
            (r"parametrizations\.weight\.original$", "weight"),
            *((rf"^path\.{n}\.", f"fusion_model/layer{n + 1}/.") for n in range(4)),
            (r"^head\.", "fusion_model/layer5/."),
            (r"layer(\d)/\.0\.weight$", r"layer\1/w\1"),
            (r"layer(\d)/\.0\.bias$", r"layer\1/b\1"),
            (r"/\.1\.weight$", "/BatchNorm/gamma"),
            (r"/\.1\.bias$", "/BatchNorm/beta"),
            (r"/\.1\.running_mean$", "/BatchNorm/moving_mean"),
            (r"/\.1\.running_var$", "/BatchNorm/moving_variance"),
        ),
        ignored=r"^discriminator|/Adam(_1)?$|beta[12]_power|/u$|^Variable",
        tensorflow=True,
    )
}
