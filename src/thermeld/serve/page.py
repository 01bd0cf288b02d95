"""The page as files: what lies in `static`, and what follows from the package's own tables.

Fusion runs in the visitor's browser, so the page needs the networks' ONNX files, their cards and
the palettes; they are taken from where the rest of the package has them. `page_files` serves
both `thermeld page`, which writes them into a folder, and the service, which mounts them at /.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from secrets import token_hex
from shutil import rmtree
from types import MappingProxyType
from typing import Any

import numpy as np

from thermeld import metrics as _metrics  # noqa: F401 - fills the table
from thermeld.errors import UnwritableFile
from thermeld.fuse import DEFAULT_METHOD
from thermeld.methods.neural import MODELS, Model, Variant, read_model
from thermeld.palette import PALETTES, colours
from thermeld.registry import METHODS, METRICS, MethodCard

STATIC = Path(__file__).parent / "static"
RULES = ("average", "maximum")  # so short that the page has them too, in js/network.js
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gz": "application/gzip",
    ".onnx": "application/octet-stream",
    "": "text/plain; charset=utf-8",
}
MARKS = ("index.html", "page.json", "sw.js")  # by which a folder is known to hold a page
# Half of what the page weighs, and few have use for it: kept when it is first used.
LATER = "runtime/ort-wasm-simd-threaded.asyncify.wasm.gz"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
# What a server should send with every file of the page. The two Cross-Origin lines isolate it,
# without which browsers allow WebAssembly one thread only.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
SAMPLES = (
    {
        "title": "Night street",
        "about": "Rendered: people in the dark, lamps and shop windows",
        "ir": "night_ir.png",
        "vis": "night_vis.jpg",
    },
    {
        "title": "Fog, 16 bits",
        "about": "Rendered: fog for one camera, 16-bit counts from the other",
        "ir": "fog_ir.png",
        "vis": "fog_vis.jpg",
    },
    {
        "title": "Cameras apart",
        "about": "Rendered: the infrared camera is turned and smaller; mark points to align it",
        "ir": "apart_ir.png",
        "vis": "apart_vis.jpg",
    },
)


@dataclass(frozen=True)
class PageFile:
    """One file of the page.

    Attributes:
        content_type: its media type.
        source: a file of the package, or the bytes themselves.
        content_encoding: of the bytes, for the header of that name; None for as they are. Files
            named .gz are unpacked by the page, so they have none.
    """

    content_type: str
    source: Path | bytes
    content_encoding: str | None = None

    def read(self) -> bytes:
        """The bytes to send."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def page_files() -> Mapping[str, PageFile]:
    """Every file of the page, by its path below the page's address, as "js/app.js"."""
    files = {path.relative_to(STATIC).as_posix(): _file(path) for path in _walk(STATIC)}
    models = [read_model(card) for card in sorted(MODELS.glob("*.json"))]
    for variant in (each for model in models for each in _runnable(model)):
        files[f"models/{variant.path.name}"] = _file(variant.path)
    files["page.json"] = _made("page.json", json.dumps(_facts(models), separators=(",", ":")))
    text = files["index.html"].read().decode().replace("{{policy}}", POLICY)
    files["index.html"] = _made("index.html", text)
    files["sw.js"] = _made("sw.js", _kept(files) + files["sw.js"].read().decode())
    return files


def write_page(folder: Path, *, overwrite: bool = False) -> int:
    """Write the page as a folder that any web host can serve, wholly or not at all.

    Args:
        folder: appears when it is complete.
        overwrite: replace a page that is in it; a folder of anything else never is.

    Returns:
        Bytes written.

    Raises:
        UnwritableFile: a file is in the way, the folder is not empty, or the disk refuses.
    """
    _require_room(folder, overwrite)
    unfinished = folder.with_name(f".{folder.name}.{token_hex(4)}.part")
    try:
        size = sum(_write(unfinished / path, file) for path, file in page_files().items())
        _put_in_place(unfinished, folder)
    except OSError as error:
        raise UnwritableFile(f"{folder}: {error.strerror or error}; choose another") from error
    finally:
        rmtree(unfinished, ignore_errors=True)
    return size


def _require_room(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UnwritableFile(f"{folder}: is a file; name a folder for the page")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not all((folder / name).is_file() for name in MARKS):
        raise UnwritableFile(f"{folder}: holds other things than a page; choose another folder")
    if not overwrite:
        raise UnwritableFile(
            f"{folder}: holds a page already; choose another folder or allow it with --overwrite"
        )


def _put_in_place(unfinished: Path, folder: Path) -> None:
    """Swap by renaming; the old folder goes last."""
    old = folder.with_name(f".{folder.name}.{token_hex(4)}.old")
    if folder.exists():
        folder.rename(old)
    try:
        unfinished.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    if old.exists():
        rmtree(old)


def _write(path: Path, file: PageFile) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(file.read())


def _walk(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _file(path: Path) -> PageFile:
    return PageFile(TYPES[path.suffix], path)


def _made(name: str, text: str) -> PageFile:
    return PageFile(TYPES[PurePosixPath(name).suffix], text.encode())


def _runnable(model: Model) -> list[Variant]:
    """The files that browsers run; quantised ones gain nothing there."""
    return [variant for variant in model.variants if variant.precision == "float32"]


def _facts(models: list[Model]) -> dict[str, Any]:
    """What the page's scripts are told."""
    networks = [_method(model.card, _runnable(model)) for model in models]
    return {
        "version": version("thermeld"),
        "default": DEFAULT_METHOD,
        "methods": networks + [_method(METHODS[name].card, []) for name in RULES],
        "metrics": {name: _metric(name) for name in METRICS},
        "palettes": {name: _palette(name) for name in PALETTES},
        "samples": SAMPLES,
    }


def _method(card: MethodCard, files: list[Variant]) -> dict[str, Any]:
    told = ("name", "family", "summary", "source", "licence", "parameters", "blends")
    return {
        **{name: getattr(card, name) for name in told},
        "reach_px": card.reach_px,
        "align_px": card.align_px,
        "files": [
            {
                "file": variant.path.name,
                "sha256": variant.sha256,
                "ir": variant.ir_channels,
                "vis": variant.vis_channels,
                "map_scale": variant.map_scale,
            }
            for variant in files
        ],
    }


def _metric(name: str) -> dict[str, str]:
    card = METRICS[name].card
    return {"what": card.summary, "better": card.better, "fooled": card.fooled_by}


def _palette(name: str) -> dict[str, Any]:
    levels = np.rint(colours(name) * 255).astype(int)
    return {"summary": PALETTES[name].summary, "colours": levels.ravel().tolist()}


def _kept(files: Mapping[str, PageFile]) -> str:
    """The first line of the service worker: what to keep, and a version that follows from it."""
    digest = hashlib.sha256()
    for path, file in sorted(files.items()):
        digest.update(path.encode() + hashlib.sha256(file.read()).digest())
    names = ["./", *(path for path in files if path != "sw.js")]
    first = [name for name in names if name != LATER]
    kept = {"version": digest.hexdigest()[:16], "files": names, "first": first}
    return f"const KEPT = {json.dumps(kept)};\n"
