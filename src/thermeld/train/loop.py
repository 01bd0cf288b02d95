"""The training loop: load, step, log, validate, save, resume, on one page.

A task owns networks, optimisers and what one step is; the loop owns time, logs and files.
"""

import ctypes
import json
import math
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric

from thermeld.errors import BadModel, BadSetting, UnwritableFile
from thermeld.image import Image, to_depth
from thermeld.io import write_image
from thermeld.io.parts import lock, sweep, write_whole
from thermeld.train.log import TrainingLog
from thermeld.train.recipe import Recipe
from thermeld.train.weights import DAMAGED

LOG_BYTES = 20_000_000  # logs, events and sample pictures of a long run


class Task(Protocol):
    """What the loop trains."""

    def state(self) -> dict[str, object]:
        """Modules and optimisers by name, for checkpoints."""
        ...

    def step(self, number: int) -> dict[str, float]:
        """Train on batch `number`; loss terms by name."""
        ...

    def validate(self) -> dict[str, float]:
        """Values on held-out data; "validation_loss" decides which weights are kept."""
        ...

    def pictures(self) -> list[list[Image]]:
        """Rows of sample pictures."""
        ...


@dataclass(frozen=True)
class Outcome:
    """How a run ended: steps done, seconds trained over all starts, best validation loss."""

    steps: int
    seconds: float
    best: float


def train(
    task: Task,
    recipe: Recipe,
    run: Path,
    *,
    fabric: Fabric,
    hours: float | None = None,
    on_step: Callable[[int, Mapping[str, float]], None] = lambda number, terms: None,
) -> Outcome:
    """Train until the recipe's steps are done or the time is up; go on where a run stopped.

    Ctrl-C or SIGTERM ends it after the step under way, with a checkpoint. Of several processes
    the first one writes.

    Writes into `run`: last.ckpt (everything, to go on), best.ckpt (weights of the lowest
    validation loss), log.csv and TensorBoard events, samples/*.png, recipe.json.

    Raises:
        BadSetting: `run` holds a run of another recipe.
        UnwritableFile: the disk has no room for the checkpoints.
        BadModel: a loss that is not a number; the last checkpoint stays as it was.
    """
    keep_freed_memory()
    with _claimed(run, recipe, fabric):
        if fabric.is_global_zero:
            _require_room(run, task)
        fabric.barrier()
        return _train(task, recipe, run, fabric=fabric, hours=hours, on_step=on_step)


def _train(
    task: Task,
    recipe: Recipe,
    run: Path,
    *,
    fabric: Fabric,
    hours: float | None,
    on_step: Callable[[int, Mapping[str, float]], None],
) -> Outcome:
    last = run / "last.ckpt"
    state: dict[str, Any] = {**task.state(), "step": 0, "seconds": 0.0, "best": float("inf")}
    if last.exists():
        _load(fabric, last, state)
    deadline = float("inf") if hours is None else time.monotonic() + 3600 * hours
    with _log(run, fabric, after_step=state["step"]) as log, asked_to_stop() as stop:
        begun = time.monotonic() - state["seconds"]
        while state["step"] < recipe.steps and not _agreed(fabric, stop, deadline):
            terms = task.step(state["step"])
            number = state["step"] = state["step"] + 1
            _require_numbers(run, number, terms)
            log(number, terms)
            on_step(number, terms)
            at_end = number == recipe.steps
            if at_end or number % recipe.validate_every == 0:
                values = task.validate()
                log(number, values)
                if fabric.is_global_zero:
                    write_samples(run / "samples" / f"{number:07d}.png", task.pictures())
                if values["validation_loss"] < state["best"]:
                    state["best"] = values["validation_loss"]
                    save_checkpoint(fabric, run / "best.ckpt", {**task.state(), "step": number})
            if at_end or number % recipe.save_every == 0:
                state["seconds"] = time.monotonic() - begun
                save_checkpoint(fabric, last, state)
        state["seconds"] = time.monotonic() - begun
        save_checkpoint(fabric, last, state)
    return Outcome(state["step"], state["seconds"], state["best"])


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came in the block; a second Ctrl-C ends it at once."""
    came: list[int] = []

    def note(number: int, frame: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False  # signals reach the main thread alone
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _agreed(fabric: Fabric, stop: Callable[[], bool], deadline: float) -> bool:
    """Whether any process wants to end; all of them end together."""
    wanted = stop() or time.monotonic() >= deadline
    if fabric.world_size == 1:
        return wanted
    votes = fabric.all_reduce(torch.tensor(float(wanted)), reduce_op="sum")
    return float(votes) > 0  # type: ignore[arg-type]


@contextmanager
def _log(
    run: Path, fabric: Fabric, *, after_step: int
) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Write to the run's log; does nothing in processes other than the first."""
    if not fabric.is_global_zero:
        yield lambda step, values: None
        return
    log = TrainingLog(run, after_step=after_step)
    try:
        yield log.write
    finally:
        log.close()


def _require_numbers(run: Path, number: int, terms: Mapping[str, float]) -> None:
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    if bad:
        raise BadModel(
            f"{run}: {bad[0]} became {terms[bad[0]]} at step {number}; lower learning_rate or set "
            "clip, and start in another folder (last.ckpt holds the state before)"
        )


def _require_room(run: Path, task: Task) -> None:
    """Room for three checkpoints: last, best and the one being written, with two moments each."""
    modules = [part for part in task.state().values() if isinstance(part, torch.nn.Module)]
    weights = sum(p.numel() * p.element_size() for part in modules for p in part.parameters())
    needed, free = 3 * 3 * weights + LOG_BYTES, shutil.disk_usage(run).free
    if free < needed:
        raise UnwritableFile(
            f"{run}: needs {needed / 1e6:.0f} MB for checkpoints and logs, {free / 1e6:.0f} MB are "
            "free; make room or choose another folder with -o"
        )


def keep_freed_memory() -> None:
    """Let glibc keep large freed blocks instead of returning them to the system.

    Activations of tens of megabytes come and go in every step; mapping and clearing them anew
    took half of the step's time at 16 crops of 128 pixels. Does nothing on other C libraries.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD, M_MMAP_MAX of <malloc.h>
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_max, 0)


def save_checkpoint(fabric: Fabric, path: Path, state: dict[str, Any]) -> None:
    """Save under a temporary name and rename, so that a kill leaves the old one whole."""
    temporary = path.with_name(path.name + ".part")
    fabric.save(temporary, state)
    if fabric.is_global_zero:
        temporary.replace(path)


def write_samples(path: Path, rows: list[list[Image]]) -> None:
    """One PNG with a row of pictures per sample."""
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    write_image(path, to_depth(sheet, np.uint8), overwrite=True)


def _load(fabric: Fabric, last: Path, state: dict[str, Any]) -> None:
    """Take up a checkpoint; it holds tensors and plain values and can run no code."""
    try:
        fabric.load(last, state, weights_only=True)
    except DAMAGED as error:
        reason = str(error).partition("\n")[0]
        raise BadModel(
            f"{last}: damaged, or of another version ({reason}); delete it to start anew"
        ) from error


@contextmanager
def _claimed(run: Path, recipe: Recipe, fabric: Fabric) -> Iterator[None]:
    """Make the folder this recipe's and keep other runs out of it; the first process does so."""
    if not fabric.is_global_zero:
        yield
        return
    try:
        run.mkdir(parents=True, exist_ok=True)
        file = (run / ".lock").open("ab")
    except OSError as error:
        raise UnwritableFile(f"{run}: {error.strerror}; choose another folder with -o") from error
    with file:
        if lock(file.fileno()) is False:
            raise UnwritableFile(f"{run}: another run is training in it; wait, or choose another")
        sweep(run)
        for part in run.glob("*.ckpt.part"):
            part.unlink(missing_ok=True)  # a killed run's
        _claim(run, recipe)
        yield


def _claim(run: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's, or refuse one that holds another's run."""
    note = run / "recipe.json"
    wanted = recipe.as_dict()
    if note.exists():
        try:
            found = json.loads(note.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadModel(f"{note}: damaged ({error}); delete it to go on") from error
        counts = wanted.keys() - {"card"}
        changed = sorted(key for key in counts if found.get(key, wanted[key]) != wanted[key])
        if changed:
            raise BadSetting(
                f"{run} holds a run with another {', '.join(changed)}; "
                "choose another folder, or give the same values to go on"
            )
    write_whole(note, (json.dumps(wanted, indent=2) + "\n").encode())
