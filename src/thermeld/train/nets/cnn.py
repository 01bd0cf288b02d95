"""CNN: a classifier of patches as an activity map, and fusion of Laplacian pyramids by it.

Source: Liu et al., "Infrared and visible image fusion with convolutional neural networks", Int.
J. Wavelets, Multiresolution and Information Processing 16(3), 2018.

Departures: the pyramids have a fixed depth, since a graph cannot count levels; the paper's
floor(log2(min(H, W))) is 8 for sides of 256 to 511 pixels, the default. The whole method runs in
torch; its pyramids of unknown size are more than the ONNX exporter can follow.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.layers.convolution import conv

WINDOW_PX = 16  # what one score sees, every second pixel
LIKE = 0.6  # match above which bands are averaged
TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class LiuCnn(nn.Module):
    """Scores of which image is in charge, for each 16x16 window at every second pixel.

    Args:
        levels: of the pyramids when deployed; sides must be at least 2^levels.

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 2, about H/2 - 7, W/2 - 7), the second
    class for infrared. For training: 16x16 patches, cross-entropy. 435,202 parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(self, *, levels: int = 8) -> None:
        super().__init__()
        self.levels = levels
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
        """Share of infrared (B, 1, H, W), windows averaged; without bias as in the public code."""
        deep = torch.cat([self.features(ir), self.features(vis)], dim=1)
        logits = F.conv2d(deep, self.output.weight)
        score = torch.sigmoid(logits[:, 1:] - logits[:, :1])  # the softmax of two
        window = score.new_ones(1, 1, WINDOW_PX, WINDOW_PX)
        total = F.conv_transpose2d(score, window, stride=2)
        count = F.conv_transpose2d(torch.ones_like(score), window, stride=2)
        height, width = ir.shape[2:]
        return (total / count)[:, :, :height, :width]

    def deployed(self) -> nn.Module:
        """The whole method: map and pyramids."""
        return DeployedCnn(self)


class DeployedCnn(nn.Module):
    """Map, Gaussian pyramid of it, Laplacian pyramids of both images, fusion per level."""

    channels: ClassVar = {"ir": 1, "vis": 1}
    reach_px = None
    blends = False

    def __init__(self, net: LiuCnn) -> None:
        super().__init__()
        self.net = net.eval()

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """Two planes (B, 1, H, W) in [0, 1] to "fused", the same."""
        share = self.net.share(ir, vis)
        bands = []
        for _ in range(self.net.levels):
            small = [halved(image) for image in (ir, vis)]
            details = [
                image - doubled(half, image) for image, half in zip((ir, vis), small, strict=True)
            ]
            bands.append(fused_band(details[0], details[1], share))
            (ir, vis), share = small, halved(share)
        fused = fused_band(ir, vis, share)
        for band in reversed(bands):
            fused = band + doubled(fused, band)
        return {"fused": fused}


def fused_band(ir: Tensor, vis: Tensor, share: Tensor) -> Tensor:
    """Weighted by the map where both bands are alike, the stronger one elsewhere."""
    first, second, both = (_local_sum(part) for part in (ir * ir, vis * vis, ir * vis))
    match = 2 * both / (first + second + torch.finfo(ir.dtype).eps)
    stronger = torch.where(first >= second, ir, vis)
    return torch.where(match > LIKE, share * ir + (1 - share) * vis, stronger)


def _local_sum(image: Tensor) -> Tensor:
    """3x3, the border mirrored with its own pixel, which for one pixel is a copy of it."""
    return 9 * F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def halved(image: Tensor) -> Tensor:
    """Every second pixel after the filter 1 4 6 4 1; the border mirrored with its own pixel."""
    rows = [image[:, :, 1:2], image[:, :, :1], image, image[:, :, -1:], image[:, :, -2:-1]]
    wide = torch.cat(rows, dim=2)  # b a | a b c ... y z | z y
    cols = [wide[..., 1:2], wide[..., :1], wide, wide[..., -1:], wide[..., -2:-1]]
    return _filtered(torch.cat(cols, dim=3))[:, :, ::2, ::2]


def doubled(image: Tensor, like: Tensor) -> Tensor:
    """Zeros between the pixels, filtered at four times the weight, cut to the size of `like`."""
    wide = F.pad(image, (1, 1, 1, 1), mode="replicate")
    spread = F.conv_transpose2d(wide, wide.new_full((1, 1, 1, 1), 4.0), stride=2)
    spread = F.pad(spread, (0, 1, 0, 1))  # the zeros after the last pixel
    height, width = like.shape[2:]
    return _filtered(spread)[:, :, :height, :width]


def _filtered(image: Tensor) -> Tensor:
    """1 4 6 4 1 both ways, no border: 4 pixels less per side pair."""
    taps = torch.tensor(TAPS, dtype=image.dtype, device=image.device)
    image = F.conv2d(image, taps.view(1, 1, 5, 1))
    return F.conv2d(image, taps.view(1, 1, 1, 5))


NETWORKS = {"cnn": LiuCnn}
