"""How large a network is and how much it computes, without computing anything."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import prod

import torch
from torch import Tensor, nn

from thermeld.train.deployed import example_inputs, size_of
from thermeld.train.nets import networks, published

COUNTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


@dataclass(frozen=True)
class NetworkFacts:
    """A row of the list of networks.

    Attributes:
        name: key of the network table.
        parameters: learned numbers, normalisation's scale and shift included.
        macs: multiply-adds for one image pair at `size`.
        size: (H, W); 480x640 unless the network is made for another.
        source: paper and equations.
        get: how one comes by a method made of it.
    """

    name: str
    parameters: int
    macs: int
    size: tuple[int, int]
    source: str
    get: str


def parameters_of(net: nn.Module) -> int:
    """Learned numbers; what two parts share counts once."""
    return sum(weight.numel() for weight in net.parameters())


def macs_of(net: nn.Module, height: int, width: int) -> int:
    """Multiply-adds of convolutions and linear layers for one example; biases left out.

    Args:
        net: on the meta device, where shapes flow and numbers do not.
        height: of its inputs.
        width: of its inputs.
    """
    total = 0

    def count(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += _layer_macs(module, output)

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, COUNTED)]
    with torch.no_grad(), torch.device("meta"):
        net(*example_inputs(net, 1, height, width))
    for hook in hooks:
        hook.remove()
    return total


def _layer_macs(layer: nn.Module, output: Tensor) -> int:
    if isinstance(layer, nn.Linear):
        return output.numel() * layer.in_features
    if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        raise TypeError(f"not counted: {layer}")
    per_pixel = prod(layer.kernel_size) * layer.in_channels // layer.groups
    if isinstance(layer, nn.ConvTranspose2d):  # each input pixel meets the whole kernel
        return output.numel() * per_pixel // prod(layer.stride)
    return output.numel() * per_pixel


def facts_of(name: str, make: Callable[..., nn.Module]) -> NetworkFacts:
    """Build a network without memory and count."""
    with torch.device("meta"):
        net = make().eval()
    size = size_of(net)
    macs = macs_of(net, *size)
    return NetworkFacts(name, parameters_of(net), macs, size, source_of(make), _get(name, net))


def _get(name: str, net: nn.Module) -> str:
    """By `thermeld import` of published weights, by `thermeld train`; parts give no method."""
    if not hasattr(net, "deployed"):
        return "part of training"
    return "import, train" if name in published() else "train"


def source_of(make: Callable[..., nn.Module]) -> str:
    """The paragraph "Source: ..." of the docstring of the file a network stands in."""
    module = import_module(getattr(make, "func", make).__module__)
    for paragraph in (module.__doc__ or "").split("\n\n"):
        if paragraph.startswith("Source: "):
            return " ".join(paragraph.removeprefix("Source: ").split())
    raise ValueError(f"{module.__name__} states no source")  # our own mistake


def list_networks() -> tuple[NetworkFacts, ...]:
    """All networks by name."""
    return tuple(facts_of(name, make) for name, make in sorted(networks().items()))
