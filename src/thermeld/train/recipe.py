"""Recipes: what to train, on what, and how, as a TOML file that fits one screen."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.registry import lookup

Precision = Literal["32-true", "bf16-mixed"]
PRECISIONS = get_args(Precision)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, the machine apart.

    Attributes:
        name: of the result; the shipped file is NAME.onnx.
        network: key of the network table.
        options: keyword arguments of the network, as {"variant": "blend"}.
        layout: of the image set (camvid, voc).
        kinds: synthetic pairs to train on ("focus", "lighting"), in equal parts.
        crop_px: side of the training crops.
        batch: crops per step, over all processes.
        steps: optimiser steps in all.
        learning_rate: Adam's at the start; falls along a half cosine.
        final_learning_rate: where it ends.
        precision: "32-true" or "bf16-mixed" (autocast; weights stay float32).
        validate_every: steps between validations.
        validation_pairs: synthetic pairs of the validation split, the same each time.
        save_every: steps between checkpoints.
        seed: of weights and of every batch.
    """

    name: str
    network: str
    options: Mapping[str, Any]
    layout: str = "camvid"
    kinds: tuple[str, ...] = ("focus", "lighting")
    crop_px: int = 128
    batch: int = 8
    steps: int = 4000
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    precision: Precision = "bf16-mixed"
    validate_every: int = 200
    validation_pairs: int = 64
    save_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        positive = ("crop_px", "batch", "steps", "validate_every", "validation_pairs", "save_every")
        for field in positive:
            if getattr(self, field) < 1:
                raise BadSetting(f"{field} must be at least 1, got {getattr(self, field)}")
        if self.precision not in PRECISIONS:
            raise BadSetting(f"precision must be one of {PRECISIONS}, got {self.precision!r}")
        if not 0 < self.final_learning_rate <= self.learning_rate:
            raise BadSetting("learning rates must fall: 0 < final_learning_rate <= learning_rate")
        if self.batch % len(self.kinds):
            raise BadSetting(f"batch {self.batch} cannot be shared equally by {self.kinds}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and cards."""
        return {**asdict(self), "options": dict(self.options), "kinds": list(self.kinds)}


def shipped_recipes() -> dict[str, Path]:
    """Recipes in the package, by name."""
    folder = Path(str(files("thermeld.train") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_recipe(name_or_path: str, overrides: Mapping[str, str] | None = None) -> Recipe:
    """A shipped recipe by name, or one from a TOML file, with single keys overridden.

    Args:
        name_or_path: "mobilefuse" or "my/recipe.toml".
        overrides: values as typed on a command line, as {"steps": "200"}.

    Raises:
        UnknownName: no such recipe or key.
        UnreadableFile: the file is missing or not TOML.
        BadSetting: a value of the wrong type or an impossible one.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = lookup(shipped_recipes(), name_or_path, "recipe")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: not a readable recipe ({error})") from error
    known = {field.name for field in fields(Recipe)}
    for key in [*values, *(overrides or {})]:
        if key not in known:
            raise UnknownName(f"no recipe key named {key!r}; known: {', '.join(sorted(known))}")
    try:
        recipe = Recipe(**{**values, "kinds": tuple(values.get("kinds", Recipe.kinds))})
    except TypeError as error:
        raise BadSetting(f"{path}: {error}") from error
    return replace(
        recipe, **{key: _parsed(recipe, key, text) for key, text in (overrides or {}).items()}
    )


def _parsed(recipe: Recipe, key: str, text: str) -> Any:
    present = getattr(recipe, key)
    try:
        if isinstance(present, tuple):
            return tuple(text.split(","))
        if isinstance(present, Mapping):
            raise ValueError("give it in a recipe file")
        return type(present)(text)
    except ValueError as error:
        raise BadSetting(f"{key}={text!r}: {error}") from error
