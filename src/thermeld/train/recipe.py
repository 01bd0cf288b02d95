"""Recipes: what to train, on what, and how, as a TOML file that fits one screen."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.registry import lookup

Precision = Literal["32-true", "bf16-mixed"]
Optimiser = Literal["adam", "adamw", "sgd"]
Schedule = Literal["cosine", "linear", "constant"]
PRECISIONS, OPTIMISERS, SCHEDULES = (get_args(kind) for kind in (Precision, Optimiser, Schedule))
LISTS = ("kinds", "sets")
DEEPEST = 4  # recipes that build on one another


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, the machine apart.

    Attributes:
        name: of the result; the shipped file is NAME.onnx.
        network: key of the network table.
        options: keyword arguments of the network, as {"variant": "blend"}.
        task: what a step is, key of the table in `train/tasks`.
        settings: what only that task knows, as {"structure": 1.0}.
        layout: of the image set with masks (camvid, voc), for synthetic pairs.
        kinds: synthetic pairs to train on ("focus", "lighting"), in equal parts.
        sets: registered pairs to train on, folders below the one that holds the data.
        crop_px: side of the training crops.
        batch: crops per step, over all processes.
        steps: optimiser steps in all.
        optimiser: "adam", "adamw" or "sgd" (momentum as `beta1`).
        learning_rate: at the start, after `warmup_steps` of rising.
        final_learning_rate: where it ends.
        schedule: how it falls: along half a "cosine", "linear", or not ("constant").
        warmup_steps: steps in which the rate rises from 0.
        beta1: share of the past in the mean of gradients.
        weight_decay: of convolution weights alone.
        clip: largest norm of a gradient; 0 leaves it as it is.
        average: share of the past in a running average of the weights, which is what is
            validated and shipped; 0 for none.
        precision: "32-true" or "bf16-mixed" (autocast; weights stay float32).
        validate_every: steps between validations.
        validation_pairs: synthetic pairs of the validation split, the same each time.
        save_every: steps between checkpoints.
        seed: of weights and of every batch.
        card: what only people know of the result, for its card: summary, source, licence.
    """

    name: str
    network: str
    options: Mapping[str, Any] = field(default_factory=dict)
    task: str = "synthetic"
    settings: Mapping[str, Any] = field(default_factory=dict)
    layout: str = "camvid"
    kinds: tuple[str, ...] = ("focus", "lighting")
    sets: tuple[str, ...] = ("msrs", "roadscene", "llvip")
    crop_px: int = 128
    batch: int = 8
    steps: int = 4000
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    schedule: Schedule = "cosine"
    warmup_steps: int = 0
    beta1: float = 0.9
    weight_decay: float = 0.0
    clip: float = 0.0
    average: float = 0.0
    precision: Precision = "bf16-mixed"
    validate_every: int = 200
    validation_pairs: int = 64
    save_every: int = 100
    seed: int = 0
    card: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positive = ("crop_px", "batch", "steps", "validate_every", "validation_pairs", "save_every")
        for key in positive:
            if getattr(self, key) < 1:
                raise BadSetting(f"{key} must be at least 1, got {getattr(self, key)}")
        choices = {"precision": PRECISIONS, "optimiser": OPTIMISERS, "schedule": SCHEDULES}
        for key, known in choices.items():
            if getattr(self, key) not in known:
                raise BadSetting(f"{key} must be one of {known}, got {getattr(self, key)!r}")
        self._require_shares()

    def _require_shares(self) -> None:
        for key in ("average", "beta1"):
            if not 0 <= getattr(self, key) < 1:
                raise BadSetting(f"{key} must lie in [0, 1), got {getattr(self, key)}")
        if not 0 < self.final_learning_rate <= self.learning_rate:
            raise BadSetting("learning rates must fall: 0 < final_learning_rate <= learning_rate")
        if self.task == "synthetic" and self.batch % len(self.kinds):
            raise BadSetting(f"batch {self.batch} cannot be shared equally by {self.kinds}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and cards."""
        return {**asdict(self), **{key: list(getattr(self, key)) for key in LISTS}}


def recipe_of(values: Mapping[str, Any]) -> Recipe:
    """A recipe from plain values, as `Recipe.as_dict` gives them and TOML files hold them.

    Raises:
        BadSetting: a key is missing or unknown, or a value impossible.
    """
    lists = {key: tuple(values[key]) for key in LISTS if key in values}
    try:
        return Recipe(**{**values, **lists})
    except TypeError as error:
        raise BadSetting(str(error)) from error


def shipped_recipes() -> dict[str, Path]:
    """Recipes in the package, by name."""
    folder = Path(str(files("thermeld.train") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_recipe(name_or_path: str, overrides: Mapping[str, str] | None = None) -> Recipe:
    """A shipped recipe by name, or one from a TOML file, with single keys overridden.

    A file may name another recipe as `base` and give only what differs.

    Args:
        name_or_path: "mobilefuse" or "my/recipe.toml".
        overrides: values as typed on a command line, as {"steps": "200"}.

    Raises:
        UnknownName: no such recipe or key.
        UnreadableFile: the file is missing or not TOML.
        BadSetting: a value of the wrong type or an impossible one.
    """
    values = _values(name_or_path)
    known = {entry.name for entry in fields(Recipe)}
    for key in [*values, *(overrides or {})]:
        if key not in known:
            raise UnknownName(f"no recipe key named {key!r}; known: {', '.join(sorted(known))}")
    try:
        recipe = recipe_of(values)
    except BadSetting as error:
        raise BadSetting(f"{name_or_path}: {error}") from error
    return replace(
        recipe, **{key: _parsed(recipe, key, text) for key, text in (overrides or {}).items()}
    )


def _values(name_or_path: str, depth: int = 0) -> dict[str, Any]:
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = lookup(shipped_recipes(), name_or_path, "recipe")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableFile(f"{path}: not a readable recipe ({error})") from error
    base = values.pop("base", None)
    if base is None:
        return values
    if depth == DEEPEST:
        raise BadSetting(f"{path}: its base has a base has a base...; give the keys themselves")
    return {**_values(str(base), depth + 1), **values}


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
