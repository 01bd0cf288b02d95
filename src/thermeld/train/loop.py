"""The training loop: load, step, log, validate, save, resume, on one page.

A task owns networks, optimisers and what one step is; the loop owns time, logs and files.
"""

import ctypes
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from lightning_fabric import Fabric

from thermeld.errors import BadSetting
from thermeld.image import Image, to_depth
from thermeld.io import write_image
from thermeld.train.log import TrainingLog
from thermeld.train.recipe import Recipe


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

    Writes into `run`: last.ckpt (everything, to go on), best.ckpt (weights of the lowest
    validation loss), log.csv and TensorBoard events, samples/*.png, recipe.json.

    Raises:
        BadSetting: `run` holds a run of another recipe.
    """
    keep_freed_memory()
    _claim(run, recipe)
    last = run / "last.ckpt"
    state: dict[str, Any] = {**task.state(), "step": 0, "seconds": 0.0, "best": float("inf")}
    if last.exists():
        fabric.load(last, state)
    log = TrainingLog(run, after_step=state["step"])
    begun = time.monotonic() - state["seconds"]
    deadline = float("inf") if hours is None else time.monotonic() + 3600 * hours
    while state["step"] < recipe.steps and time.monotonic() < deadline:
        terms = task.step(state["step"])
        number = state["step"] = state["step"] + 1
        log.write(number, terms)
        on_step(number, terms)
        at_end = number == recipe.steps
        if at_end or number % recipe.validate_every == 0:
            values = task.validate()
            log.write(number, values)
            write_samples(run / "samples" / f"{number:07d}.png", task.pictures())
            if values["validation_loss"] < state["best"]:
                state["best"] = values["validation_loss"]
                save_checkpoint(fabric, run / "best.ckpt", {**task.state(), "step": number})
        if at_end or number % recipe.save_every == 0:
            state["seconds"] = time.monotonic() - begun
            save_checkpoint(fabric, last, state)
    state["seconds"] = time.monotonic() - begun
    save_checkpoint(fabric, last, state)
    log.close()
    return Outcome(state["step"], state["seconds"], state["best"])


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


def _claim(run: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's, or refuse one that holds another's run."""
    run.mkdir(parents=True, exist_ok=True)
    note = run / "recipe.json"
    wanted = recipe.as_dict()
    if note.exists():
        found = json.loads(note.read_text(encoding="utf-8"))
        changed = sorted(key for key in wanted if found.get(key) != wanted[key])
        if changed:
            raise BadSetting(
                f"{run} holds a run with another {', '.join(changed)}; "
                "choose another folder, or give the same values to go on"
            )
    note.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
