"""U2Fusion: one dense network whose loss weighs each source by the information in it.

Source: Xu et al., "U2Fusion: A Unified Unsupervised Image Fusion Network", IEEE Trans. Pattern
Analysis and Machine Intelligence 44(1), 2022.

Departures: none in the network. Concatenation is new features first, as in the public code.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import Deployed
from thermeld.train.layers.convolution import HalfTanh, conv, densely, folded, leaky
from thermeld.train.published import Published

WIDTH = 44


class U2Fusion(nn.Module):
    """2-44, five dense layers to 264, 264-128-64-32-1, tanh / 2 + 1/2; 3x3, reflected border.

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 1, H, W) in (0, 1); H and W at least 2. The
    visible plane is the first. 659,217 parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self) -> None:
        super().__init__()
        self.first = conv(2, WIDTH, border="reflect", activation=leaky())
        self.dense = nn.ModuleList(
            conv(count * WIDTH, WIDTH, border="reflect", activation=leaky())
            for count in range(1, 6)
        )
        self.decoder = nn.Sequential(
            *(
                conv(i, o, border="reflect", activation=leaky())
                for i, o in ((6 * WIDTH, 128), (128, 64), (64, 32))
            ),
            conv(32, 1, border="reflect", activation=HalfTanh()),
        )

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        features = self.first(torch.cat([vis, ir], dim=1))  # (B, 44, H, W)
        return self.decoder(densely(self.dense, features, new_first=True))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped: ten 3x3 convolutions."""
        return Deployed(folded(self), reach_px=10)


NETWORKS = {"u2fusion": U2Fusion}
PUBLISHED = {
    "u2fusion": Published(
        U2Fusion,
        rules=(
            (r"weight$", "kernel"),
            (r"^first\.0\.", "Generator/encoder/conv1_1/"),
            *(
                (rf"^dense\.{n}\.0\.", f"Generator/encoder/dense_block_conv{n + 1}/")
                for n in range(5)
            ),
            *((rf"^decoder\.{n}\.0\.", f"Generator_1/decoder/conv2_{n + 1}/") for n in range(4)),
        ),
        tensorflow=True,
    )
}
