"""IFCNN: convolutional features of each image, their element-wise maximum, two convolutions.

Source: Zhang et al., "IFCNN: A general image fusion framework based on convolutional neural
network", Information Fusion 54, 2020.

Departures: the first convolution is ResNet-101's in the paper and frozen; here `freeze_stem`
says so, and it is off for those who train from nothing.
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.deployed import grey
from thermeld.train.layers.convolution import folded, one_channel
from thermeld.train.published import Published

WIDTH = 64
RULES = ("max", "mean", "sum")


def _stream() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, WIDTH, 7, padding=3, padding_mode="replicate", bias=False), *_block()
    )


def _block() -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, padding_mode="replicate", bias=False)
    return conv, nn.BatchNorm2d(WIDTH), nn.ReLU()


class Ifcnn(nn.Module):
    """7x7 and 3x3 per image, fused, 3x3 and 1x1.

    Args:
        rule: "max" (infrared and visible), "mean" (exposures) or "sum".
        share_streams: both images through the same weights (83,587 parameters, the published
            network) or each through its own (129,987).
        freeze_stem: the 7x7 convolution keeps the weights it is given.
        cut: when deployed, a quarter of a grey level darker: the public code cuts the three
            channels off to 8 bits before it makes them grey, which loses half a level on average.
            A quarter keeps within one level of it whether our result is rounded or cut off.

    Shapes: two images (B, 3, H, W) in [0, 1] -> (B, 3, H, W), about [0, 1]; grey images are
    repeated to three channels. Any size.
    """

    inputs: ClassVar = {"ir": 3, "vis": 3}

    def __init__(
        self,
        *,
        rule: str = "max",
        share_streams: bool = True,
        freeze_stem: bool = False,
        cut: bool = False,
    ) -> None:
        super().__init__()
        if rule not in RULES:
            raise ValueError(f"rule must be one of {RULES}, got {rule!r}")
        self.rule = rule
        self.lost = 0.25 / 255 if cut else 0.0
        self.ir = _stream()
        self.vis = self.ir if share_streams else _stream()
        self.reconstruct = nn.Sequential(*_block())
        self.head = nn.Conv2d(WIDTH, 3, 1)
        for stem in (self.ir[0], self.vis[0]):
            stem.requires_grad_(not freeze_stem)

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two images (B, 3, H, W) to the fused one."""
        first, second = self.ir(ir), self.vis(vis)  # (B, 64, H, W) twice
        if self.rule == "max":
            deep = torch.maximum(first, second)
        else:
            deep = first + second if self.rule == "sum" else (first + second) / 2
        return self.head(self.reconstruct(deep))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        return DeployedIfcnn(self)


class DeployedIfcnn(nn.Module):
    """IFCNN of two planes: stems of one channel (the sum of three), result clipped and grey."""

    channels: ClassVar = {"ir": 1, "vis": 1}
    reach_px = 5  # 3 of the 7x7, 1 of each of the two 3x3 convolutions
    blends = False

    def __init__(self, net: Ifcnn) -> None:
        super().__init__()
        self.net = folded(net)
        for stream in {self.net.ir, self.net.vis}:
            stream[0] = one_channel(stream[0])

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """Two planes (B, 1, H, W) in [0, 1] to "fused", (B, 1, H, W) in [0, 1]."""
        return {"fused": grey(self.net(ir, vis)) - self.net.lost}


NETWORKS = {"ifcnn": Ifcnn, "ifcnn-unshared": partial(Ifcnn, share_streams=False)}
PUBLISHED = {
    "ifcnn": Published(
        partial(Ifcnn, cut=True),
        rules=(
            (r"^(ir|vis)\.0\.", "conv1."),
            (r"^(ir|vis)\.1\.", "conv2.conv."),
            (r"^(ir|vis)\.2\.", "conv2.bn."),
            (r"^reconstruct\.0\.", "conv3.conv."),
            (r"^reconstruct\.1\.", "conv3.bn."),
            (r"^head\.", "conv4."),
        ),
    )
}
