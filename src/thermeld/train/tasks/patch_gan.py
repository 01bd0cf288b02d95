"""Generators against critics of patches by squared distances: FusionGAN and the two-layer GAN."""

from collections.abc import Mapping
from math import inf

import torch
from torch import Tensor

from thermeld.errors import BadSetting
from thermeld.train.losses import total
from thermeld.train.losses.adversarial import FAKE, REAL, soft_labels, squared_critic, squared_to
from thermeld.train.losses.content import FUSIONGAN, TWO_LAYER, fusiongan, two_layer
from thermeld.train.nets import networks
from thermeld.train.nets.two_layer_gan import LOST_PX
from thermeld.train.optimise import rate_at, set_rate
from thermeld.train.tasks.paired import Batch, Paired

HARD_REAL, HARD_FAKE = 0.8, 0.2  # the two-layer GAN's labels
STAGES = ("first", "second", "third")
CONTENTS = ("paper", "fusiongan")


class OneGenerator(Paired):
    """FusionGAN: visible images are real, content keeps infrared and visible gradients.

    Settings: `critic_steps` per step of the generator, on the same batch; `critic_rate`.

    Source: Ma et al., "FusionGAN", Information Fusion 48, 2019.
    """

    DEFAULTS: Mapping[str, object] = {"critic_steps": 2, "critic_rate": 1e-4}

    def prepare(self) -> None:
        """Generator and critic."""
        super().prepare()
        side = self.recipe.crop_px - 2 * self.lost_px
        critic = networks()["fusiongan-critic"](size=(side, side))
        self.set_up(critic, "critic", rate=self.settings["critic_rate"])

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """The critic some times, then the generator."""
        ir, vis = self.entering(batch["ir"]), self.entering(batch["vis"])
        fused = self.net(ir, vis)
        ir, vis, critic, draw = (
            self.inner(ir),
            self.inner(vis),
            self.modules["critic"],
            self.draw(number),
        )
        for _ in range(int(self.settings["critic_steps"])):
            scores = critic(vis), critic(fused.detach())
            labels = soft_labels(scores[0], REAL, draw), soft_labels(scores[1], FAKE, draw)
            judged = squared_critic(*scores, real_label=labels[0], fake_label=labels[1])
            self.descend(judged, "critic")
        scores = critic(fused)
        played = squared_to(scores, soft_labels(scores, REAL, draw))
        terms = fusiongan(fused, ir, vis)
        loss = played + total(terms, FUSIONGAN)
        self.descend(loss)
        return {"loss": loss, "played": played, **terms, "critic": judged}


class TwoLayers(Paired):
    """The two-layer GAN: three generators, one after the other in thirds of the steps.

    `crop_px` holds what the third generator needs: 16 pixels more than the critics see.

    Settings: `critic_steps` per step of the generator, on the same batch; `critic_rate`;
    `content`: what a generator must keep. "paper": the first the pixels of its image, the second
    the edges of its image, the third the second's result. "fusiongan": each infrared pixels and
    visible edges, as the base of the paper.
    """

    DEFAULTS: Mapping[str, object] = {
        "critic_steps": 2,
        "critic_rate": 1e-4,
        "content": "paper",
    }

    def prepare(self) -> None:
        """Three generators and three critics; weights of a stage stay when it is over."""
        self.content = str(self.settings["content"])
        if self.content not in CONTENTS:
            raise BadSetting(f"content is one of {CONTENTS}, got {self.content!r}")
        side = self.recipe.crop_px - 4 * LOST_PX
        for name in STAGES:
            self.set_up(getattr(self.bare, name), name)
            critic = networks()["two-layer-gan-critic"](size=(side, side))
            self.set_up(critic, f"{name}_critic", rate=self.settings["critic_rate"])

    def state(self) -> dict[str, object]:
        """The generators as the whole that is shipped, too."""
        return {**super().state(), "net": self.bare}

    def stage(self, number: int) -> str:
        """Which generator learns at a step."""
        return STAGES[min(2, 3 * number // self.recipe.steps)]

    def set_rates(self, number: int) -> float:
        """Every stage runs through the whole schedule."""
        at = STAGES.index(self.stage(number))
        rate = rate_at(self.recipe, 3 * number - at * self.recipe.steps)
        set_rate([self.optimisers[self.stage(number)]], rate)
        return rate

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """One step of the present stage's critic and generator."""
        name = self.stage(number)
        for module in (self.modules[other] for other in STAGES if other != name):
            module.eval()
        image, anchor, real = self.roles(
            name, self.entering(batch["ir"]), self.entering(batch["vis"])
        )
        fake, critic = self.modules[name](image), self.modules[f"{name}_critic"]
        for _ in range(int(self.settings["critic_steps"])):
            judged = squared_critic(
                critic(real), critic(fake.detach()), real_label=HARD_REAL, fake_label=HARD_FAKE
            )
            self.descend(judged, f"{name}_critic")
        played = squared_to(critic(fake), HARD_REAL)
        if self.content == "paper":
            content = TWO_LAYER[name] * two_layer(fake, anchor, gradients=name == "second")
        else:
            lost = (batch["ir"].shape[-1] - fake.shape[-1]) // 2
            both = (self.inner(self.entering(batch[key]), lost) for key in ("ir", "vis"))
            content = total(fusiongan(fake, *both), FUSIONGAN)
        loss = played + content
        self.descend(loss, name)
        return {
            "loss": loss,
            f"{name}_played": played,
            f"{name}_content": content,
            f"{name}_critic": judged,
        }

    def roles(self, name: str, ir: Tensor, vis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Input, content anchor and "real" image of a stage; the last two smaller by 4 per side."""
        if name != "third":
            ir, vis = self.inner(ir, LOST_PX), self.inner(vis, LOST_PX)
            own, other = (ir, vis) if name == "first" else (vis, ir)
            image = self.fed(own, other)
            return image, self.inner(own, LOST_PX), self.inner(other, LOST_PX)
        with torch.no_grad():
            irv = self.modules["first"](self.fed(ir, vis))
            vir = self.modules["second"](self.fed(vis, ir))
        if self.bare.start == "vir":
            irv, vir = vir, irv
        return self.fed(irv, vir), self.inner(vir, LOST_PX), self.inner(vir, LOST_PX)

    def fed(self, own: Tensor, other: Tensor) -> Tensor:
        """What a generator is given: its own image, or both."""
        return own if self.bare.generator_input == "single" else torch.cat([own, other], dim=1)

    def validate(self) -> dict[str, float]:
        """Only the third generator's results count."""
        trained = self.optimisers["third"].state
        return super().validate() if trained else {"validation_loss": inf}
