"""TarDAL and its lightweight form with separable convolutions and CBAM, and their critics.

Source: Liu et al., "Target-aware Dual Adversarial Learning and a Multi-scenario Multi-Modality
Benchmark to Fuse Infrared and Visible for Object Detection", CVPR 2022, section 3.2; light form:
Wu et al., "A Lightweight GAN-Based Image Fusion Algorithm for Visible and Infrared Images", 2024.

The light form puts MobileNets' convolutions (Howard et al. 2017) and CBAM (Woo et al. 2018) in.

Departures: the position of CBAM (after the dense block) and its reduction of 16 follow from the
light form's published size; batch normalisation stands where TarDAL has it.
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import Deployed
from thermeld.train.layers.attention import Cbam
from thermeld.train.layers.convolution import (
    conv,
    densely,
    folded,
    leaky,
    separable,
    with_image_statistics,
)
from thermeld.train.published import Published

STATISTICS = ("running", "image")


class TarDal(nn.Module):
    """Dense generator: 2-32, three dense layers to 128, then 128-64-32-1 with tanh.

    Args:
        light: 3x3 convolutions depthwise-separable.
        attention: CBAM on the 128 dense features.
        statistics: what normalises at inference: "running" averages, or those of each "image"
            (the first published weights want these).

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 1, H, W) in (-1, 1), trained towards [0, 1].
    Zero border, any size. Parameters: 296,577; with CBAM 298,723; light 39,125; both 41,271.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(
        self, *, light: bool = False, attention: bool = False, statistics: str = "running"
    ) -> None:
        super().__init__()
        if statistics not in STATISTICS:
            raise ValueError(f"statistics must be one of {STATISTICS}, got {statistics!r}")
        self.statistics = statistics
        block = separable if light else conv
        self.encoder = block(2, 32, norm=True, activation=nn.ReLU())
        self.dense = nn.ModuleList(
            block(width, 32, norm=True, activation=nn.ReLU()) for width in (32, 64, 96)
        )
        self.attention = Cbam(128) if attention else nn.Identity()
        self.fuse = nn.Sequential(
            block(128, 128, activation=nn.ReLU()),
            block(128, 64, norm=True, activation=nn.ReLU()),
            block(64, 32, norm=True, activation=nn.ReLU()),
            block(32, 1, activation=nn.Tanh()),
        )

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        features = self.encoder(torch.cat([ir, vis], dim=1))  # (B, 32, H, W)
        features = densely(self.dense, features)  # (B, 128, H, W)
        return self.fuse(self.attention(features))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        if self.statistics == "image":
            return Deployed(with_image_statistics(self), reach_px=None)
        local = isinstance(self.attention, nn.Identity)
        return Deployed(folded(self), reach_px=8 if local else None)  # eight 3x3 convolutions


class Critic(nn.Module):
    """Wasserstein score of an image: three strided convolutions and a linear layer.

    One judges targets (infrared times mask), one details (gradient magnitude).

    Args:
        size: (H, W) of the images it will see, multiples of 8. 193,025 parameters at 224x224,
            297,473 at 320x320.
        slope: of LeakyReLU; the first release had 0.
    """

    inputs: ClassVar = {"image": 1}

    def __init__(self, *, size: tuple[int, int] = (224, 224), slope: float = 0.2) -> None:
        super().__init__()
        if size[0] % 8 or size[1] % 8:
            raise ValueError(f"size must be multiples of 8, got {size}")
        self.size = size
        self.conv = nn.Sequential(
            *(
                conv(i, o, stride=2, activation=leaky(slope))
                for i, o in ((1, 32), (32, 64), (64, 128))
            )
        )
        self.linear = nn.Linear(128 * (size[0] // 8) * (size[1] // 8), 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, 1), any real number."""
        return self.linear(self.conv(image).flatten(1))  # type: ignore[no-any-return]


NETWORKS = {
    "tardal": TarDal,
    "tardal-cbam": partial(TarDal, attention=True),
    "tardal-dsconv": partial(TarDal, light=True),
    "light-tardal": partial(TarDal, light=True, attention=True),
    "tardal-critic": Critic,
    "tardal-critic-320": partial(Critic, size=(320, 320)),
}
PUBLISHED = {
    "tardal": Published(TarDal, ignored=r"^use_eval$", wrapped="fuse"),
    "tardal-v0": Published(partial(TarDal, statistics="image"), wrapped="fuse"),
}
