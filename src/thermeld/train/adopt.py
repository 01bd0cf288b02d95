"""Weights that others published, made into a method of ours."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from thermeld.errors import BadModel, BadSetting, UnreadableFile
from thermeld.registry import lookup
from thermeld.train.count import source_of
from thermeld.train.export import write_method
from thermeld.train.nets import published
from thermeld.train.published import Published
from thermeld.train.tensorflow import read_checkpoint
from thermeld.train.weights import DAMAGED

# ours alone: a counter that inference ignores, and what spectral normalisation iterates on
OPTIONAL = r"num_batches_tracked$|\.parametrizations\.weight\.0\._[uv]$"
ITERATIONS = 100  # of the power method, from the stored weights to their largest singular value


def adopt(name: str, checkpoint: Path, out: Path) -> Path:
    """Turn published weights into an ONNX file and its card.

    Args:
        name: of the network, a key of `published()`.
        checkpoint: the file as published (a TensorFlow one by prefix, file or folder).
        out: the ONNX file to write.

    Returns:
        `out`.

    Raises:
        UnknownName: no such network.
        BadSetting: `out` is not an .onnx file.
        UnreadableFile: the checkpoint is missing or not what it should be.
        BadModel: it does not fit; missing and unexpected names are listed.
    """
    entry = lookup(published(), name, "published network")
    if out.suffix != ".onnx":
        raise BadSetting(f"{out}: the result must be an .onnx file")
    net = load_published(entry, checkpoint)
    stated = {
        "summary": f"{name} with the weights of {checkpoint.name}",
        "source": source_of(entry.make),
        "licence": entry.licence,
        "command": f"thermeld import {name} {checkpoint.name} -o {out.name}",
    }
    write_method(net, out, stated=stated, facts={"imported": {"checkpoint": checkpoint.name}})
    return out


def load_published(entry: Published, checkpoint: Path) -> nn.Module:
    """The network with these weights, in evaluation mode.

    Raises:
        UnreadableFile: the checkpoint is missing or not what it should be.
        BadModel: it does not fit; missing and unexpected names are listed.
    """
    net = entry.make()
    ours = {key: value for key, value in net.state_dict().items() if not re.search(OPTIONAL, key)}
    names = {key: entry.theirs(key) for key in ours}
    if entry.tensorflow:
        found = _from_tensorflow(checkpoint, {names[key]: value for key, value in ours.items()})
    else:
        found = _from_torch(checkpoint, entry.wrapped)
    _require_fit(entry, {names[key]: value for key, value in ours.items()}, found, checkpoint)
    net.load_state_dict({key: found[names[key]] for key in ours}, strict=False)
    _settle(net)
    return net.eval()


def _from_torch(path: Path, wrapped: str | None) -> dict[str, Tensor]:
    """Tensors by name; a wrapping dict and the prefix of parallel training are taken off."""
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot read it ({error.strerror})") from error
    except DAMAGED as error:
        raise UnreadableFile(f"{path}: not a PyTorch file of plain weights ({error})") from error
    for key in (wrapped, "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise UnreadableFile(f"{path}: holds {type(content).__name__}, not named weights")
    content = {str(key): value for key, value in content.items()}
    if content and all(key.startswith("module.") for key in content):
        content = {key.removeprefix("module."): value for key, value in content.items()}
    try:
        return {key: torch.as_tensor(value) for key, value in content.items()}
    except (TypeError, ValueError, RuntimeError) as error:
        raise UnreadableFile(f"{path}: holds more than named weights ({error})") from error


def _from_tensorflow(path: Path, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Variables by name, kernels from (height, width, in, out) to (out, in, height, width)."""
    shapes = {
        name: tuple(np.transpose(np.empty(value.shape, bool), _to_theirs(value.ndim)).shape)
        for name, value in wanted.items()
    }
    found = read_checkpoint(path, shapes)
    return {
        name: torch.from_numpy(np.array(values.transpose(_to_ours(values.ndim))))
        for name, values in found.items()
    }


def _to_ours(axes: int) -> tuple[int, ...]:
    return (3, 2, 0, 1) if axes == 4 else tuple(reversed(range(axes)))


def _to_theirs(axes: int) -> tuple[int, ...]:
    return (2, 3, 1, 0) if axes == 4 else tuple(reversed(range(axes)))


def _require_fit(
    entry: Published, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path
) -> None:
    missing = sorted(wanted.keys() - found.keys())
    spare = rf"num_batches_tracked$|{entry.ignored}"
    unexpected = sorted(k for k in found.keys() - wanted.keys() if not re.search(spare, k))
    wrong = [
        f"{name} is {tuple(found[name].shape)} instead of {tuple(value.shape)}"
        for name, value in sorted(wanted.items())
        if name in found and found[name].shape != value.shape
    ]
    lists = {"missing": missing, "unexpected": unexpected, "of another shape": wrong}
    faults = [f"{kind}: {', '.join(names)}" for kind, names in lists.items() if names]
    if faults:
        raise BadModel(f"{path}: does not fit this network; {'; '.join(faults)}")


def _settle(net: nn.Module) -> None:
    """Let spectral normalisation find the largest singular values of the new weights."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and hasattr(module, "parametrizations"):
            with torch.no_grad():
                for _ in range(ITERATIONS):
                    _ = module.weight  # each look in training mode is one iteration
