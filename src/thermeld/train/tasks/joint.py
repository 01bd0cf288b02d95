"""Joint training: a fusion network and a segmenter that judges what it makes, in turns.

Source: Tang et al., "SeAFusion", Information Fusion 82, 2022, section 3.3; Wang et al., "SCGRFuse",
2024; the public code of both.

Departures: the segmenter starts from random weights, not from ImageNet's, and sees pictures fused
on the fly, not those that were written to disk after the fusion phase; its crops are square, and
all of a step are scaled alike. Of a picture that is to be scaled only the part that will be seen is
fused.
"""

from collections.abc import Mapping
from dataclasses import asdict
from math import inf

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.data.segmentation import IGNORED
from thermeld.errors import BadSetting
from thermeld.registry import checked_settings
from thermeld.train.alternation import Phase, Plan, phases_of, segmenter_rate
from thermeld.train.colours import jittered, recoloured
from thermeld.train.crops import Crops, RegisteredPairs
from thermeld.train.losses import total
from thermeld.train.losses.content import SEAFUSION, strongest
from thermeld.train.losses.segmentation import (
    confusion,
    hard_cross_entropy,
    mean_intersection_over_union,
    overlap_terms,
    semantic_terms,
)
from thermeld.train.nets import networks
from thermeld.train.nets.bisenet_like import CLASSES
from thermeld.train.optimise import rate_at, set_rate
from thermeld.train.seeding import own_stream
from thermeld.train.tasks.paired import Batch, Paired, share_of

SCALES = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)  # of the segmenter's pictures
HEADS = ("main.", "auxiliary.")


class Joint(Paired):
    """The loss of SeAFusion for the fusion network, cross-entropy for the segmenter.

    Pairs without labels take part in the fusion phases; there the semantic loss does not see them.

    Settings: those of `alternation.Plan`.
    """

    DEFAULTS: Mapping[str, object] = asdict(Plan())
    COLOUR = True

    def prepare(self) -> None:
        """The fusion network, the segmenter, and when which of them learns."""
        super().prepare()
        chosen = checked_settings(self.recipe.settings, self.DEFAULTS, "task joint")
        self.plan = Plan(**chosen)
        self.phases = phases_of(self.plan, self.recipe.steps)
        self.labelled = _fit_to_learn(self.pairs.labelled())
        self.least_side = min(min(plane.shape) for plane in self.labelled.ir)
        self.bare_segmenter = networks()["bisenet-segmenter"]().to(
            memory_format=torch.channels_last  # type: ignore[call-overload]
        )
        self.modules["segmenter"], self.optimisers["segmenter"] = self.fabric.setup(
            self.bare_segmenter, _segmenter_optimiser(self.plan, self.bare_segmenter)
        )
        self.number = 0

    def phase_at(self, number: int) -> Phase:
        """The phase that a step belongs to."""
        return next(phase for phase in self.phases if number < phase.end)

    def steps_of(self, learner: str) -> int:
        """How many steps a network has in all."""
        return sum(phase.end - phase.start for phase in self.phases if phase.learner == learner)

    def step(self, number: int) -> dict[str, float]:
        """One step of the network whose turn it is."""
        self.number = number
        phase = self.phase_at(number)
        if phase.learner == "segmenter":
            return self.teach_segmenter(number, phase)
        if self.plan.reinit_fusion and number == phase.start and phase.iteration > 1:
            self.renew(phase.iteration)
        return super().step(number)

    def set_rates(self, number: int) -> float:
        """The recipe's schedule over this phase, or over all fusion phases without `reinit`."""
        phase = self.phase_at(number)
        if self.plan.reinit_fusion:
            share = (number - phase.start) / (phase.end - phase.start)
        else:
            share = (phase.before + number - phase.start) / self.steps_of("net")
        rate = rate_at(self.recipe, int(share * self.recipe.steps))
        set_rate([self.optimisers["net"]], rate)
        return rate

    def renew(self, iteration: int) -> None:
        """New weights and moments for the fusion network, a function of seed and iteration."""
        with own_stream(self.fabric, self.recipe.seed, iteration):
            fresh = networks()[self.recipe.network](**self.recipe.options)
        for net in (self.bare, *([self.average.net] if self.average else [])):
            net.load_state_dict(fresh.state_dict())
        self.optimisers["net"].state.clear()

    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """One step of the fusion network; the segmenter is frozen but passes gradients on."""
        fused = self.leaving(self.net(self.entering(batch["ir"]), self.entering(batch["vis"])))
        terms = strongest(fused, self.inner(batch["ir"]), self.inner(batch["vis"]))
        weights = dict(SEAFUSION)
        beta = self.plan.gamma * (self.phase_at(number).iteration - 1)
        if beta:
            terms["semantic"] = self.judged(fused, batch)
            weights["semantic"] = beta
        loss = total(terms, weights)
        self.descend(loss)
        return {"loss": loss, **terms}

    def judged(self, fused: Tensor, batch: Batch) -> Tensor:
        """The semantic loss of a fused batch."""
        # Past Fabric's wrapper: between processes it would wait for gradients that do not come.
        self.bare_segmenter.eval().requires_grad_(False)
        rgb = recoloured(fused, self.inner(batch["vis"]), self.inner(batch["colour"]))
        with self.fabric.autocast():
            main, auxiliary = self.bare_segmenter(rgb)
        least = 1.0 if self.plan.seg_loss == "ce" else self.plan.least
        terms = semantic_terms(main, auxiliary, self.inner(batch["labels"]), least=least)
        return total(terms, {"main": 1.0, "auxiliary": self.plan.auxiliary})

    def teach_segmenter(self, number: int, phase: Phase) -> dict[str, float]:
        """One step of the segmenter on what the fusion network makes now."""
        plan, optimiser = self.plan, self.optimisers["segmenter"]
        if number == phase.start:
            optimiser.state.clear()
        rate = segmenter_rate(plan, phase.before + number - phase.start, self.steps_of("segmenter"))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        rng = np.random.default_rng([self.recipe.seed, number])
        rgb, labels = self.shown(rng)
        self.bare_segmenter.train().requires_grad_(True)
        main, auxiliary = self.modules["segmenter"](rgb)
        loss = self.missed(main, labels) + plan.segmenter_auxiliary * self.missed(auxiliary, labels)
        self.descend(loss, "segmenter")
        return {**self.agreed({"segmenter_loss": loss}), "segmenter_rate": rate}

    def missed(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What one head of the segmenter is taught by."""
        if self.plan.segmenter_loss == "overlap":
            terms = overlap_terms(logits.float(), labels)
            return terms["entropy"] + terms["dice"]
        least = 1.0 if self.plan.segmenter_loss == "ce" else self.plan.segmenter_least
        return hard_cross_entropy(logits, labels, least=least)

    def shown(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """This process's part of the segmenter's batch: (B, 3, S, S) in [0, 1], labels (B, S, S).

        Scale and colours are changed at random.
        """
        plan = self.plan
        side = plan.segmenter_crop_px
        window = min(round(side / float(rng.choice(SCALES))), self.least_side)
        crops = self.labelled.draw(
            rng, plan.segmenter_batch, window, objects=plan.segmenter_objects
        )
        batch = self.on_device(crops)
        factors = rng.uniform(1 - plan.jitter, 1 + plan.jitter, (plan.segmenter_batch, 3))
        batch["factors"] = self.fabric.to_device(torch.from_numpy(factors).float())
        batch = share_of(batch, self.fabric)
        self.bare.eval()
        with torch.no_grad(), self.fabric.autocast():
            fused = self.leaving(self.bare(self.entering(batch["ir"]), self.entering(batch["vis"])))
        rgb = recoloured(fused.float(), self.inner(batch["vis"]), self.inner(batch["colour"]))
        rgb = F.interpolate(rgb, (side, side), mode="bilinear", antialias=window > side)
        labels = self.inner(batch["labels"])[:, None].float()
        labels = F.interpolate(labels, (side, side), mode="nearest")[:, 0].long()
        return jittered(rgb, batch["factors"]), labels

    def tensors(self, pairs: RegisteredPairs, rng: np.random.Generator, *, count: int) -> Batch:
        """Crops on the device: planes as (B, 1, H, W), colour (B, 3, H, W), labels (B, H, W)."""
        return self.on_device(pairs.draw(rng, count, self.recipe.crop_px))

    def on_device(self, crops: Crops) -> Batch:
        """Crops as tensors."""
        assert crops.colour is not None
        assert crops.labels is not None
        planes = {
            "ir": crops.ir[:, None],
            "vis": crops.vis[:, None],
            "colour": np.ascontiguousarray(crops.colour.transpose(0, 3, 1, 2)),
            "labels": crops.labels.astype(np.int64),
        }
        return {
            name: self.fabric.to_device(torch.from_numpy(plane)) for name, plane in planes.items()
        }

    def settled(self) -> bool:
        """Whether weights of now may be kept: the last fusion phase is at least half over.

        Weights of an earlier iteration mind the semantic loss less, so the criterion, which does
        not know it, would prefer them.
        """
        last = next(phase for phase in reversed(self.phases) if phase.learner == "net")
        return not self.plan.semantic or 2 * (self.number + 1) >= last.start + last.end

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Criterion and the segmenter's mean IoU; the first decides once weights have settled."""
        shipped, criteria, counts = self.shipped(), [], torch.zeros(CLASSES, CLASSES)
        self.bare_segmenter.eval()
        for batch in self.validation:
            fused = shipped(batch["ir"], batch["vis"])["fused"].clamp(0, 1)
            criteria.append(float(self.criterion(fused, batch["ir"], batch["vis"])))
            main, _ = self.bare_segmenter(recoloured(fused, batch["vis"], batch["colour"]))
            counts += confusion(main, batch["labels"]).cpu()
        criterion = float(np.mean(criteria))
        return {
            "validation_loss": criterion if self.settled() else inf,
            "criterion": criterion,
            "mean_iou": mean_intersection_over_union(counts),
        }


def _fit_to_learn(pairs: RegisteredPairs) -> RegisteredPairs:
    """Refuse pairs that no segmenter can learn from."""
    if not len(pairs):
        raise BadSetting(
            "task joint needs class maps, labels/STEM.png, in one of its sets; msrs has"
        )
    for name, labels in zip(pairs.names, pairs.labels, strict=True):
        assert labels is not None
        top = int(labels.max(where=labels != IGNORED, initial=0))
        if top >= CLASSES:
            raise BadSetting(
                f"{name} is labelled {top}; task joint knows 0 to {CLASSES - 1} and 255"
            )
    return pairs


def _segmenter_optimiser(plan: Plan, net: nn.Module) -> torch.optim.Optimizer:
    """Its groups say how much faster than the trunk they learn, as "factor"."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in net.named_parameters():
        groups.setdefault((name.startswith(HEADS), weight.dim() > 1), []).append(weight)
    of_kind = [
        {
            "params": weights,
            "factor": plan.head_factor if of_head else 1.0,
            "weight_decay": plan.segmenter_decay if decays else 0.0,
        }
        for (of_head, decays), weights in groups.items()
    ]
    if plan.segmenter_optimiser == "adam":
        return torch.optim.AdamW(of_kind, lr=plan.segmenter_rate)
    return torch.optim.SGD(of_kind, lr=plan.segmenter_rate, momentum=0.9)
