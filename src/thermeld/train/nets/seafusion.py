"""SeAFusion: two streams of gradient residual dense blocks, a small decoder.

Source: Tang et al., "Image fusion in the loop of high-level vision tasks: A semantic-aware
real-time infrared and visible image fusion network", Information Fusion 82, 2022.

Departures: the decoder's batch normalisations exist in the public code but are never applied;
they are not built here (226 parameters fewer).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import Deployed
from thermeld.train.layers.convolution import HalfTanh, conv, densely, folded, leaky
from thermeld.train.layers.gradient import TrainableSobel
from thermeld.train.published import Published


class GradientDenseBlock(nn.Module):
    """Two dense 3x3 layers, 1x1; beside them |sx| + |sy| and 1x1; their sum, LeakyReLU 0.1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.ModuleList(
            conv(width, inputs, activation=leaky()) for width in (inputs, 2 * inputs)
        )
        self.down = nn.Conv2d(3 * inputs, outputs, 1)
        self.gradient = TrainableSobel(inputs)
        self.up = nn.Conv2d(inputs, outputs, 1)
        self.activation = leaky(0.1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        main = self.down(densely(self.dense, features))
        return self.activation(main + self.up(self.gradient(features)))  # type: ignore[no-any-return]


def _stream() -> nn.Sequential:
    return nn.Sequential(
        conv(1, 16, activation=leaky()), GradientDenseBlock(16, 32), GradientDenseBlock(32, 48)
    )


class SeAFusion(nn.Module):
    """Each plane to 48 features, both (visible first) through 96-64-32-16-1, tanh / 2 + 1/2.

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 1, H, W) in (0, 1). Zero border, any size.
    166,657 parameters. The authors stretch each result to its full range when saving; we do not.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self) -> None:
        super().__init__()
        self.ir, self.vis = _stream(), _stream()
        self.decoder = nn.Sequential(
            *(conv(i, o, activation=leaky()) for i, o in ((96, 64), (64, 32), (32, 16))),
            conv(16, 1, activation=HalfTanh()),
        )

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        return self.decoder(torch.cat([self.vis(vis), self.ir(ir)], dim=1))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped; it reaches 1 + 2 + 2 of a stream and 4 of the decoder."""
        return Deployed(folded(self), reach_px=9)


NETWORKS = {"seafusion": SeAFusion}
PUBLISHED = {
    "seafusion": Published(
        SeAFusion,
        rules=(
            (r"^ir\.", "inf."),
            (r"^(inf|vis)\.0\.0\.", r"\1_conv.conv."),
            (r"^(inf|vis)\.([12])\.", r"\1_rgbd\2."),
            (r"\.dense\.0\.0\.", ".dense.conv1.conv."),
            (r"\.dense\.1\.0\.", ".dense.conv2.conv."),
            (r"\.down\.", ".convdown.conv."),
            (r"\.up\.", ".convup.conv."),
            (r"\.gradient\.", ".sobelconv."),
            *((rf"^decoder\.{n}\.0\.", f"decode{4 - n}.conv.") for n in range(4)),
        ),
        ignored=r"^decode\d\.bn\.",
    )
}
