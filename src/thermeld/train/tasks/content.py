"""Training by what the fused image must keep of its sources: one network, one sum of terms."""

from collections.abc import Callable, Mapping

from torch import Tensor

from thermeld.registry import lookup
from thermeld.train.losses import content, total
from thermeld.train.tasks.paired import Batch, Paired

Terms = Callable[[Tensor, Tensor, Tensor], dict[str, Tensor]]
# What is asked of the fused image, with the weights of its paper.
LOSSES: dict[str, tuple[Terms, Mapping[str, float]]] = {
    "strongest": (content.strongest, content.SEAFUSION),
    "strongest-and-similar": (content.strongest_and_similar, content.LWC_DENSEFUSE),
    "tardal": (content.tardal_first, content.TARDAL_FIRST),
}


class Content(Paired):
    """Minimise a named loss of (fused, ir, vis).

    Settings: `loss`, key of `LOSSES`; any of its terms' names gives that term another weight.
    """

    DEFAULTS: Mapping[str, object] = {
        "loss": "strongest",
        **{term: None for _, weights in LOSSES.values() for term in weights},
    }

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """One step of the network."""
        terms_of, weights = lookup(LOSSES, str(self.settings["loss"]), "loss")
        given = {name: self.settings[name] for name in weights if self.settings[name] is not None}
        fused = self.leaving(self.net(self.entering(batch["ir"]), self.entering(batch["vis"])))
        terms = terms_of(fused, self.inner(batch["ir"]), self.inner(batch["vis"]))
        loss = total(terms, {**weights, **given})
        self.descend(loss)
        return {"loss": loss, **terms}
