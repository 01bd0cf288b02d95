"""Further files of one network: for grey visible images, and quantised (see `quantise`)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from thermeld.io.parts import write_whole
from thermeld.train.coarse import coarse_forms


@dataclass(frozen=True)
class Form:
    """A network in another form, to be written as a file of its own.

    Attributes:
        suffix: of the file's name.
        net: as it is exported.
        facts: for the card: channels, and what else tells it from the network itself.
    """

    suffix: str
    net: nn.Module
    facts: dict[str, Any]


def further_forms(net: nn.Module) -> list[Form]:
    """For a visible image without colour, and for maps at reduced scale, as far as there are."""
    make = getattr(net, "deployed_luminance", None)
    grey = make() if make else None
    forms = [Form("luma", grey, {"channels": grey.channels})] if grey else []
    for scale, coarse in coarse_forms(net).items():
        facts = {
            "channels": coarse.channels,
            "map_scale": scale,
            "reach_px": coarse.reach_px,
        }
        forms.append(Form(f"luma-{scale}", coarse, facts))
    return forms


def write_variant(card_path: Path, suffix: str, content: bytes, facts: Mapping[str, Any]) -> Path:
    """Write NAME-SUFFIX.onnx and name it in the card, in place of one of that name.

    Args:
        card_path: of the network's card, which exists.
        suffix: of the file's name.
        content: the ONNX file.
        facts: channels, precision and whatever was measured.
    """
    path = card_path.with_name(f"{card_path.stem}-{suffix}.onnx")
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **facts,
    }
    card = json.loads(card_path.read_text(encoding="utf-8"))
    others = [known for known in card.get("variants", ()) if known["file"] != path.name]
    card["variants"] = [*others, entry]
    write_whole(path, content)
    write_whole(card_path, (json.dumps(card, indent=2) + "\n").encode())
    return path
