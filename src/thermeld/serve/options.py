"""What a request may ask for beside its pictures, as the command line does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from thermeld.align import WEDGES, Aligner
from thermeld.align.files import number
from thermeld.align.rig import rig_from_facts
from thermeld.errors import BadSetting
from thermeld.fuse import COLORS, DEFAULT_METHOD, FITS
from thermeld.io import SUFFIXES

ALIGN_EACH = ("auto", "local")  # a warp found for every pair
FORMATS = {  # of results: what they are asked for by, and what they are announced as
    suffix.removeprefix("."): f"image/{kind}" for suffix, kind in SUFFIXES.items()
}


@dataclass(frozen=True)
class FuseOptions:
    """How a pair is fused and sent back; defaults as on the command line.

    Attributes:
        method: a name of the list of methods.
        color: see `Fuser`.
        fit: see `Fuser`.
        window: see `Fuser`.
        align: "auto" or "local" to find a warp for the pair, "" to take it as it is.
        warp: a warp's or rig's JSON to lay the infrared picture by; "" for none.
        distance: metres to the scene, for a rig that knows its baseline; "" for its own.
        wedges: what to show where the infrared camera did not look.
        map_scale: see `Fuser`.
        settings: of the method, a JSON object as text.
        format: of the answer, a key of FORMATS.
        quality: of JPEG, 1 to 100.
    """

    method: str = DEFAULT_METHOD
    color: str = COLORS[0]
    fit: str = ""
    window: str = "auto"
    align: str = ""
    warp: str = ""
    distance: str = ""
    wedges: str = WEDGES[0]
    map_scale: str = "1"
    settings: str = ""
    format: str = "png"
    quality: str = "95"

    def __post_init__(self) -> None:
        for name, known in (
            ("fit", ("", *FITS)),
            ("align", ("", *ALIGN_EACH)),
            ("format", tuple(FORMATS)),
        ):
            value = getattr(self, name)
            if value not in known:
                choices = ", ".join(filter(None, known))
                raise BadSetting(f"{name} must be one of {choices}, got {value!r}")
        if self.align and self.warp:
            raise BadSetting("align finds a warp and warp gives one; send one of the two")
        self.chosen_quality()

    def chosen_quality(self) -> int:
        """Of JPEG.

        Raises:
            BadSetting: not a whole number.
        """
        return whole_number("quality", self.quality, range(1, 101))

    def chosen_map_scale(self) -> int | str:
        """As `Fuser` takes it."""
        return int(self.map_scale) if self.map_scale in ("1", "2", "4") else self.map_scale

    def chosen_settings(self) -> dict[str, Any]:
        """Of the method.

        Raises:
            BadSetting: not a JSON object.
        """
        return json_object("settings", self.settings or "{}")

    def aligner(self) -> Aligner | None:
        """What lays the infrared picture on the visible one, if anything.

        Raises:
            BadSetting: the warp or the wedges are impossible.
        """
        if self.warp:
            rig = rig_from_facts(json_object("warp", self.warp))
            return Aligner(rig.at(self._metres()), wedges=self.wedges)
        if self.align:
            return Aligner(wedges=self.wedges, local=self.align == "local")
        return None

    def _metres(self) -> float | None:
        try:
            return number(float(self.distance), "distance") if self.distance else None
        except ValueError as error:
            raise BadSetting(f"distance must be a number, got {self.distance!r}") from error


@dataclass(frozen=True)
class ScoreOptions:
    """Which metrics, and whose formulas.

    Attributes:
        metrics: names, by commas; "" for all of the convention.
        convention: "" for each metric's default.
    """

    metrics: str = ""
    convention: str = ""

    def names(self) -> list[str] | None:
        """The metrics asked for; None for all."""
        return [name.strip() for name in self.metrics.split(",") if name.strip()] or None


@dataclass(frozen=True)
class AlignOptions:
    """How a warp is looked for; see `thermeld.align.estimate`.

    Attributes:
        model: "auto", "translation", "affine" or "homography".
        local: "true" to bend smoothly as well.
        window: which infrared values become black and white.
    """

    model: str = "auto"
    local: str = "false"
    window: str = "auto"

    def bends(self) -> bool:
        """Whether the warp may bend.

        Raises:
            BadSetting: neither true nor false.
        """
        if self.local not in ("true", "false"):
            raise BadSetting(f"local must be true or false, got {self.local!r}")
        return self.local == "true"


@dataclass(frozen=True)
class Route:
    """What a route takes.

    Attributes:
        pictures: names of its picture parts.
        needed: those that must be there.
        options: the class of its other parts.
        samples: a value of each option for the OpenAPI document.
    """

    pictures: tuple[str, ...]
    needed: tuple[str, ...]
    options: type[Any]
    samples: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, parts: Mapping[str, bytes]) -> Any:
        """The options among a request's parts, checked.

        Raises:
            BadSetting: a picture is missing, or an option is impossible.
        """
        for name in self.needed:
            if not parts.get(name):
                raise BadSetting(f"part {name!r} is missing; send the picture under that name")
        names = [each.name for each in fields(self.options)]
        return self.options(**{name: _text(name, parts[name]) for name in names if name in parts})


FUSE = Route(("ir", "vis"), ("ir",), FuseOptions, {"method": DEFAULT_METHOD, "format": "png"})
SCORE = Route(
    ("ir", "vis", "fused"), ("ir", "vis", "fused"), ScoreOptions, {"metrics": "EN,VIF,Qabf"}
)
ALIGN = Route(("ir", "vis"), ("ir", "vis"), AlignOptions, {"model": "auto"})


def whole_number(name: str, text: str, within: range) -> int:
    """A whole number as text.

    Raises:
        BadSetting: no whole number, or outside of `within`.
    """
    if text.isascii() and text.isdecimal() and len(text) < 12 and int(text) in within:
        return int(text)
    raise BadSetting(f"{name} must be a whole number of {within[0]}..{within[-1]}, got {text!r}")


def json_object(name: str, text: str) -> dict[str, Any]:
    """A JSON object as text.

    Raises:
        BadSetting: anything else.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSetting(f"{name} is not JSON; send an object, as {{}}") from error
    if not isinstance(found, dict):
        raise BadSetting(f"{name} must be a JSON object, as {{}}, got {type(found).__name__}")
    return found


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError as error:
        raise BadSetting(f"{name} is not UTF-8 text") from error
