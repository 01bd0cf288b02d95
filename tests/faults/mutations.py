"""Files damaged at random, and what reads each kind: the campaign's material.

Used by the tests beside it in short and by benchmarks/faults.py at length. A case is a kind and a
number; the same case is the same damage on every machine.
"""

import hashlib
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
WILD = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)
HANG_S = 10


@dataclass(frozen=True)
class Kind:
    """What is damaged and who reads it.

    Attributes:
        make: writes a whole file into a folder and returns its path, given a case number.
        read: takes the damaged file; may return or raise a FusionError, nothing else.
        texts: pieces of text to put in, for kinds that are text.
    """

    make: Callable[[Path, int], Path]
    read: Callable[[Path], object]
    texts: tuple[bytes, ...] = field(default=())


def damaged(data: bytes, rng: np.random.Generator, texts: tuple[bytes, ...] = ()) -> bytes:
    """One to six random injuries, more often near the ends, where headers and footers lie."""
    for _ in range(int(rng.integers(1, 7))):
        data = _injured(data, rng, texts)
    return data


def _injured(data: bytes, rng: np.random.Generator, texts: tuple[bytes, ...]) -> bytes:
    if not data:
        return rng.bytes(int(rng.integers(1, 40)))
    at, way = _place(len(data), rng), int(rng.integers(8))
    if texts and rng.random() < 0.4:
        return data[:at] + texts[int(rng.integers(len(texts)))] + data[at + int(rng.integers(9)) :]
    length = int(rng.integers(1, 33))
    if way < 3:  # bytes altered
        return data[:at] + rng.bytes(min(length, 4)) + data[at + min(length, 4) :]
    if way == 3:  # a bit turned
        return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :]
    if way == 4:  # a number that is often a limit
        number = struct.pack(rng.choice(["<I", ">I"]), WILD[int(rng.integers(len(WILD)))])
        return data[:at] + number + data[at + 4 :]
    if way == 5:  # a piece taken out
        return data[:at] + data[at + length :]
    if way == 6:  # a piece twice
        return data[: at + length] + data[at:]
    return data[:at] if rng.random() < 0.3 else data[:at] + bytes(length) + data[at + length :]


def _place(size: int, rng: np.random.Generator) -> int:
    where = rng.random()
    reach = min(size, 512)
    if where < 0.4:
        return int(rng.integers(reach))
    return size - 1 - int(rng.integers(reach)) if where < 0.6 else int(rng.integers(size))


def run_case(kind: Kind, number: int, folder: Path) -> str:
    """Read one damaged file: "read", or "refused: reason". Anything else propagates."""
    from thermeld.errors import FusionError

    rng = np.random.default_rng(number)
    path = kind.make(folder, number)
    path.write_bytes(damaged(path.read_bytes(), rng, kind.texts))
    try:
        kind.read(path)
    except FusionError as error:
        return f"refused: {type(error).__name__}"
    return "read"


# --- kinds ------------------------------------------------------------------------------------

PICTURES = {
    "png8": (".png", np.uint8, 3),
    "png16": (".png", np.uint16, 1),
    "pngalpha": (".png", np.uint8, 4),
    "jpeg": (".jpg", np.uint8, 3),
    "webp": (".webp", np.uint8, 3),
    "bmp": (".bmp", np.uint8, 3),
    "tiff8": (".tiff", np.uint8, 3),
    "tiff16": (".tiff", np.uint16, 1),
    "tifffloat": (".tiff", np.float32, 1),
}
JSON_TEXTS = (
    *(b"[" * 100_000, b"9" * 5000, b"NaN", b"null", b"-1", b"1e999", b'"\\ud800"', b"{}", b"[]"),
    *(b'"', b"}", b",", b":", b"\xff", b"true"),
)
TOML_TEXTS = (
    *(b"[" * 5000, b"=", b"9" * 5000, b"nan", b"inf", b"-1", b'"', b"'''", b"[a]\n", b"[[a]]\n"),
    *(b"1979-05-27", b"{a=1}", b"[]", b"true", b"\xff", b"\n", b"0", b"1e400", b"steps = []\n"),
)


def _picture(folder: Path, number: int, *, kind: str) -> Path:
    from thermeld.io import write_image

    suffix, dtype, channels = PICTURES[kind]
    rng = np.random.default_rng(number % 16)
    size = tuple(int(side) for side in rng.integers(1, 40, 2))
    shape = size if channels == 1 else (*size, 3)
    pixels = rng.random(shape, np.float32)
    stored = pixels if dtype == np.float32 else (pixels * np.iinfo(dtype).max).astype(dtype)
    alpha = stored[:, :, 0].copy() if channels == 4 else None
    return write_image(folder / f"picture{suffix}", stored, alpha=alpha, overwrite=True)


def _read_picture(path: Path) -> None:
    from thermeld import fuse
    from thermeld.batch import stored_with_alpha
    from thermeld.io import read_image

    picture = read_image(path, max_pixels=4_000_000)
    if picture.pixels.size < 100_000:
        fuse(picture.pixels, stored_with_alpha(picture), method="average")


def _model(folder: Path, number: int, *, part: str) -> Path:
    """A shipped network under a user's name; `part` is what will be damaged."""
    from thermeld.methods.neural import MODELS

    for suffix in (".onnx", ".json"):
        content = (MODELS / f"mobilefuse-luma{suffix}").with_suffix(suffix)
        source = content if suffix == ".onnx" else MODELS / "mobilefuse.json"
        (folder / f"strange{suffix}").write_bytes(source.read_bytes())
    card = json.loads((folder / "strange.json").read_text())
    card |= {"name": "strange", "file": "strange.onnx", "channels": {"ir": 1, "vis": 1}}
    card["sha256"] = hashlib.sha256((folder / "strange.onnx").read_bytes()).hexdigest()
    card.pop("variants", None)
    (folder / "strange.json").write_text(json.dumps(card))
    return folder / f"strange{part}"


def _read_model(path: Path) -> None:
    """As if the card had been written for the damaged file: the checksum keeps nobody out."""
    from thermeld import Fuser

    card_path, model = path.with_suffix(".json"), path.with_suffix(".onnx")
    if path.suffix == ".onnx":
        card = json.loads(card_path.read_text())
        card["sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
        card_path.write_text(json.dumps(card))
    rng = np.random.default_rng(0)
    ir, vis = rng.integers(0, 256, (2, 24, 32), np.uint8)
    Fuser(model, threads=1)(ir, vis)


def _table(folder: Path, number: int, *, suffix: str) -> Path:
    from thermeld.data.results import Row, write_table

    names = [f"{name}{number % 3}" for name in "abcdefgh"]
    text = dict(set="s", convention="tang", error="", color="ycbcr", settings="{}", version="1")
    rows = [
        Row(
            image=name, method="average", metric="EN", value=0.5, state="done", seconds=0.1,
            pixels=99, parameters=0, checksum="c", sources="f", **text,
        )
        for name in names
    ]  # fmt: skip
    return write_table(folder / f"table{suffix}", rows)


def _read_table(path: Path) -> None:
    from thermeld.data.results import read_table
    from thermeld.report.means import boards

    boards(read_table(path))


def _recipe(folder: Path, number: int) -> Path:
    from thermeld.train.recipe import shipped_recipes

    shipped = sorted(shipped_recipes().values())
    path = folder / "mine.toml"
    path.write_bytes(shipped[number % len(shipped)].read_bytes())
    return path


def _read_recipe(path: Path) -> None:
    from thermeld.train.recipe import read_recipe

    read_recipe(str(path))


def _points(folder: Path, number: int) -> Path:
    rng = np.random.default_rng(number % 8)
    path = folder / "points.json"
    path.write_text(json.dumps(rng.integers(0, 640, (6, 4)).tolist()))
    return path


def _read_points(path: Path) -> None:
    from thermeld.align.points import fitted, read_points

    fitted(read_points(path))


def _journal(folder: Path, number: int) -> Path:
    path = folder / "thermeld.jsonl"
    row = {"file": "a.png", "sha256": "0", "made": {"method": "average"}, "from": [["a", 1, 2]]}
    path.write_text("".join("\n" + json.dumps(row | {"file": f"{n}.png"}) + "\n" for n in range(9)))
    return path


def _read_journal(path: Path) -> None:
    from thermeld.batch import Journal

    with Journal(path) as journal:
        journal.row("a.png")


def _measurements(folder: Path, number: int) -> Path:
    key = {"set": "s", "image": "i", "method": "average", "convention": "tang"}
    rest = {"state": "done", "error": "", "values": {"EN": 1.0}, "seconds": 0.1, "pixels": 9}
    names = ("parameters", "color", "settings", "checksum", "sources", "version")
    line = json.dumps(key | rest | {"made": dict.fromkeys(names, "")})
    path = folder / "table.csv.jsonl"
    path.write_text("\n".join([line] * 4))
    return path


def _read_measurements(path: Path) -> None:
    from thermeld.evaluate.journal import Journal

    list(Journal(path).rows())


def _safetensors(folder: Path, number: int) -> Path:
    from thermeld.methods.neural import MODELS

    path = folder / "weights.safetensors"
    path.write_bytes((MODELS / "mobilefuse.safetensors").read_bytes())
    return path


def _read_safetensors(path: Path) -> None:
    from thermeld.train.weights import read_safetensors

    read_safetensors(path)


def _run_folder(folder: Path, number: int, *, part: str) -> Path:
    """A finished training run, made once."""
    import torch

    from thermeld.train.weights import load_trained

    kept = folder / "whole"
    if not kept.exists():
        trained = load_trained("mobilefuse")
        kept.mkdir()
        (kept / "recipe.json").write_text(json.dumps(trained.recipe.as_dict()))
        torch.save({"net": trained.net.state_dict(), "step": 7}, kept / "best.ckpt")
        torch.save({"best": 0.5, "step": 9, "seconds": 3.0}, kept / "last.ckpt")
    run = folder / "run"
    run.mkdir(exist_ok=True)
    for file in kept.iterdir():
        (run / file.name).write_bytes(file.read_bytes())
    return run / part


def _read_run(path: Path) -> None:
    from thermeld.train.weights import load_trained

    load_trained(str(path.parent))


def _pytorch(folder: Path, number: int) -> Path:
    import torch

    from thermeld.train.nets import published

    whole = folder / "whole.pth"
    if not whole.exists():
        entry = published()["densefuse"]
        state = entry.make().state_dict()
        torch.save({entry.theirs(key): value for key, value in state.items()}, whole)
    path = folder / "their.pth"
    path.write_bytes(whole.read_bytes())
    return path


def _read_pytorch(path: Path) -> None:
    from thermeld.train.adopt import load_published
    from thermeld.train.nets import published

    load_published(published()["densefuse"], path)


def _tensorflow(folder: Path, number: int) -> Path:
    from checkpoints import write_checkpoint

    rng = np.random.default_rng(1)
    shapes = {"fusion/layer1/w1": (5, 5, 2, 16), "fusion/layer1/b1": (16,), "fusion/l2": (3, 3)}
    write_checkpoint(folder / "their", {n: rng.random(s, np.float32) for n, s in shapes.items()})
    return folder / "their.index"


def _read_tensorflow(path: Path) -> None:
    from thermeld.train.tensorflow import read_checkpoint

    read_checkpoint(path, {})


KINDS = {
    **{
        name: Kind(partial(_picture, kind=name), _read_picture) for name in PICTURES
    },
    "onnx": Kind(partial(_model, part=".onnx"), _read_model),
    "card": Kind(partial(_model, part=".json"), _read_model, JSON_TEXTS),
    "parquet": Kind(partial(_table, suffix=".parquet"), _read_table),
    "csv": Kind(partial(_table, suffix=".csv"), _read_table, (b"\0", b'"', b",", b"\n", b"nan")),
    "points": Kind(_points, _read_points, JSON_TEXTS),
    "journal": Kind(_journal, _read_journal, JSON_TEXTS),
    "measurements": Kind(_measurements, _read_measurements, JSON_TEXTS),
}  # fmt: skip
TRAIN_KINDS = {  # need the extra "train"
    "toml": Kind(_recipe, _read_recipe, TOML_TEXTS),
    "tensorflow": Kind(_tensorflow, _read_tensorflow),
    "safetensors": Kind(_safetensors, _read_safetensors, JSON_TEXTS),
    "checkpoint": Kind(partial(_run_folder, part="best.ckpt"), _read_run),
    "recipe-json": Kind(partial(_run_folder, part="recipe.json"), _read_run, JSON_TEXTS),
    "pytorch": Kind(_pytorch, _read_pytorch),
}


# --- a process of its own, for crashes, hangs and memory ---------------------------------------


def main() -> None:
    """KIND FIRST COUNT FOLDER MEGABYTES: one line per case, "NUMBER outcome"."""
    name, first, count, folder, megabytes = sys.argv[1:]
    kind = {**KINDS, **TRAIN_KINDS}[name]
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    kind.read(kind.make(place, 0))  # whole, so that everything is loaded before limits count
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + int(megabytes) * 2**20,) * 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a hang ends the process and is seen as such
    for number in range(int(first), int(first) + int(count)):
        sys.stdout.write(f"{number} ")
        sys.stdout.flush()
        signal.alarm(HANG_S)
        outcome = _outcome(kind, number, place)
        signal.alarm(0)
        sys.stdout.write(outcome + "\n")
    sys.stdout.flush()


def _outcome(kind: Kind, number: int, place: Path) -> str:
    try:
        outcome = run_case(kind, number, place)
    except BaseException as error:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        at = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
        reason = " ".join(str(error).split())[:160]
        return f"FAULT {type(error).__name__} at {at}: {reason}"
    leftovers = [path.name for path in place.rglob("*.part")]
    return f"FAULT leaves {leftovers[0]}" if leftovers else outcome


if __name__ == "__main__":
    main()
