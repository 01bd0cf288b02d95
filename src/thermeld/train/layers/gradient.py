"""Sobel and Laplacian: fixed ones for losses, trainable ones that networks start from."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SOBEL_X = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))
SOBEL_Y = tuple(zip(*SOBEL_X, strict=True))
LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
EIGHT_NEIGHBOURS = ((0.125, 0.125, 0.125), (0.125, -1.0, 0.125), (0.125, 0.125, 0.125))


def filtered(
    image: Tensor, kernel: tuple[tuple[float, ...], ...], *, border: str = "zeros"
) -> Tensor:
    """Correlate every channel with one 3x3 kernel: (B, C, H, W) -> the same."""
    channels = image.shape[1]
    weight = torch.tensor(kernel, dtype=image.dtype, device=image.device)
    mode = "constant" if border == "zeros" else border
    padded = F.pad(image, (1, 1, 1, 1), mode=mode)
    return F.conv2d(padded, weight.expand(channels, 1, 3, 3), groups=channels)


def sobel_sum(image: Tensor, *, border: str = "zeros") -> Tensor:
    """|gx| + |gy| of the Sobel operators, unscaled."""
    along = filtered(image, SOBEL_X, border=border).abs()
    return along + filtered(image, SOBEL_Y, border=border).abs()


def sobel_magnitude(image: Tensor) -> Tensor:
    """sqrt(gx^2 + gy^2 + 1e-8), operators scaled by 1/8, border replicated."""
    along = filtered(image, SOBEL_X, border="replicate") / 8
    down = filtered(image, SOBEL_Y, border="replicate") / 8
    return torch.sqrt(along**2 + down**2 + 1e-8)


def laplacian(image: Tensor) -> Tensor:
    """The four-neighbour Laplacian, zero border."""
    return filtered(image, LAPLACIAN)


class TrainableSobel(nn.Module):
    """|gx| + |gy| by depthwise 3x3 convolutions that begin as Sobel's; zero border, no bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convx = depthwise(channels, SOBEL_X)
        self.convy = depthwise(channels, SOBEL_Y)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        return self.convx(features).abs() + self.convy(features).abs()  # type: ignore[no-any-return]


class TrainableLaplacian(nn.Module):
    """|Laplacian| by a depthwise 3x3 convolution that begins as it; zero border, no bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convl = depthwise(channels, LAPLACIAN)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        return self.convl(features).abs()  # type: ignore[no-any-return]


def depthwise(channels: int, kernel: tuple[tuple[float, ...], ...]) -> nn.Conv2d:
    """A depthwise 3x3 convolution without bias that begins as `kernel`."""
    layer = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(kernel).expand_as(layer.weight))
    return layer
