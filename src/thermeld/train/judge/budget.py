"""What each training of the judge may cost: the published settings, a cheap set, or a file."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import cos, pi
from pathlib import Path
from typing import Any, get_args

from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.registry import lookup
from thermeld.train.recipe import Optimiser, Precision, Recipe

Pair = tuple[float, float]
WARM_SHARE, WARM_FROM = 0.03, 0.1  # of the steps; of the rate
LAST_SHARE, LAST_RATE = 0.05, 0.01


@dataclass(frozen=True)
class Budget:
    """How the judge is trained; the defaults are those of the public code (see `deeplab`).

    Attributes:
        name: of the budget, for tables.
        epochs: how often every training pair is seen.
        batch: crops per step.
        reduce: by how much pictures are reduced before anything else; labels to judge by are not.
        crop: height and width of a training crop.
        box: height and width into which whole pictures are fitted to be judged.
        scale: of a picture in training, from and to; 1 fills the box.
        aspect: how far its aspect ratio is pulled, as a share.
        hue: how far hues turn, as a share of the circle.
        saturation: by how much colours fade or deepen, at most.
        value: by how much pictures darken or brighten, at most.
        optimiser: "sgd" (Nesterov, momentum 0.9), "adam" or "adamw".
        rate: learning rate after the warm-up.
        weight_decay: of convolution weights.
        precision: "32-true" or "bf16-mixed".
        start_epochs: epochs on blends of the sources, once, that all trainings start from; 0 for
            random weights.
        start_rate: learning rate of those.
    """

    name: str = "published"
    epochs: int = 100
    batch: int = 4
    reduce: int = 1
    crop: tuple[int, int] = (512, 512)
    box: tuple[int, int] = (512, 512)
    scale: Pair = (0.25, 2.0)
    aspect: float = 0.3
    hue: float = 0.1
    saturation: float = 1.5
    value: float = 1.5
    optimiser: Optimiser = "sgd"
    rate: float = 1.75e-3  # 7e-3 times batch / 16
    weight_decay: float = 1e-4
    precision: Precision = "32-true"
    start_epochs: int = 0
    start_rate: float = 1e-3

    def __post_init__(self) -> None:
        least = {
            "epochs": 1,
            "batch": 2,
            "reduce": 1,
            "start_epochs": 0,
        }  # a batch of 1 has no spread
        for key, low in least.items():
            if getattr(self, key) < low:
                raise BadSetting(f"{key} must be at least {low}, got {getattr(self, key)}")
        if min(*self.crop, *self.box) < 32:
            raise BadSetting("crop and box must be at least 32 pixels high and wide")
        if not 0 < self.scale[0] <= self.scale[1] or not 0 <= self.aspect < 1:
            raise BadSetting("scale must rise from above 0, aspect lie in [0, 1)")
        if min(self.saturation, self.value) < 1 or min(self.rate, self.start_rate) <= 0:
            raise BadSetting("saturation and value must be at least 1, rates above 0")
        for key, known in (("optimiser", Optimiser), ("precision", Precision)):
            if getattr(self, key) not in get_args(known):
                raise BadSetting(f"{key} must be one of {', '.join(get_args(known))}")

    def steps(self, pairs: int) -> int:
        """Steps of one training on so many pairs; what fills no batch waits for the next epoch."""
        return self.epochs * max(1, pairs // self.batch)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON gives them back."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    def recipe(self, name: str, *, pairs: int, seed: int) -> Recipe:
        """One training as the loop wants it told."""
        steps = self.steps(pairs)
        return Recipe(
            name=name,
            network="deeplab-segmenter",
            task="judge",
            settings=self.as_dict(),
            crop_px=self.crop[0],
            batch=self.batch,
            steps=steps,
            optimiser=self.optimiser,
            learning_rate=self.rate,
            final_learning_rate=LAST_RATE * self.rate,
            weight_decay=self.weight_decay,
            precision=self.precision,
            validate_every=max(500, steps),  # at the end alone: nothing is chosen by it
            save_every=100,
            seed=seed,
        )


PUBLISHED = Budget()
SMALL = Budget(
    name="small",
    epochs=6,
    reduce=2,
    crop=(192, 192),
    box=(240, 320),
    scale=(0.7, 1.5),
    optimiser="adam",
    rate=5e-4,
    precision="bf16-mixed",
    start_epochs=6,
)
BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in (PUBLISHED, SMALL)}


def read_budget(name_or_path: str) -> Budget:
    """A budget by name, or a TOML file of what differs from the one it names as `base`.

    Raises:
        UnknownName: no such budget or key.
        UnreadableFile: the file is missing or not TOML.
        BadSetting: a value of the wrong type, or an impossible one.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        return lookup(BUDGETS, name_or_path, "budget")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: not a readable budget ({error})") from error
    base = lookup(BUDGETS, str(values.pop("base", PUBLISHED.name)), "budget").as_dict()
    known = {field.name for field in fields(Budget)}
    for key in values:
        if key not in known:
            raise UnknownName(
                f"no key of a budget named {key!r}; known: {', '.join(sorted(known))}"
            )
    return budget_of({**base, "name": path.stem, **values})


def budget_of(values: Mapping[str, Any]) -> Budget:
    """A budget from plain values.

    Raises:
        BadSetting: a value of the wrong type, or an impossible one.
    """
    default = PUBLISHED.as_dict()
    typed: dict[str, Any] = {}
    for key, value in values.items():
        wanted = default[key]
        whole = isinstance(wanted, float) and type(value) is int
        pair = isinstance(wanted, list) and isinstance(value, list) and len(value) == 2
        if not (whole or type(value) is type(wanted)) or isinstance(wanted, list) != pair:
            raise BadSetting(f"budget: {key} is as {wanted!r}, got {value!r}")
        typed[key] = tuple(value) if pair else value
    try:
        return Budget(**typed)
    except TypeError as error:  # a pair of something else than numbers
        raise BadSetting(f"budget: {error}") from error


def rate_at(rate: float, number: int, steps: int) -> float:
    """Learning rate of step `number` of `steps`, counted from 0.

    Rises as a square over the first 3 %, falls along half a cosine, rests for the last 5 %: the
    3 warm-up and 5 last epochs of 100 of the public code, by steps instead of epochs.
    """
    warm, rest = WARM_SHARE * steps, LAST_SHARE * steps
    if number < warm:
        return rate * (WARM_FROM + (1 - WARM_FROM) * (number / warm) ** 2)
    if number >= steps - rest:
        return LAST_RATE * rate
    done = (number - warm) / (steps - warm - rest)
    return rate * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * done)))
