"""One table for methods and one for metrics: plain dicts, filled by a decorator.

A method is added by writing it in a file of `thermeld.methods` under `@method(...)`; nothing
else has to be touched. What is known about it is data (its card), so lists, reports, tiling
and documentation read it instead of repeating it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from types import ModuleType
from typing import Any, Literal, Protocol, TypeVar

from thermeld.errors import BadSetting, MissingExtra, UnknownName
from thermeld.image import Gray, Image

T = TypeVar("T")
Rule = TypeVar("Rule", bound=Callable[..., Gray])
Score = TypeVar("Score", bound=Callable[..., float])


class PlaneFusion(Protocol):
    """Two luminance planes to one: float32 (H, W) in [0, 1], three times."""

    def __call__(self, ir: Gray, vis: Gray) -> Gray:
        """Fuse one aligned pair of planes."""
        ...


class BlendingFusion(PlaneFusion, Protocol):
    """A method whose result is `map * ir + (1 - map) * vis` and that can say which map."""

    def blending_map(self, ir: Gray, vis: Image) -> Gray:
        """Share of infrared, float32 (H, W) in [0, 1]; `vis` may be (H, W) or (H, W, 3)."""
        ...


@dataclass(frozen=True)
class MethodCard:
    """What is known about a method.

    Attributes:
        name: how users ask for it.
        family: floor, pyramid, neural, ...
        summary: one line for lists.
        source: paper and equations, or where the rule comes from.
        reach_px: how far from a pixel its result can depend on the input; None = on all of it.
        align_px: tiles must start at multiples of this (pyramids and wavelets decimate).
        blends: the method can give a blending map.
        parameters: learned numbers; 0 for a rule.
        licence: of the weights and of what they were learned from; "" for a rule.
        needs: the extra that must be installed, or None.
    """

    name: str
    family: str
    summary: str
    source: str
    reach_px: int | None = 0
    align_px: int = 1
    blends: bool = False
    parameters: int = 0
    licence: str = ""
    needs: str | None = None


@dataclass(frozen=True)
class Method:
    """A card, how to build the callable, and the settings it takes with their defaults.

    `build(threads=..., **settings)` gives a `PlaneFusion`; `threads` = 0 means all cores.
    `checksum` is the SHA-256 of its weights, "" for a rule. `joint`: what is built also takes
    (H, W, 3) twice and fuses the three channels as one problem, not as three.
    """

    card: MethodCard
    build: Callable[..., PlaneFusion]
    settings: Mapping[str, Any]
    checksum: str = ""
    joint: bool = False


METHODS: dict[str, Method] = {}


def add_method(entry: Method) -> None:
    """Put a method into the table; two of one name are our own mistake."""
    if entry.card.name in METHODS:
        raise ValueError(f"two methods are named {entry.card.name!r}")
    METHODS[entry.card.name] = entry


def method(name: str, *, joint: bool = False, **card: Any) -> Callable[[Rule], Rule]:
    """Register a function `(ir, vis, *, setting=default, ...) -> fused` as a method.

    Its keyword-only arguments become settings; the first docstring line the summary.
    `joint` is as of `Method`; `card` holds the remaining fields of `MethodCard`.
    """

    def register(rule: Rule) -> Rule:
        settings = keyword_defaults(rule)

        def build(*, threads: int = 0, **chosen: Any) -> PlaneFusion:
            return partial(rule, **checked_settings(chosen, settings, name))

        summary = (rule.__doc__ or "").partition("\n")[0]
        card_of_it = MethodCard(name=name, summary=summary, **card)
        add_method(Method(card_of_it, build, settings, joint=joint))
        return rule

    return register


@dataclass(frozen=True)
class MetricCard:
    """What is known about a metric.

    Attributes:
        name: how users and tables call it.
        summary: one line for lists.
        better: which way is better.
        range: the values it can take, with their unit.
        formula: the default convention's, written out in plain text.
        source: the paper it comes from.
        conventions: what is computed under each published convention; the first is the default.
        why: why that one is the default.
        fooled_by: what it rewards although no one would call the image better.
        also: other names of it in published tables.
        symmetric: the same value when infrared and visible change places.
        labelled: it needs a label map beside the three images, and the rule takes that too.
    """

    name: str
    summary: str
    better: Literal["higher", "lower"]
    range: str
    formula: str
    source: str
    conventions: Mapping[str, str]
    why: str
    fooled_by: str
    also: tuple[str, ...] = ()
    symmetric: bool = True
    labelled: bool = False

    @property
    def default(self) -> str:
        """The convention that is meant when none is named."""
        return next(iter(self.conventions))


@dataclass(frozen=True)
class Metric:
    """A card and the rule `(ir, vis, fused, convention) -> float` it describes.

    Of labelled metrics the rule is `(ir, vis, fused, labels, convention) -> float`.
    """

    card: MetricCard
    rule: Callable[..., float]


METRICS: dict[str, Metric] = {}
LABELLED: dict[str, Metric] = {}  # those that need a label map


def metric(name: str, **card: Any) -> Callable[[Score], Score]:
    """Register a function `(ir, vis, fused, convention) -> float` as a metric.

    The first docstring line becomes the summary; `card` holds the other fields of `MetricCard`.
    """

    def register(rule: Score) -> Score:
        if name in METRICS | LABELLED:
            raise ValueError(f"two metrics are named {name!r}")
        summary = (rule.__doc__ or "").partition("\n")[0]
        entry = Metric(MetricCard(name=name, summary=summary, **card), rule)
        (LABELLED if entry.card.labelled else METRICS)[name] = entry
        return rule

    return register


def find_metric(name: str) -> Metric:
    """The metric of that name, or of that other name in published tables.

    Raises:
        UnknownName: with the nearest spelling.
    """
    known = METRICS | LABELLED
    names = {other: entry for entry in known.values() for other in entry.card.also}
    return lookup(names | known, name, "metric")


def keyword_defaults(rule: Callable[..., Any]) -> dict[str, Any]:
    """The keyword-only arguments of a function and their defaults."""
    return {
        argument.name: argument.default
        for argument in signature(rule).parameters.values()
        if argument.kind is Parameter.KEYWORD_ONLY
    }


def checked_settings(
    chosen: Mapping[str, Any], defaults: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Settings as chosen, each of a known name and of its default's type.

    Raises:
        UnknownName: the method has no such setting.
        BadSetting: a value has another type than the default.
    """
    for key, value in chosen.items():
        default = lookup(defaults, key, f"setting of {name}")
        fits = isinstance(value, type(default)) or (
            isinstance(default, float) and isinstance(value, int)
        )
        if not fits or isinstance(value, bool) != isinstance(default, bool):
            wanted = type(default).__name__
            raise BadSetting(f"setting {key} of {name} takes {wanted}, got {value!r}")
    return dict(chosen)


def lookup(table: Mapping[str, T], name: str, kind: str) -> T:
    """The entry of that name.

    Raises:
        UnknownName: with the nearest spelling, or the list of what there is.
    """
    if name in table:
        return table[name]
    near = get_close_matches(name, table, n=1)
    known = ", ".join(sorted(table)) or "none"
    hint = f"did you mean {near[0]!r}?" if near else f"known: {known}"
    raise UnknownName(f"no {kind} named {name!r}; {hint}")


def need(module: str, extra: str) -> ModuleType:
    """Import an optional dependency.

    Raises:
        MissingExtra: it is not installed; the message says which extra brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"this needs {module}; install it with: pip install 'thermeld[{extra}]'"
        ) from error
