"""Who fuses: methods by name, or folders of images that others fused."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.fuse import COLORS, find_method

FLOORS = ("average", "maximum", "laplacian", "laplacian-4")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


@dataclass(frozen=True)
class Entrant:
    """Whoever fuses: one of our methods, or a folder of images that others fused.

    Attributes:
        label: what the table calls it.
        method: a name of `thermeld.list_methods()` or an ONNX file; "" for given images.
        color: as of `Fuser`, or "given".
        given: folder of fused images, or a pattern as "fused/{set}/{stem}_IFCNN.jpg".
    """

    label: str
    method: str = ""
    color: str = "ycbcr"
    given: str = ""

    @classmethod
    def parse(cls, text: str, *, color: str = "ycbcr") -> "Entrant":
        """Read "NAME" or "NAME@COLOR"; where a method cannot blend, `color` blend means ycbcr.

        Raises:
            UnknownName, BadModel: no such method.
            BadSetting: no such colour mode, or the method cannot do it.
        """
        name, sign, asked = text.partition("@")
        card = find_method(name).card
        fallback = "ycbcr" if color == "blend" and not card.blends else color
        chosen = asked if sign else fallback
        if chosen not in COLORS or (chosen == "blend" and not card.blends):
            known = [mode for mode in COLORS if mode != "blend" or card.blends]
            raise BadSetting(f"{text}: the colour modes of {card.name} are {', '.join(known)}")
        return cls(f"{card.name}@{asked}" if sign else card.name, name, chosen)

    @classmethod
    def parse_given(cls, text: str) -> "Entrant":
        """Read "NAME=DIR" or "NAME=PATTERN".

        Raises:
            BadSetting: anything else.
        """
        label, sign, given = text.partition("=")
        if not sign or not label or not given:
            raise BadSetting(f"--fused takes NAME=DIR, got {text!r}")
        return cls(label, color="given", given=given)

    def facts(self) -> dict[str, Any]:
        """Settings, parameters, and a checksum over card and weights; the same for all images."""
        if self.given:
            return {"color": "given", "settings": "{}", "parameters": -1, "checksum": ""}
        entry = find_method(self.method)
        settings = json.dumps(dict(entry.settings), sort_keys=True)
        card = json.dumps(asdict(entry.card), sort_keys=True)
        whole = "\n".join((card, settings, entry.checksum))
        return {
            "color": self.color,
            "settings": settings,
            "parameters": entry.card.parameters,
            "checksum": hashlib.sha256(whole.encode()).hexdigest(),
        }

    def file(self, set_name: str, stem: str) -> Path:
        """The fused image that was given for a pair.

        Raises:
            UnreadableFile: there is none.
        """
        found = next((path for path in self._places(set_name, stem) if path.is_file()), None)
        if found is None:
            raise UnreadableFile(f"{self.given}: holds no fused image of {stem}")
        return found

    def has(self, set_name: str, stem: str) -> bool:
        """Whether a fused image was given for a pair."""
        return any(path.is_file() for path in self._places(set_name, stem))

    def _places(self, set_name: str, stem: str) -> Iterator[Path]:
        if "{stem}" in self.given:
            yield Path(self.given.replace("{stem}", stem).replace("{set}", set_name))
            return
        for folder in (Path(self.given) / set_name, Path(self.given)):
            yield from (folder / f"{stem}{suffix}" for suffix in IMAGE_SUFFIXES)


def entrants_of(
    names: Iterable[str], *, color: str = "ycbcr", floors: bool = True
) -> tuple[Entrant, ...]:
    """Methods by name, before them the floors that every table needs.

    Raises:
        FusionError: as `Entrant.parse`.
    """
    wanted = dict.fromkeys([*(FLOORS if floors else ()), *names])
    return tuple(Entrant.parse(name, color=color) for name in wanted)
