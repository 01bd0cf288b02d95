"""CNN: a classifier of patches as an activity map, and fusion of Laplacian pyramids by it.

Source: Liu et al., "Infrared and visible image fusion with convolutional neural networks", Int.
J. Wavelets, Multiresolution and Information Processing 16(3), 2018.

Departures: none known in fusing; the public code is followed where it leaves the output's bias
out. The weights that the authors published are for research only and not ours to ship; how to
train one's own (sharp against blurred patches of 16x16) is our choice.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.layers.convolution import conv

HALF_WINDOW = 8  # what one score sees, in features of every second pixel
LIKE = 0.6  # match above which bands are averaged
MOST_LEVELS = 12  # enough for sides under 8192 pixels
TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class LiuCnn(nn.Module):
    """Scores of which image is in charge, for each 16x16 window at every second pixel.

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 2, about H/2 - 7, W/2 - 7), the second
    class for infrared. For training: 16x16 patches, cross-entropy. 435,202 parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv(1, 64, activation=nn.ReLU()),
            conv(64, 128, activation=nn.ReLU()),
            nn.ZeroPad2d((0, 1, 0, 1)),  # zeros lie below any feature; pooled only at odd sizes
            nn.MaxPool2d(2),
            conv(128, 256, activation=nn.ReLU()),
        )
        self.output = nn.Conv2d(512, 2, 8)

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Logits, the output's bias added."""
        return self.output(torch.cat([self.features(ir), self.features(vis)], dim=1))  # type: ignore[no-any-return]

    def share(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Share of infrared (B, 1, H, W), windows averaged; without bias as in the public code.

        A half where no window fits (sides under 16 pixels).
        """
        deep = torch.cat([self.features(ir), self.features(vis)], dim=1)
        # Padded by all that can hang over, since a graph knows no sizes that may vanish.
        logits = F.conv2d(deep, self.output.weight, padding=HALF_WINDOW - 1)
        inside = _inside(logits, 2) & _inside(logits, 3)
        score = torch.sigmoid(logits[:, 1:] - logits[:, :1]) * inside  # the softmax of two
        total, count = (
            F.avg_pool2d(part, HALF_WINDOW, stride=1) for part in (score, inside.to(score.dtype))
        )
        mean = torch.where(count > 0, total / count.clamp_min(1e-6), 0.5)
        for axis in (2, 3):  # every score stands for two rows and two columns
            mean = mean.index_select(axis, torch.arange(ir.shape[axis], device=ir.device) // 2)
        return mean

    def deployed(self) -> nn.Module:
        """The whole method: map and pyramids."""
        return DeployedCnn(self)


def _inside(padded: Tensor, axis: int) -> Tensor:
    """Where windows do not hang over the border, along one axis, as it broadcasts: bool."""
    border = HALF_WINDOW - 1
    places = torch.arange(padded.shape[axis], device=padded.device)
    inside = (places >= border) & (places < padded.shape[axis] - border)
    return inside.view((1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1))


class DeployedCnn(nn.Module):
    """Map, Gaussian pyramid of it, Laplacian pyramids of both images, fusion per level.

    A graph cannot count levels, so it builds `MOST_LEVELS` (the last ones are a few pixels) and
    takes the base from level floor(log2(min(H, W))).
    """

    channels: ClassVar = {"ir": 1, "vis": 1}
    reach_px = None
    blends = False

    def __init__(self, net: LiuCnn) -> None:
        super().__init__()
        self.net = net.eval()

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """Two planes (B, 1, H, W) in [0, 1] to "fused", the same; sides under 8192 pixels."""
        layers = torch.cat([ir, vis, self.net.share(ir, vis)], dim=1)  # (B, 3, H, W)
        sides = [torch.arange(side).amax(0) + 1 for side in ir.shape[2:]]
        sizes = [ir.shape[2:], *(halves(sides, level + 1) for level in range(MOST_LEVELS))]
        bands, bases = [], []
        for size, half in pairwise(sizes):
            small = halved(layers, half)
            details = layers - doubled(small, size)
            bands.append(fused_band(details[:, :1], details[:, 1:2], layers[:, 2:]))
            bases.append(fused_band(layers[:, :1], layers[:, 1:2], layers[:, 2:]))
            layers = small
        fused = fused_band(layers[:, :1], layers[:, 1:2], layers[:, 2:])
        for level in reversed(range(MOST_LEVELS)):
            whole = bands[level] + doubled(fused, sizes[level])
            fused = torch.where(torch.minimum(*sides) >= 2 ** (level + 1), whole, bases[level])
        return {"fused": fused}


def halves(sides: Sequence[Tensor], times: int) -> tuple[int, int]:
    """Height and width after so many halvings.

    Read from tensors, so that an exporter takes them for sizes of their own: what it derives of
    halves of halves takes it longer with every level.
    """
    found = [((side + 2**times - 1) // 2**times).item() for side in sides]
    height, width = (cast("int", length) for length in found)  # int() would end what is traced
    for length in (height, width):
        torch._check(length >= 1)  # type: ignore[no-untyped-call]
    return height, width


def fused_band(ir: Tensor, vis: Tensor, share: Tensor) -> Tensor:
    """Weighted by the map where both bands are alike, the stronger one elsewhere."""
    sums = _local_sums(torch.cat([ir * ir, vis * vis, ir * vis], dim=1))
    first, second, both = sums[:, :1], sums[:, 1:2], sums[:, 2:]
    match = 2 * both / (first + second + torch.finfo(ir.dtype).eps)
    stronger = torch.where(first >= second, ir, vis)
    return torch.where(match > LIKE, share * ir + (1 - share) * vis, stronger)


def _local_sums(image: Tensor) -> Tensor:
    """3x3, the border mirrored with its own pixel, which for one pixel is a copy of it."""
    return _filtered(image, *(_summing(length) for length in image.shape[2:]))


def _summing(length: int) -> Tensor:
    middle = torch.arange(length)
    three = torch.stack([middle + step for step in (-1, 0, 1)], dim=1)
    return _matrix(three.clamp(0, length - 1), torch.ones(3), length)


def halved(image: Tensor, size: Sequence[int]) -> Tensor:
    """Every second pixel after the filter 1 4 6 4 1; the border mirrored with its own pixel."""
    pairs = zip(image.shape[2:], size, strict=True)
    return _filtered(image, *(_halving(length, half) for length, half in pairs))


def _halving(length: int, half: int) -> Tensor:
    places = 2 * torch.arange(half)[:, None] + torch.arange(-2, 3)
    places = torch.where(places < 0, -1 - places, places)  # b a | a b c ... y z | z y
    places = torch.where(places < length, places, 2 * length - 1 - places)
    return _matrix(places.clamp(0, length - 1), torch.tensor(TAPS), length)


def doubled(image: Tensor, size: Sequence[int]) -> Tensor:
    """Zeros between the pixels, the filter 1 4 6 4 1 at twice its weight, cut to a size.

    What lies on a pixel thus gets 1/8, 6/8 and 1/8 of it and its neighbours, what lies between
    two half of both.
    """
    pairs = zip(image.shape[2:], size, strict=True)
    return _filtered(image, *(_doubling(length, double) for length, double in pairs))


def _doubling(length: int, double: int) -> Tensor:
    places = torch.arange(double)[:, None]
    neighbours = (places // 2 + torch.arange(-1, 2)).clamp(0, length - 1)
    on, between = torch.tensor([1 / 8, 6 / 8, 1 / 8]), torch.tensor([0, 4 / 8, 4 / 8])
    return _matrix(neighbours, torch.where(places % 2 == 1, between, on), length)


def _matrix(places: Tensor, weights: Tensor, length: int) -> Tensor:
    """(n, length): each of n results is a weighted sum of k places; both (n, k), weights or (k,).

    A filter as a matrix is a handful of nodes in a graph, whatever the sizes turn out to be, and
    its work is small beside the network's.
    """
    chosen = places[:, :, None] == torch.arange(length)
    return (chosen * weights[..., None]).sum(1)


def _filtered(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return rows.to(image) @ image @ columns.to(image).T


NETWORKS = {"cnn": LiuCnn}
