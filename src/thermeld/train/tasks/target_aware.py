"""TarDAL's game: a generator against a critic of targets and a critic of details."""

from collections.abc import Mapping

import torch
from torch import Tensor

from thermeld.train.layers.gradient import sobel_magnitude
from thermeld.train.losses import total
from thermeld.train.losses.adversarial import (
    divergence_penalty,
    wasserstein_critic,
    wasserstein_generator,
)
from thermeld.train.losses.content import TARDAL_FIRST, tardal_first
from thermeld.train.losses.saliency import target_mask
from thermeld.train.nets import networks
from thermeld.train.tasks.paired import Batch, Paired


class TargetAware(Paired):
    """Source loss plus what two Wasserstein critics say; critics learn after the generator.

    Settings (defaults of the first release): `source`, `target` and `detail` weigh the three
    parts of the generator's loss; `critic_rate`, the critics' learning rate; `detail_mask`, 1
    hides targets from the critic of details.

    Source: Liu et al., "TarDAL", CVPR 2022, section 3.3.
    """

    DEFAULTS: Mapping[str, object] = {
        "source": 1.0,
        "target": 0.1,
        "detail": 0.1,
        "critic_rate": 1e-4,
        "detail_mask": 0,
    }

    def prepare(self) -> None:
        """The generator and both critics."""
        super().prepare()
        size = (self.recipe.crop_px, self.recipe.crop_px)
        self.bare_critics = {}
        for name in ("target", "detail"):
            critic = self.bare_critics[name] = networks()["tardal-critic"](size=size)
            self.set_up(critic, f"{name}_critic", rate=self.settings["critic_rate"])

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """The generator once, then each critic once."""
        ir, vis = batch["ir"], batch["vis"]
        mask = target_mask(ir)
        fused = self.net(ir, vis)
        source = total(tardal_first(fused, ir, vis), TARDAL_FIRST)
        views = self.views(fused, mask)
        played = {
            name: wasserstein_generator(self.modules[f"{name}_critic"](view))
            for name, view in views.items()
        }
        terms = {"source": source, **played}
        loss = total(terms, {name: self.settings[name] for name in terms})
        self.descend(loss)
        self.net.eval()
        with torch.no_grad():
            fakes = self.views(self.net(ir, vis), mask)
        reals = {"target": ir * mask, "detail": sobel_magnitude(vis) * self.seen(mask)}
        critics = {
            f"{name}_critic": self.teach(name, number, reals[name], fakes[name]) for name in fakes
        }
        return {"loss": loss, **terms, **critics}

    def views(self, fused: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """What each critic sees of a fused image."""
        return {"target": fused * mask, "detail": sobel_magnitude(fused) * self.seen(mask)}

    def seen(self, mask: Tensor) -> Tensor:
        """Where the critic of details looks."""
        return 1 - mask if self.settings["detail_mask"] else torch.ones_like(mask)

    def teach(self, name: str, number: int, real: Tensor, fake: Tensor) -> Tensor:
        """One step of a critic; its loss."""
        critic = self.modules[f"{name}_critic"]
        mixture = torch.rand(len(real), 1, 1, 1, generator=self.draw(number)).to(real)
        loss = wasserstein_critic(critic(real), critic(fake))
        # Slopes are taken in float32, past Fabric, which allows no gradient but its own.
        loss = loss + divergence_penalty(self.bare_critics[name], real, fake, mixture=mixture)
        self.descend(loss, f"{name}_critic")
        return loss
