"""Multi-focus and multi-lighting pairs with known truth, made from any image with masks.

Source: Perreault et al., "MobileFuse", 2023, section III-B. The paper gives no numbers; the
ranges here are ours and are stated beside each.
"""

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.masked import MaskedImages
from thermeld.errors import BadSetting
from thermeld.image import Gray, Image, luminance

BLUR_SIGMA_PX = (1.5, 6.0)
# The bright gain is fixed. Were both gains drawn independently, pairs of one ratio would have
# different truths and nothing could tell them apart: the best estimate from both pixels together
# would gain but 3.1 dB over their average.
BRIGHT_GAIN = 1.3  # saturates what was above 0.77
DARK_GAIN = (0.15, 0.5)
COVERAGE = (0.05, 0.95)  # share of the crop that the foreground may take
GREY_CHANCE = 0.3  # so that a grey (infrared) stream is not unseen
NOISE_CHANCE = 0.3
NOISE_SIGMA = 0.02
REDRAWS = 20


@dataclass(frozen=True)
class Sample:
    """Two inputs, the picture both were made from, and how best to blend them.

    Attributes:
        first: (H, W, 3) float32 in [0, 1].
        second: likewise.
        truth: likewise; what fusion should give back.
        share: (H, W) float32 in [0, 1]; truth is near share * first + (1 - share) * second.
    """

    first: Image
    second: Image
    truth: Image
    share: Gray


def multi_focus(truth: Image, foreground: NDArray[np.bool_], *, sigma_px: float) -> Sample:
    """First input sharp on the foreground, second sharp elsewhere.

    The whole picture is blurred before composing, so a halo of the objects stays in the second.
    """
    side = 2 * ceil(3 * sigma_px) + 1
    blurred = cv2.GaussianBlur(truth, (side, side), sigma_px, borderType=cv2.BORDER_REFLECT)
    near = foreground[:, :, None]
    share = foreground.astype(np.float32)
    return Sample(np.where(near, truth, blurred), np.where(near, blurred, truth), truth, share)


def multi_lighting(truth: Image, *, bright: float, dark: float) -> Sample:
    """First input over-exposed by the gain `bright` > 1, second darkened by `dark` < 1.

    The perfect share solves truth = share * first + (1 - share) * second per channel and takes
    the mean over channels; where the inputs agree it is 0.5.
    """
    first = np.minimum(truth * np.float32(bright), np.float32(1.0))
    second = truth * np.float32(dark)
    gap = first - second
    even = gap < 1e-6
    share = np.clip((truth - second) / np.where(even, 1.0, gap), 0.0, 1.0)
    share = np.where(even, 0.5, share).mean(axis=2, dtype=np.float32)
    return Sample(first, second, truth, share)


def draw(
    images: MaskedImages,
    kind: str,
    rng: np.random.Generator,
    *,
    crop_px: int,
    index: int | None = None,
) -> Sample:
    """One random sample, its two inputs in random order.

    Args:
        images: where pictures and masks come from.
        kind: "focus" or "lighting".
        rng: decides everything.
        crop_px: side of the square crop.
        index: which picture; None draws one.

    Raises:
        BadSetting: an unknown kind, or pictures smaller than the crop.
    """
    if kind == "lighting":
        crop, _ = random_crop(images, rng, crop_px, index)
        sample = multi_lighting(crop, bright=BRIGHT_GAIN, dark=rng.uniform(*DARK_GAIN))
    elif kind == "focus":
        crop, foreground = crop_with_object(images, rng, crop_px, index)
        sample = multi_focus(crop, foreground, sigma_px=rng.uniform(*BLUR_SIGMA_PX))
    else:
        raise BadSetting(f"kind must be 'focus' or 'lighting', got {kind!r}")
    return swapped(sample, rng)


def random_crop(
    images: MaskedImages, rng: np.random.Generator, crop_px: int, index: int | None
) -> tuple[Image, NDArray[np.uint8]]:
    """A square crop, flipped half the time: (crop, crop, 3) float32 and its labels."""
    picture, labels = images.load(int(rng.integers(len(images))) if index is None else index)
    height, width = labels.shape
    if crop_px > min(height, width):
        raise BadSetting(f"crop_px {crop_px} is larger than a picture of {width}x{height}")
    top, left = rng.integers(height - crop_px + 1), rng.integers(width - crop_px + 1)
    window = np.s_[top : top + crop_px, left : left + crop_px]
    crop, crop_labels = picture[window], labels[window]
    if rng.random() < 0.5:
        crop, crop_labels = crop[:, ::-1], crop_labels[:, ::-1]
    return crop.astype(np.float32) / np.float32(255.0), crop_labels


def crop_with_object(
    images: MaskedImages, rng: np.random.Generator, crop_px: int, index: int | None
) -> tuple[Image, NDArray[np.bool_]]:
    """A crop and a foreground that covers a fair share of it, redrawn until it does.

    Falls back on the last crop's left half as foreground if no draw serves (pictures that hold
    hardly any object), so that a set without objects still trains.
    """
    for _ in range(REDRAWS):
        crop, labels = random_crop(images, rng, crop_px, index)
        present = [value for value in images.objects if np.any(labels == value)]
        if not present:
            continue
        chosen = rng.choice(present, size=rng.integers(1, len(present) + 1), replace=False)
        foreground = np.isin(labels, chosen)
        if COVERAGE[0] <= foreground.mean() <= COVERAGE[1]:
            return crop, foreground
    half = np.zeros(labels.shape, np.bool_)
    half[:, : crop_px // 2] = True
    return crop, half


def swapped(sample: Sample, rng: np.random.Generator) -> Sample:
    """First and second exchanged half the time."""
    if rng.random() < 0.5:
        return sample
    return Sample(sample.second, sample.first, sample.truth, np.float32(1.0) - sample.share)


def disturbed(sample: Sample, rng: np.random.Generator) -> Sample:
    """One input made grey, and one noisy, each now and then."""
    inputs = [sample.first, sample.second]
    if rng.random() < GREY_CHANCE:
        which = int(rng.integers(2))
        inputs[which] = np.repeat(luminance(inputs[which])[:, :, None], 3, axis=2)
    if rng.random() < NOISE_CHANCE:
        which = int(rng.integers(2))
        noise = rng.standard_normal(inputs[which].shape, np.float32)
        noise *= np.float32(rng.uniform(0.0, NOISE_SIGMA))
        inputs[which] = np.clip(inputs[which] + noise, 0.0, 1.0)
    return Sample(inputs[0], inputs[1], sample.truth, sample.share)
