"""When joint training teaches which of its two networks, and at which rate."""

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from thermeld.errors import BadSetting

Learner = Literal["net", "segmenter"]
SemanticLoss = Literal["ohem", "ce"]
SegmenterLoss = Literal["ohem", "ce", "overlap"]
SegmenterOptimiser = Literal["sgd", "adam"]
START = 1e-3  # of the segmenter's rate, where its warm-up begins
POWER = 0.9  # of the polynomial by which it falls
CHOICES = {
    "seg_loss": SemanticLoss,
    "segmenter_loss": SegmenterLoss,
    "segmenter_optimiser": SegmenterOptimiser,
}
RANGES = {
    **dict.fromkeys(("least", "segmenter_least", "jitter", "segmenter_objects"), (0, 1)),
    **dict.fromkeys(("segmenter_share", "segmenter_warmup"), (0, 1)),
    **dict.fromkeys(("iterations", "head_start"), (1, inf)),
    **dict.fromkeys(("gamma", "auxiliary", "segmenter_auxiliary"), (0, inf)),
    **dict.fromkeys(("segmenter_rate", "segmenter_decay", "head_factor"), (0, inf)),
    "segmenter_batch": (2, inf),  # one cannot be normalised where features are means of it
    "segmenter_crop_px": (32, inf),  # the deepest features are 1/32 of it
}


@dataclass(frozen=True)
class Plan:
    """Settings of joint training; defaults are those of SeAFusion's and SCGRFuse's public code.

    Attributes:
        iterations: M. Each one first teaches the fusion network, then the segmenter.
        segmenter_share: of the steps of an iteration, q / (p + q).
        head_start: how many times longer the first of the segmenter's phases is.
        finish: teach the segmenter after the last of the fusion phases, too. That changes nothing
            that is shipped, only the mean IoU in the log.
        reinit_fusion: begin every iteration with new weights of the fusion network. If not, its
            learning rate runs through the schedule once, not once per iteration.
        gamma: the semantic loss weighs gamma (m - 1) in iteration m.
        seg_loss: "ohem", cross-entropy of hard pixels, or "ce", of all; what the fusion network is
            judged by.
        least: share of the labelled pixels that count as hard at least, in the fusion phase.
        auxiliary: weight of the auxiliary head, in the fusion phase.
        segmenter_loss: what the segmenter learns by: "ohem", "ce", or "overlap", cross-entropy of
            all pixels and Dice, by which one that starts from nothing finds small classes sooner.
        segmenter_least: the same share in the segmenter's phase.
        segmenter_auxiliary: the same weight there.
        segmenter_batch: crops per step of the segmenter, over all processes.
        segmenter_crop_px: side of these.
        segmenter_objects: share of these that show a labelled object; the others lie anywhere.
        segmenter_optimiser: "sgd" (momentum 0.9) or "adam" (decoupled decay).
        segmenter_rate: highest learning rate of its trunk.
        segmenter_warmup: share of its steps in which the rate rises, from a thousandth.
        segmenter_decay: weight decay of its convolutions.
        head_factor: how many times faster its two heads learn.
        jitter: brightness, contrast and saturation are multiplied by 1 - jitter to 1 + jitter.
    """

    iterations: int = 4
    segmenter_share: float = 0.85
    head_start: float = 1.0
    finish: bool = True
    reinit_fusion: bool = True
    gamma: float = 1.0
    seg_loss: str = "ohem"
    least: float = 1 / 3
    auxiliary: float = 0.1
    segmenter_loss: str = "ohem"
    segmenter_least: float = 1 / 16
    segmenter_auxiliary: float = 0.75
    segmenter_batch: int = 16
    segmenter_crop_px: int = 480
    segmenter_objects: float = 0.0
    segmenter_optimiser: str = "sgd"
    segmenter_rate: float = 1e-2
    segmenter_warmup: float = 1 / 80
    segmenter_decay: float = 5e-4
    head_factor: float = 10.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        for key, kinds in CHOICES.items():
            if getattr(self, key) not in get_args(kinds):
                known = " or ".join(get_args(kinds))
                raise BadSetting(f"{key} must be {known}, got {getattr(self, key)!r}")
        for key in ("segmenter_share", "segmenter_warmup"):
            if getattr(self, key) in (0, 1):
                raise BadSetting(f"{key} must lie between 0 and 1, got {getattr(self, key)}")
        for key, (low, high) in RANGES.items():
            if not low <= getattr(self, key) <= high:
                raise BadSetting(f"{key} must lie in [{low}, {high}], got {getattr(self, key)}")

    @property
    def semantic(self) -> bool:
        """Whether the segmenter ever judges the fusion network."""
        return self.iterations > 1 and self.gamma > 0


@dataclass(frozen=True)
class Phase:
    """Consecutive steps that teach one network.

    Attributes:
        learner: which.
        iteration: m, from 1.
        start: its first step.
        end: the step after its last.
        before: steps that this network has had in earlier phases.
    """

    learner: Learner
    iteration: int
    start: int
    end: int
    before: int


def phases_of(plan: Plan, steps: int) -> tuple[Phase, ...]:
    """All phases that have at least one step, in order.

    Raises:
        BadSetting: the last fusion phase would have none.
    """
    weights: list[tuple[Learner, int, float]] = []
    for iteration in range(1, plan.iterations + 1):
        weights.append(("net", iteration, 1 - plan.segmenter_share))
        if iteration < plan.iterations or plan.finish:
            longer = plan.head_start if iteration == 1 else 1.0
            weights.append(("segmenter", iteration, plan.segmenter_share * longer))
    whole = sum(weight for _, _, weight in weights)
    phases, had, passed = [], {"net": 0, "segmenter": 0}, 0.0
    for learner, iteration, weight in weights:
        start, end = (round(steps * edge / whole) for edge in (passed, passed + weight))
        passed += weight
        if end > start:
            phases.append(Phase(learner, iteration, start, end, had[learner]))
            had[learner] += end - start
        elif learner == "net" and iteration == plan.iterations:
            raise BadSetting(f"{steps} steps are too few for {plan.iterations} iterations")
    return tuple(phases)


def segmenter_rate(plan: Plan, number: int, total: int) -> float:
    """The trunk's learning rate at the segmenter's own step `number` of `total`.

    An exponential rise, then a fall by (1 - x)^0.9; SeAFusion's public code.
    """
    warmup = plan.segmenter_warmup * total
    if number < warmup:
        return plan.segmenter_rate * float(START ** (1 - number / warmup))
    left = 1 - (number - warmup) / (total - warmup)
    return plan.segmenter_rate * float(left**POWER)
