"""From a recipe and a folder of data to a trained run."""

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from lightning_fabric import Fabric

from thermeld.errors import BadSetting
from thermeld.train.loop import Outcome, train
from thermeld.train.recipe import Precision, Recipe
from thermeld.train.tasks import open_task

ACCELERATORS = ("auto", "cpu", "cuda")


def run_recipe(
    recipe: Recipe,
    data: Path,
    run: Path,
    *,
    hours: float | None = None,
    accelerator: str = "auto",
    on_step: Callable[[int, Mapping[str, float]], None] = lambda number, terms: None,
) -> Outcome:
    """Train a recipe on the image set in `data`, into the folder `run`; resumes what is there.

    Raises:
        UnreadableFile: the data is missing or damaged (found before training starts).
        BadSetting: the recipe asks for something impossible.
    """
    fabric = start_fabric(recipe.precision, accelerator)
    if recipe.batch % fabric.world_size:
        raise BadSetting(f"batch {recipe.batch} cannot be shared by {fabric.world_size} processes")
    task = open_task(recipe, data, fabric)
    return train(task, recipe, run, fabric=fabric, hours=hours, on_step=on_step)


def start_fabric(precision: Precision, accelerator: str) -> Fabric:
    """Fabric on one device per process; as many processes as torchrun has started, else one.

    Raises:
        BadSetting: no such kind, or none on this machine.
    """
    if accelerator not in ACCELERATORS or (accelerator == "cuda" and not torch.cuda.is_available()):
        raise BadSetting(
            f"accelerator {accelerator!r} is not to be had here; take one of "
            f"{', '.join(ACCELERATORS)}, cuda only on a machine that has it"
        )
    torch.set_float32_matmul_precision("high")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hints about clusters that do not concern a user
        fabric = Fabric(
            accelerator=accelerator,
            devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
            num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", "1")),
            precision=precision,
        )
        fabric.launch()
    return fabric
