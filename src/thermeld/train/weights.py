"""Trained weights: out of a run folder, or the safetensors files of the package."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from thermeld.errors import BadModel, UnknownName
from thermeld.io.parts import write_whole
from thermeld.methods.neural import MODELS
from thermeld.registry import lookup
from thermeld.train.nets import networks
from thermeld.train.recipe import Recipe, recipe_of

# What torch.load raises on a damaged file, or on a pickle that asks for more than tensors.
DAMAGED = (
    *(OSError, UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError),
    *(AttributeError, IndexError, AssertionError, ImportError, MemoryError, struct.error),
)


@dataclass(frozen=True)
class Trained:
    """A network with its weights, and how they came about.

    Attributes:
        net: in evaluation mode, float32, on the CPU.
        recipe: it was trained by.
        facts: best_step, best_loss, steps and hours of the run.
    """

    net: nn.Module
    recipe: Recipe
    facts: dict[str, Any]


def load_trained(name_or_run: str) -> Trained:
    """Weights of a shipped network by name, or the best ones of a run folder.

    Raises:
        UnknownName: neither.
        BadModel: damaged files.
    """
    shipped = MODELS / f"{name_or_run}.safetensors"
    run = Path(name_or_run)
    if shipped.is_file():
        return read_safetensors(shipped)
    if (run / "best.ckpt").is_file():
        return _from_run(run)
    known = ", ".join(sorted(path.stem for path in MODELS.glob("*.safetensors")))
    raise UnknownName(
        f"{name_or_run!r} is neither a shipped network ({known}) nor a run folder with best.ckpt"
    )


def save_trained(trained: Trained, path: Path) -> None:
    """Write weights, recipe and facts as one safetensors file."""
    note = {"recipe": json.dumps(trained.recipe.as_dict()), "facts": json.dumps(trained.facts)}
    # Cloned: layers may share weights, and a safetensors file must not.
    state = trained.net.state_dict()
    tensors = {
        key: value.clone(memory_format=torch.contiguous_format) for key, value in state.items()
    }
    write_whole(path, save(tensors, metadata=note))


def read_safetensors(path: Path) -> Trained:
    """What `save_trained` wrote.

    Raises:
        BadModel: missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            note = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        recipe = recipe_of(json.loads(note["recipe"]))
        facts = json.loads(note["facts"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise BadModel(f"{path}: damaged weights ({error})") from error
    return Trained(_network(recipe, tensors, path), recipe, facts)


def _from_run(run: Path) -> Trained:
    try:
        recipe = recipe_of(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
        best, last = (load_checkpoint(run / name) for name in ("best.ckpt", "last.ckpt"))
        facts = {
            "best_step": best["step"],
            "best_loss": last["best"],
            "steps": last["step"],
            "hours": round(last["seconds"] / 3600, 3),
        }
        tensors = best.get("average") or best["net"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadModel(f"{run}: not a run of thermeld train, or damaged ({error!r})") from error
    return Trained(_network(recipe, tensors, run / "best.ckpt"), recipe, facts)


def load_checkpoint(path: Path) -> Any:
    """What a file of `torch.save` holds, tensors and plain values only: it can run no code.

    Raises:
        BadModel: missing, damaged, or a pickle of anything else.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        reason = str(error).partition("\n")[0]
        raise BadModel(f"{path}: not a PyTorch file of plain weights ({reason})") from error


def _network(recipe: Recipe, tensors: dict[str, Tensor], path: Path) -> nn.Module:
    try:
        net: nn.Module = lookup(networks(), recipe.network, "network")(**recipe.options)
        net.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(f"{path}: weights do not fit {recipe.network} ({error})") from error
    return net.eval()
