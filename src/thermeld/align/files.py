"""Warps as JSON text, and back; a stranger's file is read with care.

{"thermeld": "warp", "version": 1, "ir_size": [480, 640], "vis_size": [480, 640],
 "matrix": [[...], [...], [...]], "local": null, "lens": null}
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermeld.align.warp import MAX_NODES, Lens, Warp
from thermeld.errors import BadSetting, UnreadableFile, UnwritableFile

VERSION = 1
MAX_BYTES = 1_000_000  # a full local grid takes 200 kB
LENS_FIELDS = ("focal_px", "centre", "k1", "k2", "k3")


def warp_to_json(warp: Warp, **notes: Any) -> str:
    """A warp as JSON text.

    Args:
        warp: what to keep.
        notes: further plain values for people to read; reading passes them over.
    """
    facts = {"thermeld": "warp", "version": VERSION, **warp_facts(warp), **notes}
    return json.dumps(facts, indent=1, allow_nan=False) + "\n"


def require_free(path: Path, overwrite: bool) -> None:
    """Refuse, before any work, a place where no JSON file can or should be written.

    Raises:
        UnwritableFile: the name does not end with .json, or the file is there already.
    """
    if path.suffix.lower() != ".json":
        raise UnwritableFile(f"{path}: the name must end with .json")
    if path.exists() and not (overwrite and path.is_file()):
        raise UnwritableFile(f"{path}: exists; name another file, or replace it with --overwrite")


def write_text(path: Path, text: str, *, overwrite: bool = False) -> Path:
    """Write a warp's or rig's text, wholly or not at all; missing folders are made.

    Raises:
        UnwritableFile: see `require_free`; or the system refuses.
    """
    require_free(path, overwrite)
    unfinished = path.with_name(f".{token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableFile(
            f"{path}: cannot be written ({error.strerror}); check access rights and free space"
        ) from error
    return path


def warp_facts(warp: Warp) -> dict[str, Any]:
    """A warp as plain values."""
    lens = None
    if warp.lens is not None:
        lens = {name: getattr(warp.lens, name) for name in LENS_FIELDS}
    return {
        "ir_size": list(warp.ir_size),
        "vis_size": list(warp.vis_size),
        "matrix": warp.matrix.tolist(),
        "local": None if warp.local is None else np.round(warp.local, 3).tolist(),
        "lens": lens,
    }


def warp_from_facts(facts: Mapping[str, Any]) -> Warp:
    """The warp that plain values state.

    Raises:
        BadSetting: something is missing, of a wrong kind, or impossible.
    """
    return Warp(
        numbers(facts.get("matrix"), (3, 3), "matrix"),
        _size(facts.get("ir_size"), "ir_size"),
        _size(facts.get("vis_size"), "vis_size"),
        local=_local(facts.get("local")),
        lens=_lens(facts.get("lens")),
    )


def read_facts(path: Path, kinds: Sequence[str]) -> dict[str, Any]:
    """The object in a JSON file of ours.

    Args:
        path: the file.
        kinds: which of ours are welcome: "warp", "rig".

    Raises:
        UnreadableFile: missing, too large, not JSON, of another kind or a later version.
    """
    wanted = " or ".join(kinds)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UnreadableFile(f"{path}: larger than any {wanted}; was another file meant?")
        facts = json.loads(data, parse_constant=_no_constant)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path") from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise UnreadableFile(f"{path}: not JSON; make it with thermeld align or rig") from error
    if not isinstance(facts, dict) or facts.get("thermeld") not in kinds:
        raise UnreadableFile(f"{path}: not a {wanted} of thermeld's; make it with align or rig")
    if facts.get("version") != VERSION:
        raise UnreadableFile(
            f"{path}: version {str(facts.get('version'))[:20]}, but {VERSION} is what this release "
            "reads; make it again, or update thermeld"
        )
    return facts


def read_warp(path: str | Path) -> Warp:
    """Read a warp's JSON file.

    Raises:
        UnreadableFile: missing or damaged; see `read_facts`.
    """
    path = Path(path)
    facts = read_facts(path, ["warp"])
    try:
        return warp_from_facts(facts)
    except BadSetting as error:
        raise UnreadableFile(f"{path}: {error}") from error


def number(value: Any, name: str) -> float:
    """A finite number.

    Raises:
        BadSetting: anything else.
    """
    return float(numbers(value, (), name))


def numbers(value: Any, shape: tuple[int, ...], name: str) -> NDArray[np.float64]:
    """Nested lists of finite numbers as an array of that shape.

    Raises:
        BadSetting: anything else.
    """
    if not _is_nested(value, shape):
        sides = "x".join(str(side) for side in shape) or "one"
        raise BadSetting(f"{name} must be {sides} finite numbers")
    return np.array(value, np.float64)


def _is_nested(value: Any, shape: tuple[int, ...]) -> bool:
    if not shape:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return fits and abs(value) < 1e12
    if not isinstance(value, list) or len(value) != shape[0]:
        return False
    return all(_is_nested(part, shape[1:]) for part in value)


def _size(value: Any, name: str) -> tuple[int, int]:
    size = numbers(value, (2,), name)
    if np.any(size != np.floor(size)) or np.any(size < 1) or np.any(size > 1e6):
        raise BadSetting(f"{name} must be height and width in whole pixels")
    return int(size[0]), int(size[1])


def _local(value: Any) -> NDArray[np.float32] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or not isinstance(value[0], list):
        raise BadSetting("local must be rows of nodes, x and y each")
    if max(len(value), len(value[0])) > MAX_NODES:
        raise BadSetting(f"local has at most {MAX_NODES} nodes a side")
    return numbers(value, (len(value), len(value[0]), 2), "local").astype(np.float32)


def _lens(value: Any) -> Lens | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not value.keys() <= set(LENS_FIELDS):
        raise BadSetting(f"lens must be an object of {', '.join(LENS_FIELDS)}")
    focal, k1 = (number(value.get(name), f"lens {name}") for name in ("focal_px", "k1"))
    k2, k3 = (number(value.get(name, 0.0), f"lens {name}") for name in ("k2", "k3"))
    x, y = numbers(value.get("centre"), (2,), "lens centre").tolist()
    return Lens(focal, (x, y), k1, k2, k3)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
