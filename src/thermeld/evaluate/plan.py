"""What to measure: a plan, and the tasks it comes to."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from thermeld.data.sets import PairSet, fingerprint
from thermeld.errors import BadSetting
from thermeld.evaluate.entrants import Entrant
from thermeld.io import Pair
from thermeld.metrics import CONVENTIONS
from thermeld.metrics.scoring import names_in
from thermeld.registry import find_metric, lookup


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        sets: of pairs.
        entrants: in the order of the table.
        metrics: names; all that the convention has and that need no labels if empty.
        convention: a key of `CONVENTIONS`.
        window: which infrared values become black and white, as of `Fuser`.
        fit: what to do when sizes differ, as of `Fuser`.
    """

    sets: tuple[PairSet, ...]
    entrants: tuple[Entrant, ...]
    metrics: tuple[str, ...]
    convention: str
    window: str = "auto"
    fit: str | None = None

    def __post_init__(self) -> None:
        lookup(CONVENTIONS, self.convention, "convention of metrics")
        known = names_in(self.convention, labelled=True)
        asked = tuple(find_metric(name).card.name for name in self.metrics)
        names = asked or tuple(names_in(self.convention))
        for name in names:
            if name not in known:
                raise BadSetting(f"{name} does not exist in convention {self.convention}")
        object.__setattr__(self, "metrics", names)
        _require_different("method", [entrant.label for entrant in self.entrants])
        _require_different("set", [pairs.name for pairs in self.sets])
        if not (self.sets and self.entrants):
            raise BadSetting("nothing to measure: name a set (--sets) and a method (--methods)")


def _require_different(kind: str, names: list[str]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadSetting(f"two of them are called {twice[0]}; give each {kind} a name of its own")


@dataclass(frozen=True)
class Task:
    """One image to fuse and score; small, for it travels to a worker."""

    set: str
    pair: Pair
    entrant: Entrant
    metrics: tuple[str, ...]
    convention: str
    window: str
    fit: str | None
    made: Mapping[str, Any] = field(compare=False, default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the journal knows it by."""
        return (self.set, self.pair.stem, self.entrant.label, self.convention)


def only_common(pairs: PairSet, given: Iterable[Entrant]) -> PairSet:
    """The pairs of a set for which all who gave images gave one.

    Raises:
        BadSetting: there is no such pair.
    """
    kept = tuple(pair for pair in pairs.pairs if all(e.has(pairs.name, pair.stem) for e in given))
    if not kept:
        raise BadSetting(f"no pair of {pairs.name} has an image in every --fused folder")
    return PairSet(pairs.name, kept, pairs.lonely)


def tasks_of(plan: Plan) -> Iterator[Task]:
    """All (set, image, method) of a plan; images in order, the methods of each together.

    Raises:
        UnreadableFile: a source cannot be read.
    """
    facts = {entrant: entrant.facts() for entrant in plan.entrants}
    common = {"window": plan.window, "fit": plan.fit, "version": version("thermeld")}
    for pairs in plan.sets:
        for pair in pairs.pairs:
            sources = fingerprint(pair)
            for entrant in plan.entrants:
                made = {**facts[entrant], **common, "sources": sources}
                if entrant.given:
                    made["checksum"] = _given_checksum(entrant, pairs.name, pair.stem)
                yield Task(
                    pairs.name, pair, entrant, plan.metrics, plan.convention, plan.window,
                    plan.fit, made,
                )  # fmt: skip


def _given_checksum(entrant: Entrant, set_name: str, stem: str) -> str:
    if not entrant.has(set_name, stem):
        return ""  # measuring it will say so, and that is recorded
    return hashlib.sha256(entrant.file(set_name, stem).read_bytes()).hexdigest()
