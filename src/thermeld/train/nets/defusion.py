"""DeFusion: decompose two images into what they share and what each has alone.

Source: Liang et al., "Fusion from Decomposition: A Self-Supervised Decomposition Approach for
Image Fusion", ECCV 2022; blocks from Zhang et al., "ResNeSt", CVPR Workshops 2022.

Departures: none known; no normalisation anywhere, as in the public code. Maps are resized to
those of the encoder where odd sizes make them differ.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.deployed import grey
from thermeld.train.layers.convolution import conv, folded

PAD_PX = 16


class SplitAttention(nn.Module):
    """Two grouped 3x3 results, weighed per channel against each other by a softmax."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = max(width // 2, 32)
        self.conv = nn.Conv2d(width, 2 * width, 3, padding=1, groups=2, bias=False)
        self.narrow = nn.Conv2d(width, narrow, 1)
        self.widen = nn.Conv2d(narrow, 2 * width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, H, W) -> the same."""
        one, two = torch.relu(self.conv(features)).chunk(2, dim=1)
        pooled = (one + two).mean((2, 3), keepdim=True)
        first, second = self.widen(torch.relu(self.narrow(pooled))).chunk(2, dim=1)
        share = torch.sigmoid(first - second)  # the softmax of two
        return share * one + (1 - share) * two


class Bottleneck(nn.Module):
    """1x1, split attention, a mean if asked for, 1x1 to four times the width; plus a shortcut.

    Args:
        inputs: channels in.
        width: a quarter of the channels out.
        stride: of the mean and of the shortcut.
        pooled: take a 3x3 mean after the attention.
    """

    def __init__(self, inputs: int, width: int, *, stride: int = 1, pooled: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, width, 1, bias=False)
        self.attention = SplitAttention(width)
        self.pool = nn.AvgPool2d(3, stride, padding=1) if pooled else nn.Identity()
        self.last = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut.append(nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False))
        if stride != 1 or inputs != 4 * width:
            self.shortcut.append(nn.Conv2d(inputs, 4 * width, 1, bias=False))

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 4 width, H / stride, W / stride)."""
        deep = self.last(self.pool(self.attention(torch.relu(self.first(features)))))
        return torch.relu(deep + self.shortcut(features))


def layer(
    width: int, count: int, inputs: int, *, stride: int = 1, pooled: bool = False
) -> nn.Sequential:
    """`count` bottlenecks, the first from `inputs` channels and with the stride."""
    first = Bottleneck(inputs, width, stride=stride, pooled=pooled)
    return nn.Sequential(first, *(Bottleneck(4 * width, width) for _ in range(count - 1)))


class Decoder(nn.Module):
    """From 1/8 back to full size in four layers, encoder maps beside the first three.

    Args:
        widths: of the four layers.
        inputs: channels each of them sees.
    """

    def __init__(self, widths: tuple[int, ...], inputs: tuple[int, ...]) -> None:
        super().__init__()
        counts = (4, 4, 6, 6)
        self.layers = nn.ModuleList(map(layer, widths, counts, inputs))

    def forward(self, deep: Tensor, beside: list[list[Tensor]], full: Tensor) -> Tensor:
        """`beside`: encoder maps at 1/8, 1/4, 1/2; `full`: any map of the full size."""
        sizes = [maps[0].shape[2:] for maps in beside[1:]] + [full.shape[2:]]
        for number, size in enumerate(sizes):
            deep = self.layers[number](torch.cat([deep, *beside[number]], dim=1))
            deep = F.interpolate(deep, size, mode="bilinear", align_corners=False)
        return self.layers[3](deep)  # type: ignore[no-any-return]


class DeFusion(nn.Module):
    """Shared encoder, a common and a unique decoder, and a head on the sum of the three.

    Shapes: two images (B, 3, H, W) in [0, 1] -> fused, common, unique infrared, unique visible,
    each (B, 3, H, W), at least 0. 8,043,817 parameters.
    """

    inputs: ClassVar = {"ir": 3, "vis": 3}

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 16, activation=nn.ReLU()), layer(8, 6, 16, pooled=True))
        self.at_half = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), layer(16, 6, 32))
        self.at_quarter = layer(32, 4, 64, stride=2, pooled=True)
        self.at_eighth = layer(64, 4, 128, stride=2, pooled=True)
        self.together = layer(256, 4, 512)
        self.common = Decoder((64, 16, 4, 4), (1536, 512, 192, 16))
        self.unique = Decoder((96, 32, 16, 4), (1280, 512, 192, 64))
        self.to_common, self.to_unique = (conv(16, 3, activation=nn.ReLU()) for _ in range(2))
        self.to_fused = conv(16, 3, activation=nn.ReLU())

    def encode(self, image: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> 32 channels at full size, 64 at 1/2, 128 at 1/4, 256 at 1/8."""
        maps = [self.stem(image)]
        for stage in (self.at_half, self.at_quarter, self.at_eighth):
            maps.append(stage(maps[-1]))
        return maps

    def embed(self, ir: Tensor, vis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is common, of infrared and of visible alone: (B, 16, H, W) each."""
        first, second = self.encode(ir), self.encode(vis)
        deep = self.together(torch.cat([first[3], second[3]], dim=1))  # (B, 1024, H/8, W/8)
        both = [[one, two] for one, two in zip(first[:0:-1], second[:0:-1], strict=True)]
        common = self.common(deep, both, ir)
        alone = [self.unique(deep, [[m] for m in maps[:0:-1]], ir) for maps in (first, second)]
        return common, alone[0], alone[1]

    def forward(self, ir: Tensor, vis: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Two images (B, 3, H, W) to fused, common, unique infrared, unique visible."""
        common, first, second = self.embed(ir, vis)
        fused = self.to_fused(common + first + second)
        return fused, self.to_common(common), self.to_unique(first), self.to_unique(second)

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        return DeployedDeFusion(self)


class DeployedDeFusion(nn.Module):
    """DeFusion of grey planes, three times each; the border reflected by 16 pixels."""

    channels: ClassVar = {"ir": 1, "vis": 1}
    reach_px = None
    blends = False

    def __init__(self, net: DeFusion) -> None:
        super().__init__()
        self.net = folded(net)

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """Two planes (B, 1, H, W) in [0, 1], sides over 16, to "fused", (B, 1, H, W)."""
        height, width = ir.shape[2:]
        wide = [F.pad(image, (PAD_PX,) * 4, mode="reflect") for image in (ir, vis)]
        embedded = self.net.embed(*(image.expand(-1, 3, -1, -1) for image in wide))
        fused = self.net.to_fused(sum(embedded))
        return {"fused": grey(fused[:, :, PAD_PX : PAD_PX + height, PAD_PX : PAD_PX + width])}


NETWORKS = {"defusion": DeFusion}
