"""Supervised training on synthetic pairs: S5's task, one step and one validation."""

from math import log10

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from thermeld.data.masked import MaskedImages
from thermeld.data.synthetic import Sample, disturbed, draw
from thermeld.image import Image
from thermeld.train.losses import mean_squared_error
from thermeld.train.nets import networks
from thermeld.train.optimise import optimiser_of, rate_at, set_rate
from thermeld.train.recipe import Recipe

VALIDATION_STREAM = 2**31  # batches are numbered from 0, so this seed is never a batch's


class Supervised:
    """A network that learns to give back the truth (or the perfect map) of synthetic pairs.

    The batch of step n is a function of the recipe's seed and n alone, so a run that was stopped
    goes on with exactly the batches it would have seen; several processes share it out.
    """

    def __init__(self, recipe: Recipe, fabric: Fabric, train: MaskedImages, val: MaskedImages):
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.fabric = fabric
        self.train_images = train
        net: nn.Module = networks()[recipe.network](**recipe.options)
        net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.net, self.optimiser = fabric.setup(net, optimiser_of(recipe, net))
        self.validation = [
            self.tensors([sample])
            for sample in _fixed_samples(val, recipe, recipe.validation_pairs)
        ]

    def state(self) -> dict[str, object]:
        """What a checkpoint must hold for this task."""
        return {"net": self.net, "optimiser": self.optimiser}

    def step(self, number: int) -> dict[str, float]:
        """One optimiser step on batch `number`; the loss terms by name, and the rate."""
        rate = rate_at(self.recipe, number)
        set_rate([self.optimiser], rate)
        self.net.train()
        loss = self.loss(self.tensors(self.samples(number)))
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.optimiser.step()
        agreed = self.fabric.all_reduce(loss.detach(), reduce_op="mean")
        return {"loss": float(agreed), "learning_rate": rate}  # type: ignore[arg-type]

    def samples(self, number: int) -> list[Sample]:
        """This process's part of a step's batch, equal parts of each kind."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, number, 0])
        samples = [
            disturbed(draw(self.train_images, kind, rng, crop_px=recipe.crop_px), rng)
            for kind in recipe.kinds
            for _ in range(recipe.batch // len(recipe.kinds))
        ]
        return samples[self.fabric.global_rank :: self.fabric.world_size]

    def tensors(self, samples: list[Sample]) -> dict[str, Tensor]:
        """Stacked on the device: three (B, 3, H, W) and the map (B, 1, H, W)."""
        colour = {
            name: np.stack([getattr(sample, name) for sample in samples]).transpose(0, 3, 1, 2)
            for name in ("first", "second", "truth")
        }
        share = np.stack([sample.share for sample in samples])[:, None]
        return {
            name: self.fabric.to_device(torch.from_numpy(stack))
            for name, stack in {**colour, "share": share}.items()
        }

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """MSE of the fused image, or of the map for the variant that is trained on it."""
        fused, share = answer(self.net, batch["first"], batch["second"])
        if share is not None and self.recipe.options.get("variant") == "blending-only":
            return mean_squared_error(share, batch["share"])
        return mean_squared_error(fused, batch["truth"])

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss and PSNR of the fused image (dB) over the fixed validation pairs, by kind."""
        self.net.eval()
        losses, errors = [], []
        for batch in self.validation:
            losses.append(float(self.loss(batch)))
            fused, _ = answer(self.net, batch["first"], batch["second"])
            errors.append(float(mean_squared_error(fused.clamp(0, 1), batch["truth"])))
        values = {"validation_loss": float(np.mean(losses))}
        for number, kind in enumerate(self.recipe.kinds):
            decibels = [
                -10 * log10(max(e, 1e-10)) for e in errors[number :: len(self.recipe.kinds)]
            ]
            values[f"psnr_{kind}"] = float(np.mean(decibels))
        return values

    @torch.no_grad()
    def pictures(self) -> list[list[Image]]:
        """Rows of first, second, fused, truth and map for a few validation pairs."""
        self.net.eval()
        rows = []
        for batch in self.validation[:4]:
            fused, share = answer(self.net, batch["first"], batch["second"])
            share = batch["share"] if share is None else share
            shown = [
                batch["first"],
                batch["second"],
                fused.clamp(0, 1),
                batch["truth"],
                share.expand_as(fused),
            ]
            rows.append([image[0].float().permute(1, 2, 0).cpu().numpy() for image in shown])
        return rows


def answer(net: nn.Module, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor | None]:
    """Fused image and, from networks that blend, the share of the first image."""
    given = net(first, second)
    return given if isinstance(given, tuple) else (given, None)


def _fixed_samples(images: MaskedImages, recipe: Recipe, count: int) -> list[Sample]:
    rng = np.random.default_rng([recipe.seed, VALIDATION_STREAM])
    kinds = recipe.kinds
    return [draw(images, kinds[n % len(kinds)], rng, crop_px=recipe.crop_px) for n in range(count)]
