"""How close a network comes to the truth on synthetic pairs that it never saw."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from thermeld.data.masked import MaskedImages
from thermeld.data.synthetic import Sample, draw
from thermeld.image import Image
from thermeld.train.tasks.synthetic import answer

KINDS = ("focus", "lighting")
CROP_PX = 352  # nearly all of a 480x360 picture


@dataclass(frozen=True)
class Holdout:
    """Mean PSNR in dB over the pairs of one kind, against the truth.

    Attributes:
        kind: "focus" or "lighting".
        pairs: how many.
        fused: of the network's result.
        average: of the mean of the inputs, the floor.
        perfect: of blending by the perfect map, a ceiling for blending networks.
    """

    kind: str
    pairs: int
    fused: float
    average: float
    perfect: float


def holdout(
    net: nn.Module,
    images: MaskedImages,
    kind: str,
    *,
    seed: int = 0,
    on_pair: Callable[[int], None] = lambda number: None,
) -> Holdout:
    """Score one synthetic pair per picture of a split.

    The pairs depend on the seed alone, so every network is asked the same.
    """
    rows = []
    for number in range(len(images)):
        rng = np.random.default_rng([seed, number])
        sample = draw(images, kind, rng, crop_px=CROP_PX, index=number)
        rows.append(_decibels(net, sample))
        on_pair(number + 1)
    fused, average, perfect = np.mean(rows, axis=0)
    return Holdout(kind, len(images), float(fused), float(average), float(perfect))


def psnr(image: Image, truth: Image) -> float:
    """Peak signal-to-noise ratio in dB of images in [0, 1]; 100 where they are equal."""
    error = float(np.mean((image.astype(np.float64) - truth) ** 2))
    return min(100.0, -10.0 * float(np.log10(max(error, 1e-10))))


@torch.no_grad()
def _decibels(net: nn.Module, sample: Sample) -> tuple[float, float, float]:
    fused, _ = answer(net, _tensor(sample.first), _tensor(sample.second))
    result = fused[0].clamp(0, 1).permute(1, 2, 0).numpy()
    average = np.float32(0.5) * (sample.first + sample.second)
    share = sample.share[:, :, None]
    perfect = share * sample.first + (1 - share) * sample.second
    return tuple(psnr(image, sample.truth) for image in (result, average, perfect))  # type: ignore[return-value]


def _tensor(image: Image) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
