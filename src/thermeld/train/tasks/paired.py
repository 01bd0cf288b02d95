"""What all tasks on registered pairs share: batches, validation, pictures, checkpoints."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from thermeld.errors import BadSetting
from thermeld.image import Image
from thermeld.train.crops import RegisteredPairs
from thermeld.train.deployed import Deployed
from thermeld.train.losses.content import strongest_and_similar
from thermeld.train.nets import networks
from thermeld.train.optimise import Average, optimiser_of, rate_at, set_rate
from thermeld.train.recipe import Recipe

VALIDATION_STREAM = 2**31  # batches are numbered from 0, so this seed is never a batch's
SHOWN = 4
Batch = dict[str, Tensor]


class Paired(ABC):
    """A network that fuses, trained on crops of registered pairs.

    The batch of step n is a function of the recipe's seed and n alone, so a run that was stopped
    goes on with exactly the batches it would have seen; several processes share it out.

    Attributes:
        bare: the network that is shipped, as it was built.
        modules: what Fabric has set up, by name; "net" is the network.
        optimisers: one for each of them.
        low: the network's value for black.
        span: between its values for black and white.
        lost_px: pixels that the network takes from every side.
    """

    DEFAULTS: Mapping[str, object] = {}
    COLOUR = False  # whether batches need colour and labels

    def __init__(
        self, recipe: Recipe, fabric: Fabric, train: RegisteredPairs, val: RegisteredPairs
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.fabric, self.pairs = recipe, fabric, train
        self.settings = settings_of(recipe, self.DEFAULTS)
        net: nn.Module = networks()[recipe.network](**recipe.options)
        shipped = net.deployed() if hasattr(net, "deployed") else None  # type: ignore[operator]
        if not isinstance(shipped, Deployed):
            raise BadSetting(f"{recipe.network} does not fuse two planes; choose another task")
        self.low, self.span, self.lost_px = shipped.low, shipped.span, shipped.pad_px
        net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(net, recipe.average) if recipe.average else None
        self.optimisers: dict[str, Optimizer] = {}
        self.modules: dict[str, nn.Module] = {}
        self.bare = net
        self.prepare()
        rng = np.random.default_rng([recipe.seed, VALIDATION_STREAM])
        self.validation = [self.tensors(val, rng, count=1) for _ in range(recipe.validation_pairs)]

    @property
    def net(self) -> nn.Module:
        """The network as Fabric has set it up."""
        return self.modules["net"]

    def prepare(self) -> None:
        """Set up what is trained."""
        self.set_up(self.bare, "net")

    def set_up(self, net: nn.Module, name: str, *, rate: float | None = None) -> None:
        """Give a module to Fabric, with an optimiser of its own."""
        self.modules[name], self.optimisers[name] = self.fabric.setup(
            net, optimiser_of(self.recipe, net, rate=rate)
        )

    def state(self) -> dict[str, object]:
        """What a checkpoint must hold for this task."""
        optimisers = {f"{name}_optimiser": value for name, value in self.optimisers.items()}
        average = {"average": self.average.net} if self.average else {}
        return {**self.modules, **optimisers, **average}

    def step(self, number: int) -> dict[str, float]:
        """One step on batch `number`; the loss terms by name, and the rate."""
        rate = self.set_rates(number)
        rng = np.random.default_rng([self.recipe.seed, number])
        for module in self.modules.values():
            module.train()
        whole = self.tensors(self.pairs, rng, count=self.recipe.batch)
        terms = self.learn(number, share_of(whole, self.fabric))
        if self.average:
            self.average.update(self.bare, number)
        return {**self.agreed(terms), "learning_rate": rate}

    def set_rates(self, number: int) -> float:
        """Give the network's optimiser its rate of this step, and tell it."""
        rate = rate_at(self.recipe, number)
        set_rate([self.optimisers["net"]], rate)
        return rate

    @abstractmethod
    def learn(self, number: int, batch: Batch) -> dict[str, Tensor]:
        """Update the networks on one batch; loss terms by name, "loss" among them."""

    def agreed(self, terms: Mapping[str, Tensor]) -> dict[str, float]:
        """Means over all processes."""
        names, values = zip(*terms.items(), strict=True)
        stack = torch.stack([value.detach().float() for value in values])
        if self.fabric.world_size > 1:
            stack = self.fabric.all_reduce(stack, reduce_op="mean")  # type: ignore[assignment]
        return dict(zip(names, stack.tolist(), strict=True))

    def descend(self, loss: Tensor, name: str = "net") -> None:
        """One optimiser step of one module."""
        module, optimiser = self.modules[name], self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if self.recipe.clip:
            self.fabric.clip_gradients(module, optimiser, max_norm=self.recipe.clip)
        optimiser.step()

    def tensors(self, pairs: RegisteredPairs, rng: np.random.Generator, *, count: int) -> Batch:
        """Crops on the device as (B, 1, H, W) in [0, 1]."""
        crops = pairs.draw(rng, count, self.recipe.crop_px)
        planes = {"ir": crops.ir, "vis": crops.vis}
        return {
            name: self.fabric.to_device(torch.from_numpy(plane)[:, None])
            for name, plane in planes.items()
        }

    def draw(self, number: int) -> torch.Generator:
        """The source of a step's random numbers, on the CPU."""
        stream = np.random.SeedSequence([self.recipe.seed, number, self.fabric.global_rank, 1])
        return torch.Generator().manual_seed(int(stream.generate_state(1)[0]))

    def entering(self, plane: Tensor) -> Tensor:
        """A plane in [0, 1] in the network's own range."""
        return plane * self.span + self.low

    def leaving(self, plane: Tensor) -> Tensor:
        """A plane of the network's range in [0, 1]."""
        return (plane - self.low) / self.span

    def inner(self, plane: Tensor, lost_px: int | None = None) -> Tensor:
        """What is left of a plane after a network that takes some pixels from every side."""
        lost = self.lost_px if lost_px is None else lost_px
        return plane[..., lost : plane.shape[-2] - lost, lost : plane.shape[-1] - lost]

    def criterion(self, fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
        """What decides which weights are kept; all planes in [0, 1], (B, 1, H, W).

        The same for every task that does not say otherwise, so that runs can be compared.
        """
        terms = strongest_and_similar(fused, ir, vis)
        return terms["intensity"] + terms["texture"] + terms["structure"]

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean criterion of the shipped form over the fixed validation crops."""
        shipped = self.shipped()
        values = [
            float(self.criterion(shipped(batch["ir"], batch["vis"])["fused"].clamp(0, 1), **batch))
            for batch in self.validation
        ]
        return {"validation_loss": float(np.mean(values))}

    @torch.no_grad()
    def pictures(self) -> list[list[Image]]:
        """Rows of infrared, visible and fused for a few validation crops."""
        shipped = self.shipped()
        rows = []
        for batch in self.validation[:SHOWN]:
            fused = shipped(batch["ir"], batch["vis"])["fused"].clamp(0, 1)
            shown = (batch["ir"], batch["vis"], fused)
            rows.append([plane[0, 0].float().cpu().numpy() for plane in shown])
        return rows

    def shipped(self) -> nn.Module:
        """The network as it would be exported now."""
        net = self.average.net if self.average else self.bare
        shipped: nn.Module = deepcopy(net).eval().deployed()  # type: ignore[operator]
        return shipped


def share_of(batch: Batch, fabric: Fabric) -> Batch:
    """This process's part of a batch: every n-th sample of n processes."""
    return {name: value[fabric.global_rank :: fabric.world_size] for name, value in batch.items()}


def settings_of(recipe: Recipe, defaults: Mapping[str, object]) -> dict[str, float]:
    """A task's settings with its defaults.

    Raises:
        BadSetting: a setting that the task does not know, or of another kind.
    """
    unknown = sorted(recipe.settings.keys() - defaults.keys())
    if unknown:
        known = ", ".join(sorted(defaults)) or "none"
        raise BadSetting(f"task {recipe.task!r} has no setting {unknown[0]!r}; known: {known}")
    return {**defaults, **recipe.settings}
