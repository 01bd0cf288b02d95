"""Networks of others for the benchmark: as their users run them, and through our runtime.

Weights are random: time does not depend on them.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from thermeld.image import Stored, luminance, to_depth, unit, with_luminance
from thermeld.train.count import parameters_of
from thermeld.train.deployed import inputs_of
from thermeld.train.export import write_method
from thermeld.train.nets import networks

RIVALS = ("ifcnn", "seafusion", "tardal", "densefuse")
STATED = {
    "summary": "Random weights, for timing only.",
    "source": "thermeld bench",
    "licence": "none: random numbers",
    "command": "thermeld bench",
}


def eager(name: str, threads: int) -> Callable[[Stored, Stored], Stored]:
    """A rival in PyTorch without any preparation but `eval` and `no_grad`.

    Networks of planes fuse luminance and keep the visible image's colours; networks of colour
    images get both as three channels, as their authors do.
    """
    torch.manual_seed(0)
    net = networks()[name]().eval()
    colour = max(inputs_of(net).values()) == 3

    def fuse(ir: Stored, vis: Stored) -> Stored:
        torch.set_num_threads(threads)
        views = unit(ir), unit(vis)
        grey = views[0], luminance(views[1])
        planes = (np.dstack([views[0]] * 3), views[1]) if colour else grey
        with torch.no_grad():
            fused = net(*(_tensor(plane) for plane in planes))[0]
        result = np.clip(fused.permute(1, 2, 0).numpy(), 0, 1)
        whole = result if result.shape[2] == 3 else with_luminance(views[1], result[:, :, 0])
        return to_depth(whole, np.uint8)

    return fuse


def parameters(name: str) -> int:
    """Learned numbers of a network."""
    return parameters_of(networks()[name]())


def exported(name: str, folder: Path) -> Path:
    """The rival as a method of ours: an ONNX file and its card in `folder`, made once."""
    path = folder / f"{name}.onnx"
    if not path.is_file():
        torch.manual_seed(0)
        write_method(networks()[name]().eval(), path, stated=STATED, facts={})
    return path


def _tensor(image: Stored) -> torch.Tensor:
    planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes))[None]
