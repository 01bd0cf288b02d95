"""What is to be judged: labelled pairs, entrants, seeds; and the trainings it comes to."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from thermeld.data.segmentation import CONVENTION, VALUES, files_beside
from thermeld.errors import BadSetting
from thermeld.evaluate.entrants import Entrant
from thermeld.train.judge.budget import Budget
from thermeld.train.judge.data import Pixels
from thermeld.train.judge.inputs import (
    LabelledPairs,
    facts_of,
    fingerprint_of,
    images_of,
    labelled,
)


@dataclass(frozen=True)
class Plan:
    """What to judge.

    Attributes:
        train: labelled pairs to learn from.
        val: labelled pairs to be judged by.
        entrants: methods, folders of images, and the sources by themselves.
        budget: of each training.
        seeds: one training each; all entrants in one seed come before the next seed.
        window: which infrared values become black and white, as of `Fuser`.
    """

    train: LabelledPairs
    val: LabelledPairs
    entrants: tuple[Entrant, ...]
    budget: Budget
    seeds: tuple[int, ...] = (0, 1, 2)
    window: str = "auto"

    def __post_init__(self) -> None:
        labels = [entrant.label for entrant in self.entrants]
        twice = [label for label in labels if labels.count(label) > 1]
        if twice:
            raise BadSetting(f"two methods are called {twice[0]}; give each a name of its own")
        if not labels or not self.seeds:
            raise BadSetting("nothing to judge: name a method (--methods) and a seed (--seeds)")

    @property
    def steps(self) -> int:
        """Of one training."""
        return self.budget.steps(len(self.train.pairs))

    def images(self, entrant: Entrant, part: LabelledPairs, out: Path) -> tuple[Pixels, ...]:
        """An entrant's images of one split, kept beside the table `out`.

        Raises:
            FusionError: as `images_of`.
        """
        cache = files_beside(out) / "fused"
        reduce = self.budget.reduce
        return images_of(entrant, part, window=self.window, reduce=reduce, cache=cache)


@dataclass(frozen=True)
class Training:
    """One method with one seed, as the journal knows it."""

    key: tuple[str, str, str, str]
    made: Mapping[str, Any]
    entrant: Entrant
    seed: int
    metrics: tuple[str, ...] = VALUES

    @property
    def digest(self) -> str:
        """Of everything that decides it: the name of its run folder."""
        text = json.dumps([self.key, self.made, self.seed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_for(name: str, entrants: tuple[Entrant, ...], *, data: Path, **more: Any) -> Plan:
    """A plan over the splits of a labelled set.

    Raises:
        BadSetting: a set without labels; two entrants of one name.
        UnknownName, UnreadableFile: no such set.
    """
    train_pairs, val_pairs = labelled(name, data)
    return Plan(train_pairs, val_pairs, entrants, **more)


def trainings_of(plan: Plan) -> Iterator[Training]:
    """All (seed, entrant), seed by seed, so that a stop leaves whole seeds.

    Raises:
        FusionError: a method that does not exist; an image that was not given.
    """
    parts = (plan.train, plan.val)
    common = {"sources": fingerprint_of(parts), "version": version("thermeld")}
    facts = {entrant: facts_of(entrant, parts) for entrant in plan.entrants}
    for seed in plan.seeds:
        for entrant, known in facts.items():
            settings = {"budget": plan.budget.as_dict(), "trained on": plan.train.name}
            settings |= {"window": plan.window, "method": json.loads(known["settings"])}
            made = {**known, **common, "settings": json.dumps(settings, sort_keys=True)}
            key = (plan.val.name, f"seed {seed}", entrant.label, CONVENTION)
            yield Training(key, made, entrant, seed)
