"""Further files of one network: for grey visible images, and quantised (see `quantise`)."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn


def luminance_net(net: nn.Module) -> nn.Module | None:
    """The network as shipped for a visible image without colour, if it has such a form."""
    make = getattr(net, "deployed_luminance", None)
    return make() if make else None


def write_variant(
    card_path: Path, suffix: str, content: bytes, channels: Mapping[str, int], **facts: Any
) -> Path:
    """Write NAME-SUFFIX.onnx and name it in the card, in place of one of that name.

    Args:
        card_path: of the network's card, which exists.
        suffix: of the file's name.
        content: the ONNX file.
        channels: of its inputs.
        facts: precision and whatever was measured.
    """
    path = card_path.with_name(f"{card_path.stem}-{suffix}.onnx")
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "channels": dict(channels),
        **facts,
    }
    card = json.loads(card_path.read_text(encoding="utf-8"))
    others = [known for known in card.get("variants", ()) if known["file"] != path.name]
    card["variants"] = [*others, entry]
    for target, data in (
        (path, content),
        (card_path, (json.dumps(card, indent=2) + "\n").encode()),
    ):
        temporary = target.with_name(target.name + ".part")
        temporary.write_bytes(data)
        temporary.replace(target)
    return path
