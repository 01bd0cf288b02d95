"""Staged auto-encoding: LWC-DenseFuse's training, and DenseFuse's as its first stages.

Stage A reconstructs single images by MSE; stage B adds structure with a weight that rises; stage
C puts the fusion rule into the graph and lets the loss of the fused image rise to its share.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from thermeld.train.losses import total
from thermeld.train.losses.content import (
    LWC_DENSEFUSE,
    progressive,
    reconstruction,
    strongest_and_similar,
)
from thermeld.train.tasks.paired import Batch, Paired


class Staged(Paired):
    """An auto-encoder with a fusion rule between its halves.

    Settings: `structure_from` and `fusion_from`, shares of all steps at which stages B and C
    begin (1 leaves a stage out); `structure`, final weight of 1 - SSIM beside the MSE in [0, 1]
    units; `fusion`, final share of the fused image's loss.
    """

    DEFAULTS: Mapping[str, object] = {
        "structure_from": 0.2,
        "fusion_from": 0.6,
        "structure": 1.0,
        "fusion": 0.8,
    }

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """One step of encoder and decoder."""
        ir, vis = batch["ir"], batch["vis"]
        both = torch.cat([ir, vis])
        self.net.mark_forward_method("reconstruct")  # type: ignore[operator]
        back = self.leaving(self.net.reconstruct(self.entering(both)))  # type: ignore[operator]
        terms = reconstruction(back, both)
        weight, share = self.weights_at(number)
        loss = terms["pixels"] + weight * terms["structure"]
        if share:
            fused = self.leaving(self.net(self.entering(ir), self.entering(vis)))
            wanted = strongest_and_similar(fused, ir, vis)
            loss = (1 - share) * loss + share * total(wanted, LWC_DENSEFUSE)
            terms |= {f"fused_{name}": value for name, value in wanted.items()}
        self.descend(loss)
        return {"loss": loss, **terms}

    def weights_at(self, number: int) -> tuple[float, float]:
        """Weight of structure and share of fusion at a step."""
        second, third = (
            self.settings[key] * self.recipe.steps for key in ("structure_from", "fusion_from")
        )
        structure, fusion = self.settings["structure"], self.settings["fusion"]
        weight = 0.0
        if number >= second:
            weight = progressive(number, start=second, end=max(third, second + 1), top=structure)
        if number < third:
            return weight, 0.0
        return weight, progressive(number, start=third, end=self.recipe.steps, top=fusion)
