"""Training thermeld's own networks: many measures at once, clean targets, known answers."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from thermeld.train.crops import RegisteredPairs
from thermeld.train.losses import total
from thermeld.train.losses.selection import SELECTION, fusion_terms
from thermeld.train.scenes import CHANCES, Example, example
from thermeld.train.tasks.paired import Batch, Paired

PLAIN = 10.0


class Selection(Paired):
    """Minimise the weighted terms of `fusion_terms`, and the distance to answers that are known.

    Settings: weights of the terms by name, `plain` that of known answers, and the chances of
    `scenes.CHANCES`.
    """

    DEFAULTS: Mapping[str, object] = {**SELECTION, "plain": PLAIN, **CHANCES}

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """One step of the network."""
        fused = self.net(batch["seen_ir"], batch["seen_vis"])
        known = batch["known"] > 0
        weights = {name: self.settings[name] for name in (*SELECTION, "plain")}
        terms = {"plain": ((fused - batch["wanted"]).abs().mean((1, 2, 3)) * known).mean()}
        if not known.all():
            asked = (fused, batch["ir"], batch["vis"], batch["labels"])
            terms |= fusion_terms(*(plane[~known] for plane in asked))
        loss = total(terms, weights)
        self.descend(loss)
        return {"loss": loss, **terms}

    def criterion(self, fused: Tensor, ir: Tensor, vis: Tensor, **more: Tensor) -> Tensor:
        """The same weighted sum, of what nothing was done to."""
        terms = fusion_terms(fused, ir, vis, more["labels"])
        return total(terms, {name: self.settings[name] for name in SELECTION})

    def tensors(self, pairs: RegisteredPairs, rng: np.random.Generator, *, count: int) -> Batch:
        """Examples on the device, planes as (B, 1, H, W); "known" (B,) says which have answers."""
        size = self.recipe.crop_px
        found = [example(pairs, rng, size, self.settings) for _ in range(count)]
        names = ("seen_ir", "seen_vis", "ir", "vis", "labels")
        planes = {name: np.stack([getattr(one, name) for one in found])[:, None] for name in names}
        planes["wanted"] = np.stack([_wanted(one) for one in found])[:, None]
        planes["known"] = np.array([one.wanted is not None for one in found], np.float32)
        return {
            name: self.fabric.to_device(torch.from_numpy(value)) for name, value in planes.items()
        }


def _wanted(one: Example) -> np.ndarray:
    return one.ir if one.wanted is None else one.wanted
