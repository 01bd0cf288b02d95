"""Blocks of convolution, batch normalisation and activation, and how they become one layer.

Blocks are plain `nn.Sequential`: their parts keep the numbers under which published weights
know them.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.nn.utils.parametrize import is_parametrized

Net = TypeVar("Net", bound=nn.Module)
Border = Literal["zeros", "reflect", "replicate", "valid"]


def conv(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    border: Border = "zeros",
    norm: bool = False,
    activation: nn.Module | None = None,
) -> nn.Sequential:
    """Convolution with bias, normalisation if asked for, activation.

    The border is padded by half a kernel, or not at all ("valid").
    """
    padding = 0 if border == "valid" else kernel // 2
    mode = "zeros" if border == "valid" else border
    first = nn.Conv2d(inputs, outputs, kernel, stride, padding, padding_mode=mode)
    return nn.Sequential(first, *_after(outputs, norm, activation))


def separable(
    inputs: int, outputs: int, *, norm: bool = False, activation: nn.Module | None = None
) -> nn.Sequential:
    """Depthwise 3x3 and pointwise 1x1, both with bias and nothing in between; zero border."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs),
        nn.Conv2d(inputs, outputs, 1),
        *_after(outputs, norm, activation),
    )


def _after(channels: int, norm: bool, activation: nn.Module | None) -> list[nn.Module]:
    parts: list[nn.Module] = [nn.BatchNorm2d(channels)] if norm else []
    return [*parts, activation] if activation is not None else parts


def leaky(slope: float = 0.2) -> nn.Module:
    """LeakyReLU."""
    return nn.LeakyReLU(slope)


class HalfTanh(nn.Module):
    """tanh(x) / 2 + 1/2, in (0, 1)."""

    def forward(self, features: Tensor) -> Tensor:
        """Any shape."""
        return torch.tanh(features) / 2 + 0.5


def densely(blocks: Iterable[nn.Module], features: Tensor, *, new_first: bool = False) -> Tensor:
    """Dense wiring: each block sees all features so far and its own are put beside them.

    Source: Huang et al., "Densely Connected Convolutional Networks", CVPR 2017, equation 2.
    """
    for block in blocks:
        fresh = block(features)
        both = [fresh, features] if new_first else [features, fresh]
        features = torch.cat(both, dim=1)
    return features


def folded(net: Net) -> Net:
    """A copy for inference whose batch normalisations are part of the convolutions before them."""
    net = _settled(net)
    for module in list(net.modules()):
        if isinstance(module, nn.Sequential):
            _fold(module)
    return net


def _settled(net: Net) -> Net:
    """A copy for inference whose weights are plain ones, spectral normalisation applied."""
    net = deepcopy(net).eval()
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and is_parametrized(child):
                setattr(module, name, _plain(child))
    return net


def _plain(conv: nn.Conv2d) -> nn.Conv2d:
    """With the weight as it is now; torch's own removal would change the original's class too."""
    twin = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        padding_mode=conv.padding_mode,
    )
    with torch.no_grad():
        twin.weight.copy_(conv.weight)
        twin.bias.copy_(conv.bias)  # type: ignore[union-attr,arg-type]
    return twin.eval()


def _fold(block: nn.Sequential) -> None:
    for number in range(len(block) - 1):
        first, second = block[number], block[number + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            block[number] = fuse_conv_bn_eval(first, second)
            block[number + 1] = nn.Identity()


def with_image_statistics(net: Net) -> Net:
    """A copy for inference that normalises by the statistics of each image.

    Some published networks normalise a single test image as if it were a training batch.
    """
    net = _settled(net)
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, _instance_norm(child))
    return net


def _instance_norm(norm: nn.BatchNorm2d) -> nn.InstanceNorm2d:
    twin = nn.InstanceNorm2d(norm.num_features, eps=norm.eps, affine=True)
    with torch.no_grad():
        twin.weight.copy_(norm.weight)
        twin.bias.copy_(norm.bias)
    return twin.eval()


def one_channel(stem: nn.Module) -> nn.Conv2d:
    """A convolution that sees three equal channels, as one that sees a single channel."""
    if not isinstance(stem, nn.Conv2d):
        raise TypeError(f"not a convolution: {stem}")
    narrow = nn.Conv2d(
        1,
        stem.out_channels,
        stem.kernel_size,  # type: ignore[arg-type]
        padding=stem.padding,  # type: ignore[arg-type]
        padding_mode=stem.padding_mode,
        bias=False,
    )
    with torch.no_grad():
        narrow.weight.copy_(stem.weight.sum(dim=1, keepdim=True))
    return narrow
