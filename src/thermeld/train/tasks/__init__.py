"""What one step of training is, system by system. A recipe names its task."""

from collections.abc import Callable, Mapping
from pathlib import Path

from lightning_fabric import Fabric

from thermeld.data.masked import masked_images
from thermeld.registry import lookup
from thermeld.train.crops import registered_pairs
from thermeld.train.loop import Task
from thermeld.train.recipe import Recipe
from thermeld.train.tasks.content import Content
from thermeld.train.tasks.joint import Joint
from thermeld.train.tasks.paired import Paired
from thermeld.train.tasks.patch_gan import OneGenerator, TwoLayers
from thermeld.train.tasks.selection import Selection
from thermeld.train.tasks.staged import Staged
from thermeld.train.tasks.synthetic import Supervised
from thermeld.train.tasks.target_aware import TargetAware

PAIRED: Mapping[str, type[Paired]] = {
    "content": Content,
    "joint": Joint,
    "selection": Selection,
    "staged": Staged,
    "target-aware": TargetAware,
    "one-generator": OneGenerator,
    "two-layers": TwoLayers,
}


def open_task(recipe: Recipe, data: Path, fabric: Fabric) -> Task:
    """A recipe's task on its data.

    Args:
        recipe: names the task.
        data: folder of the image set for synthetic pairs, else the folder in which sets lie.
        fabric: launched.

    Raises:
        UnknownName: no such task.
        UnreadableFile: the data is missing or damaged.
        BadSetting: the recipe asks for something impossible.
    """
    tasks: dict[str, Callable[[Recipe, Path, Fabric], Task]] = {
        "synthetic": _synthetic,
        **dict.fromkeys(PAIRED, _paired),
    }
    return lookup(tasks, recipe.task, "task")(recipe, data, fabric)


def _synthetic(recipe: Recipe, data: Path, fabric: Fabric) -> Task:
    train, val = (masked_images(recipe.layout, data, split) for split in ("train", "val"))
    return Supervised(recipe, fabric, train, val)


def _paired(recipe: Recipe, data: Path, fabric: Fabric) -> Task:
    task = PAIRED[recipe.task]
    train, val = (
        registered_pairs(recipe.sets, data, split, crop_px=recipe.crop_px, colour=task.COLOUR)
        for split in ("train", "val")
    )
    return task(recipe, fabric, train, val)
