"""One training of the judge, as the loop wants it: DeepLabv3+ on labelled pictures."""

from collections.abc import Mapping

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from thermeld.data.segmentation import painted
from thermeld.image import Image
from thermeld.train.judge.budget import Budget, rate_at
from thermeld.train.judge.data import Pictures, Pixels, batch, fitted
from thermeld.train.judge.score import Counts, confusion, mean_iou
from thermeld.train.losses.segmentation import overlap_terms
from thermeld.train.nets.deeplab import DeepLab
from thermeld.train.optimise import optimiser_of, set_rate
from thermeld.train.recipe import Recipe
from thermeld.train.seeding import own_stream

SHOWN = 3


class Judging:
    """The segmenter learns from `train`, and is asked about `val`.

    Everything random follows from the recipe's seed and the number of the step.
    """

    def __init__(
        self,
        recipe: Recipe,
        budget: Budget,
        fabric: Fabric,
        train: Pictures,
        val: Pictures,
        *,
        classes: int,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.recipe, self.budget, self.fabric = recipe, budget, fabric
        self.pictures_in, self.val, self.classes = train, val, classes
        with own_stream(fabric, recipe.seed, 0):
            net = DeepLab(classes=classes)
        if start is not None:
            net.load_state_dict(dict(start))
        net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.bare = net
        self.counted: Counts | None = None
        self.net, self.optimiser = fabric.setup(net, optimiser_of(recipe, net))

    def state(self) -> dict[str, object]:
        """What a checkpoint holds."""
        return {"net": self.net, "optimiser": self.optimiser}

    def step(self, number: int) -> dict[str, float]:
        """One step; the loss and its terms by name, and the rate."""
        rate = rate_at(self.recipe.learning_rate, number, self.recipe.steps)
        set_rate([self.optimiser], rate)
        self.net.train()
        self.counted = None
        images, labels = (
            self.fabric.to_device(torch.from_numpy(part))
            for part in batch(self.pictures_in, self.budget, seed=self.recipe.seed, number=number)
        )
        with own_stream(self.fabric, self.recipe.seed, number + 1):  # for dropout
            logits = self.net(images.contiguous(memory_format=torch.channels_last))
        terms = overlap_terms(logits.float(), labels)
        loss = terms["entropy"] + terms["dice"]
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.optimiser.step()
        values = {name: float(value.detach()) for name, value in terms.items()}
        return {"loss": float(loss.detach()), **values, "learning_rate": rate}

    def validate(self) -> dict[str, float]:
        """1 - mIoU."""
        return {"validation_loss": 1.0 - mean_iou(self.confusion())}

    def confusion(self) -> Counts:
        """Over all of `val`, at the resolution of its labels; asked once after a step."""
        if self.counted is None:
            parts = (
                confusion(labels, self.answer(image, labels.shape), self.classes)
                for image, labels in zip(self.val.images, self.val.labels, strict=True)
            )
            self.counted = np.sum(list(parts), axis=0)
        return self.counted

    @torch.no_grad()
    def answer(self, image: Pixels, size: tuple[int, ...]) -> Pixels:
        """The class of every pixel of a whole picture, (H, W) of the size asked for."""
        self.net.eval()
        placed = fitted(image, self.budget.box)
        given = self.fabric.to_device(torch.from_numpy(placed.image)[None])
        logits = self.net(given.contiguous(memory_format=torch.channels_last)).float()
        inside = logits[:, :, placed.inside[0], placed.inside[1]]
        whole = F.interpolate(inside, size, mode="bilinear", align_corners=False)
        return np.asarray(whole.argmax(1)[0].to(torch.uint8).cpu().numpy())

    def pictures(self) -> list[list[Image]]:
        """Answers laid over a few pictures of `val`."""
        return [
            [self.overlay(at).astype(np.float32) / np.float32(255)]
            for at in range(min(SHOWN, len(self.val)))
        ]

    def overlay(self, at: int) -> Pixels:
        """The answer for picture `at` of `val`, laid over it."""
        image = self.val.images[at]
        return painted(image, self.answer(image, image.shape[:2]))
