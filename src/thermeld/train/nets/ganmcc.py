"""GANMcC: an intensity path and a gradient path, and a critic that must not tell the modality.

Source: Ma et al., "GANMcC: A generative adversarial network with multi-classification
constraints for infrared and visible image fusion", IEEE Trans. Instrumentation and Measurement
70, 2021.

Departures: none known; spectral normalisation and the statistics that normalise at inference
are switches, as for FusionGAN, whose layers both paths are.
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
from thermeld.train.nets.fusiongan import KERNELS, LOST_PX
from thermeld.train.published import Published


class GanMcc(nn.Module):
    """Paths of (ir, ir, vis) and (vis, vis, ir) to 32 channels each; both twice, 1x1, tanh.

    Args:
        spectral: spectral normalisation of every weight.
        statistics: what normalises at inference: "running" averages or those of the "image".

    Shapes: two planes (B, 1, H, W) in [-1, 1] -> (B, 1, H - 12, W - 12) in (-1, 1). 1,864,129
    parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}
    size = (480 + 2 * LOST_PX, 640 + 2 * LOST_PX)  # gives 480x640

    def __init__(self, *, spectral: bool = True, statistics: str = "running") -> None:
        super().__init__()
        self.statistics = statistics
        self.intensity = shrinking_path(3, KERNELS)
        self.gradient = shrinking_path(3, KERNELS)
        self.head = conv(128, 1, 1, activation=nn.Tanh())
        start_narrow(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one, 6 pixels less on every side."""
        intensity = self.intensity(torch.cat([ir, ir, vis], dim=1))
        gradient = self.gradient(torch.cat([vis, vis, ir], dim=1))
        both = torch.cat([intensity, gradient] * 2, dim=1)  # (B, 128, H - 12, W - 12)
        return self.head(both)  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped; its input is continued by copies of the border."""
        return deployed_valid(self, lost_px=LOST_PX)


NETWORKS = {
    "ganmcc": GanMcc,
    "ganmcc-critic": partial(ValidCritic, outputs=2, spectral=True),
}
PUBLISHED = {
    "ganmcc": Published(
        partial(GanMcc, statistics="image"),
        rules=(
            (r"parametrizations\.weight\.original$", "weight"),
            *((rf"^intensity\.{n}\.", f"fusion_model/layer{n + 1}/.") for n in range(4)),
            *((rf"^gradient\.{n}\.", f"fusion_model/layer{n + 1}_vi/.") for n in range(4)),
            (r"^head\.", "fusion_model/layer5/."),
            (r"layer(\d)(_vi)?/\.0\.weight$", r"layer\1\2/w\1\2"),
            (r"layer(\d)(_vi)?/\.0\.bias$", r"layer\1\2/b\1\2"),
            (r"/\.1\.weight$", "/BatchNorm/gamma"),
            (r"/\.1\.bias$", "/BatchNorm/beta"),
            (r"/\.1\.running_mean$", "/BatchNorm/moving_mean"),
            (r"/\.1\.running_var$", "/BatchNorm/moving_variance"),
        ),
        ignored=r"^discriminator|/Adam(_1)?$|beta[12]_power|/u$|^Variable",
        tensorflow=True,
    )
}
