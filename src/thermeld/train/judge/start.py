"""The common start of all judges: the segmenter taught once on blends of the two sources.

Few steps from random weights teach next to nothing, and ImageNet's weights are not fetched here.
Blends run from one source to the other, so the start knows both and leans to no method. Every
training then starts from the same weights.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from lightning_fabric import Fabric
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from thermeld.data.segmentation import CLASSES, files_beside
from thermeld.errors import BadModel
from thermeld.io.parts import write_whole
from thermeld.train.judge.data import Pictures
from thermeld.train.judge.inputs import SOURCES, LabelledPairs, fingerprint_of
from thermeld.train.judge.plan import Plan
from thermeld.train.judge.task import Judging
from thermeld.train.loop import train
from thermeld.train.recipe import Recipe

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of infrared in a blend
SEED = 0


def start_recipe(plan: Plan) -> Recipe:
    """How the start is trained: as the judge, for other epochs at another rate."""
    budget = plan.budget
    own = replace(budget, name="start", epochs=budget.start_epochs, rate=budget.start_rate)
    return own.recipe("start", pairs=len(SHARES) * len(plan.train.pairs), seed=SEED)


def start_path(plan: Plan, out: Path) -> Path:
    """Where the start of a plan is kept, beside the table `out`."""
    facts = [start_recipe(plan).as_dict(), SHARES, plan.window, fingerprint_of((plan.train,))]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return files_beside(out) / f"start-{digest[:16]}.safetensors"


def start_weights(
    plan: Plan,
    out: Path,
    fabric: Fabric,
    *,
    on_step: Callable[[int, Mapping[str, float]], None] = lambda number, terms: None,
) -> dict[str, Tensor] | None:
    """The start's weights, trained now if none are kept beside the table `out`.

    Returns:
        Tensors by name; None if the training was stopped (it goes on at the next call).

    Raises:
        FusionError: a source cannot be read.
        BadModel: the kept weights are damaged.
    """
    recipe, path = start_recipe(plan), start_path(plan, out)
    if not path.exists():
        learned, asked = (
            blends(part, plan, out, shares)
            for part, shares in ((plan.train, SHARES), (plan.val, (0.5,)))
        )
        task = Judging(recipe, plan.budget, fabric, learned, asked, classes=len(CLASSES))
        outcome = train(task, recipe, path.with_suffix(""), fabric=fabric, on_step=on_step)
        if outcome.steps < recipe.steps:
            return None
        note = {"recipe": json.dumps(recipe.as_dict()), "thermeld": version("thermeld")}
        kept = {name: value.contiguous() for name, value in task.bare.state_dict().items()}
        write_whole(path, save(kept, metadata=note))
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadModel(f"{path}: damaged ({error}); delete it to train it anew") from error


def blends(part: LabelledPairs, plan: Plan, out: Path, shares: tuple[float, ...]) -> Pictures:
    """All pairs of a split, infrared mixed into red, green and blue alike, once per share."""
    infrared, visible = (plan.images(source, part, out) for source in SOURCES)
    images = [
        np.asarray(cv2.addWeighted(ir, share, vis, 1 - share, 0), np.uint8)
        for share in shares
        for ir, vis in zip(infrared, visible, strict=True)
    ]
    stems = [f"{stem} {share:g}" for share in shares for stem in part.stems]
    return Pictures(tuple(stems), tuple(images), part.labels * len(shares))
