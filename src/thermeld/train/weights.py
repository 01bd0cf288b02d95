"""Trained weights: out of a run folder, or the safetensors files of the package."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from thermeld.errors import BadModel, UnknownName
from thermeld.methods.neural import MODELS
from thermeld.train.nets import networks
from thermeld.train.recipe import Recipe, recipe_of


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
        return _from_safetensors(shipped)
    if (run / "best.ckpt").is_file():
        return _from_run(run)
    known = ", ".join(sorted(path.stem for path in MODELS.glob("*.safetensors")))
    raise UnknownName(
        f"{name_or_run!r} is neither a shipped network ({known}) nor a run folder with best.ckpt"
    )


def save_trained(trained: Trained, path: Path) -> None:
    """Write weights, recipe and facts as one safetensors file."""
    note = {"recipe": json.dumps(trained.recipe.as_dict()), "facts": json.dumps(trained.facts)}
    tensors = {key: value.contiguous() for key, value in trained.net.state_dict().items()}
    temporary = path.with_name(path.name + ".part")
    save_file(tensors, temporary, metadata=note)
    temporary.replace(path)


def _from_safetensors(path: Path) -> Trained:
    try:
        with safe_open(path, framework="pt") as file:
            note = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        recipe = recipe_of(json.loads(note["recipe"]))
        facts = json.loads(note["facts"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise BadModel(f"{path}: damaged weights ({error})") from error
    return Trained(_network(recipe, tensors, path), recipe, facts)


def _from_run(run: Path) -> Trained:
    recipe = recipe_of(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
    best = torch.load(run / "best.ckpt", map_location="cpu", weights_only=True)
    last = torch.load(run / "last.ckpt", map_location="cpu", weights_only=True)
    facts = {
        "best_step": best["step"],
        "best_loss": last["best"],
        "steps": last["step"],
        "hours": round(last["seconds"] / 3600, 3),
    }
    tensors = best.get("average") or best["net"]
    return Trained(_network(recipe, tensors, run / "best.ckpt"), recipe, facts)


def _network(recipe: Recipe, tensors: dict[str, Tensor], path: Path) -> nn.Module:
    net: nn.Module = networks()[recipe.network](**recipe.options)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise BadModel(f"{path}: weights do not fit {recipe.network} ({error})") from error
    return net.eval()
