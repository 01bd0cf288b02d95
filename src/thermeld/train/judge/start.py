"""The common start of all judges: the segmenter taught on CamVid once, for want of ImageNet.

Every training starts from the same weights, the last layer apart, so no method gains by them.
CamVid is in colour; every second picture is shown grey, so that infrared is not stranger to the
start than a visible image.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from thermeld.data.masked import MaskedImages, masked_images
from thermeld.data.segmentation import IGNORED
from thermeld.errors import BadModel
from thermeld.image import luminance, to_depth, unit
from thermeld.io.parts import write_whole
from thermeld.train.judge.budget import Budget
from thermeld.train.judge.data import Pictures, Pixels, pictures_of
from thermeld.train.judge.task import CLASSIFIER, Judging
from thermeld.train.loop import train
from thermeld.train.recipe import Recipe

LAYOUT, CLASSES = "camvid", 11  # what is labelled beyond is void
SEED = 0


def start_recipe(budget: Budget, pairs: int) -> Recipe:
    """How the start is trained: as the judge, for other epochs at another rate."""
    own = replace(budget, name="start", epochs=budget.start_epochs, rate=budget.start_rate)
    return own.recipe("start", pairs=pairs, seed=SEED)


def start_path(folder: Path, recipe: Recipe) -> Path:
    """Where the start of a recipe is kept."""
    text = json.dumps(recipe.as_dict(), sort_keys=True)
    return folder / f"start-{hashlib.sha256(text.encode()).hexdigest()[:16]}.safetensors"


def camvid_files(data: Path) -> tuple[MaskedImages, MaskedImages]:
    """CamVid's train and test pictures together, and its validation pictures.

    Raises:
        UnreadableFile: it is not in `data`, or incomplete.
    """
    train, test, val = (masked_images(LAYOUT, data / LAYOUT, s) for s in ("train", "test", "val"))
    return MaskedImages("start", train.files + test.files, train.objects, train.read_labels), val


def start_weights(
    folder: Path,
    data: Path,
    budget: Budget,
    fabric: Fabric,
    *,
    on_step: Callable[[int, Mapping[str, float]], None] = lambda number, terms: None,
) -> dict[str, Tensor] | None:
    """The start's weights less the last layer, trained now if `folder` does not hold them.

    Returns:
        Tensors by name; None if the training was stopped (it goes on at the next call).

    Raises:
        UnreadableFile: CamVid is not there.
        BadModel: the kept weights are damaged.
    """
    train_files, val_files = camvid_files(data)
    recipe = start_recipe(budget, len(train_files))
    path = start_path(folder, recipe)
    if not path.exists():
        task = Judging(
            recipe, budget, fabric, _pictures(train_files, budget), _pictures(val_files, budget),
            classes=CLASSES,
        )  # fmt: skip
        outcome = train(task, recipe, folder / path.stem, fabric=fabric, on_step=on_step)
        if outcome.steps < recipe.steps:
            return None
        kept = {k: v for k, v in task.bare.state_dict().items() if not k.startswith(CLASSIFIER)}
        note = {"recipe": json.dumps(recipe.as_dict()), "thermeld": version("thermeld")}
        write_whole(path, save({k: v.contiguous() for k, v in kept.items()}, metadata=note))
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadModel(f"{path}: damaged ({error}); delete it to train it anew") from error


def _pictures(files: MaskedImages, budget: Budget) -> Pictures:
    found = [files.load(at) for at in range(len(files))]
    images = [_grey(image) if at % 2 else image for at, (image, _) in enumerate(found)]
    labels = [np.where(marked < CLASSES, marked, np.uint8(IGNORED)) for _, marked in found]
    stems = [path.stem for path, _ in files.files]
    return pictures_of(stems, images, labels, budget.reduce)


def _grey(image: Pixels) -> Pixels:
    return np.asarray(to_depth(luminance(unit(image)), np.uint8))
