"""SDNet: squeeze two images into one, decompose it again, and learn from both.

Source: Zhang & Ma, "SDNet: A Versatile Squeeze-and-Decomposition Network for Real-Time Image
Fusion", Int. J. Computer Vision 129, 2021.

Departures: none known; the decomposition is dropped for inference.
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import SIGNED_RANGE, Deployed
from thermeld.train.layers.convolution import conv, folded, leaky
from thermeld.train.published import Published

WIDTH = 16


def _stream() -> nn.ModuleList:
    first = conv(1, WIDTH, 5, activation=leaky())
    return nn.ModuleList(
        [first, *(conv(count * WIDTH, WIDTH, activation=leaky()) for count in (1, 2, 3))]
    )


def _branch() -> nn.Sequential:
    return nn.Sequential(
        conv(128, 16, activation=leaky()),
        conv(16, 4, activation=leaky()),
        conv(4, 1, activation=nn.Tanh()),
    )


class SdNet(nn.Module):
    """Two dense streams of four layers, all eight results to 1x1, tanh.

    Args:
        decomposition: build what gives both sources back, for training (67,091 parameters in
            all, 28,705 without).

    Shapes: two planes (B, 1, H, W) in [-1, 1] -> the fused one (B, 1, H, W) in (-1, 1), and
    with decomposition infrared and visible made from it. Zero border, any size.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self, *, decomposition: bool = True) -> None:
        super().__init__()
        self.ir, self.vis = _stream(), _stream()
        self.fuse = conv(8 * WIDTH, 1, 1, activation=nn.Tanh())
        self.decomposition = decomposition
        if decomposition:
            self.separate = conv(1, 128, 1, activation=leaky())
            self.to_ir, self.to_vis = _branch(), _branch()

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Two planes (B, 1, H, W) to the fused one, and what is made from it."""
        pairs = zip(_all_layers(self.ir, ir), _all_layers(self.vis, vis), strict=True)
        fused = self.fuse(torch.cat([part for pair in pairs for part in pair], dim=1))
        if not self.decomposition:
            return fused  # type: ignore[no-any-return]
        features = self.separate(fused)  # (B, 128, H, W)
        return fused, self.to_ir(features), self.to_vis(features)

    def deployed(self) -> nn.Module:
        """The network as it is shipped: a 5x5 and three 3x3 convolutions."""
        net = folded(self)
        net.decomposition = False
        for name in ("separate", "to_ir", "to_vis"):
            if hasattr(net, name):
                delattr(net, name)
        return Deployed(net, reach_px=5, range=SIGNED_RANGE)


def _all_layers(layers: nn.ModuleList, image: Tensor) -> list[Tensor]:
    """What each layer of a dense stream gives: four times (B, 16, H, W)."""
    seen: list[Tensor] = []
    for layer in layers:
        seen.append(layer(torch.cat(seen, dim=1) if seen else image))
    return seen


NETWORKS = {"sdnet": SdNet, "sdnet-fusion": partial(SdNet, decomposition=False)}
PUBLISHED = {
    "sdnet": Published(
        SdNet,
        rules=(
            (r"weight$", "w"),
            (r"bias$", "b"),
            *(
                (
                    rf"^{ours}\.{n}\.0\.(\w)$",
                    rf"fusion_model/layer{n + 1}_{name}/\g<1>{n + 1}_{name}",
                )
                for ours, name in (("ir", "ir"), ("vis", "vi"))
                for n in range(4)
            ),
            *(
                (
                    rf"^to_{ours}\.{n}\.0\.(\w)$",
                    rf"fusion_model/layer{n + 7}_{name}/\g<1>{n + 7}_{name}",
                )
                for ours, name in (("ir", "ir"), ("vis", "vi"))
                for n in range(3)
            ),
            (r"^fuse\.0\.(\w)$", r"fusion_model/layer5_fuse/\g<1>5_fuse"),
            (r"^separate\.0\.(\w)$", r"fusion_model/layer6_sept/\g<1>6_sept"),
        ),
        tensorflow=True,
    )
}
