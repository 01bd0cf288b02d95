"""DenseFuse: an auto-encoder with a dense block, whose features a fixed rule fuses.

Source: Li & Wu, "DenseFuse: A Fusion Approach to Infrared and Visible Images", IEEE Trans.
Image Processing 28(5), 2019.

Departures: the public PyTorch code is followed (sum of features halved, ReLU at the end, new
features last); `last`, `new_first` and the rules give the paper's and the TensorFlow code's.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.deployed import GREY_LEVELS, Deployed
from thermeld.train.layers.convolution import conv, densely, folded
from thermeld.train.published import Published


def addition(first: Tensor, second: Tensor) -> Tensor:
    """Mean of the features."""
    return (first + second) / 2


def summed(first: Tensor, second: Tensor) -> Tensor:
    """Sum of the features, about the sum of the images (the TensorFlow code's addition)."""
    return first + second


def l1(first: Tensor, second: Tensor) -> Tensor:
    """Each place weighted by its activity, the 3x3 mean of |f| over all channels."""
    return _by_share(first, second, box=True)


def l1_plain(first: Tensor, second: Tensor) -> Tensor:
    """Weighted by activity without the 3x3 mean, as the TensorFlow code."""
    return _by_share(first, second, box=False)


def l1_softmax(first: Tensor, second: Tensor) -> Tensor:
    """Weighted by the softmax of the features' sums, as the PyTorch code."""
    share = torch.sigmoid(first.sum(1, keepdim=True) - second.sum(1, keepdim=True))
    return share * first + (1 - share) * second


def _by_share(first: Tensor, second: Tensor, *, box: bool) -> Tensor:
    one, two = (features.abs().sum(1, keepdim=True) for features in (first, second))
    if box:
        one, two = (_box_mean(activity) for activity in (one, two))
    share = one / (one + two + 1e-8)
    return share * first + (1 - share) * second


def _box_mean(activity: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(activity, (1, 1, 1, 1), mode="reflect"), 3, stride=1)


RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "addition": addition,
    "sum": summed,
    "l1": l1,
    "l1-plain": l1_plain,
    "l1-softmax": l1_softmax,
}


class DenseFuse(nn.Module):
    """Encoder 16 + dense block to 64, rule, decoder 64-64-32-16-1; 3x3, reflected border.

    Args:
        rule: key of `RULES`.
        channels: 1 (grey) or 3 (the RGB model: 74,771 parameters).
        last: "relu" (PyTorch code) or "none" (TensorFlow code).
        new_first: the order of concatenation of the TensorFlow code.

    Shapes: two images (B, 1, H, W), 0 to 255 -> the same; H and W at least 2. 74,193 parameters.
    """

    def __init__(
        self,
        *,
        rule: str = "addition",
        channels: int = 1,
        last: str = "relu",
        new_first: bool = False,
    ) -> None:
        super().__init__()
        if rule not in RULES or last not in ("relu", "none"):
            raise ValueError(f"rule must be one of {tuple(RULES)} and last relu or none")
        self.inputs = {"ir": channels, "vis": channels}
        self.rule, self.new_first = rule, new_first
        block = partial(conv, border="reflect")
        self.first = block(channels, 16, activation=nn.ReLU())
        self.dense = nn.ModuleList(block(width, 16, activation=nn.ReLU()) for width in (16, 32, 48))
        self.decoder = nn.Sequential(
            *(block(i, o, activation=nn.ReLU()) for i, o in ((64, 64), (64, 32), (32, 16))),
            block(16, channels, activation=nn.ReLU() if last == "relu" else None),
        )

    def encode(self, image: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 64, H, W)."""
        return densely(self.dense, self.first(image), new_first=self.new_first)

    def reconstruct(self, image: Tensor) -> Tensor:
        """An image through encoder and decoder, what the network is trained to do."""
        return self.decoder(self.encode(image))  # type: ignore[no-any-return]

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two images (B, C, H, W) to the fused one."""
        deep = RULES[self.rule](self.encode(ir), self.encode(vis))
        return self.decoder(deep)  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        if self.inputs["ir"] != 1:
            return DeployedColour(folded(self), reach_px=self.reach_px)
        return Deployed(folded(self), reach_px=self.reach_px, range=GREY_LEVELS)

    @property
    def reach_px(self) -> int:
        """Eight 3x3 convolutions, and the 3x3 mean of the l1 rule."""
        return 9 if self.rule == "l1" else 8


class DeployedColour(nn.Module):
    """The RGB model: grey infrared three times, visible in colour, colours fused."""

    channels: ClassVar = {"ir": 1, "vis": 3}
    blends = False

    def __init__(self, net: nn.Module, *, reach_px: int) -> None:
        super().__init__()
        self.net, self.reach_px = net, reach_px

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """(B, 1, H, W) and (B, 3, H, W) in [0, 1] to "fused", (B, 3, H, W)."""
        return {"fused": self.net(255 * ir.expand(-1, 3, -1, -1), 255 * vis) / 255}


PYTORCH_RULES = (
    (r"^first\.0\.", "conv1.conv2d."),
    (r"^dense\.(\d)\.0\.", r"DB1.denseblock.\1.dense_conv.conv2d."),
    *((rf"^decoder\.{n}\.0\.", f"conv{n + 2}.conv2d.") for n in range(4)),
)
TENSORFLOW_RULES = (
    (r"weight$", "kernel"),
    (r"^first\.0\.", "encoder/conv1_1/"),
    *((rf"^dense\.{n}\.0\.", f"encoder/dense_block_conv{n + 1}/") for n in range(3)),
    *((rf"^decoder\.{n}\.0\.", f"decoder/conv2_{n + 1}/") for n in range(4)),
)
NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "densefuse": DenseFuse,
    "densefuse-l1": partial(DenseFuse, rule="l1"),
    "densefuse-rgb": partial(DenseFuse, channels=3),
}
PUBLISHED = {
    "densefuse": Published(DenseFuse, PYTORCH_RULES),
    "densefuse-l1": Published(NETWORKS["densefuse-l1"], PYTORCH_RULES),
    "densefuse-rgb": Published(NETWORKS["densefuse-rgb"], PYTORCH_RULES),
    "densefuse-tf": Published(
        partial(DenseFuse, last="none", new_first=True),
        TENSORFLOW_RULES,
        ignored=r"beta[12]_power$|/Adam(_1)?$",
        tensorflow=True,
    ),
}
