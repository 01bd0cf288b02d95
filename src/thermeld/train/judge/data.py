"""Labelled pictures for the judge: kept small in memory, varied for training, fitted to judge.

What a step sees depends on seed, number and budget alone, so every method is learned from the
same places of the same scenes, varied alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.segmentation import IGNORED
from thermeld.errors import SizeMismatch
from thermeld.train.judge.budget import Budget

Pixels = NDArray[np.uint8]
GREY = 128  # around a picture that does not fill its box
ORDER, VARIATION = 0, 1  # streams of random numbers


@dataclass(frozen=True)
class Pictures:
    """Pictures with their label maps.

    Attributes:
        stems: names.
        images: uint8 (H, W, 3), perhaps reduced.
        labels: uint8 (H', W'), as stored.
    """

    stems: tuple[str, ...]
    images: tuple[Pixels, ...]
    labels: tuple[Pixels, ...]

    def __len__(self) -> int:
        return len(self.stems)


def pictures_of(
    stems: Sequence[str], images: Sequence[Pixels], labels: Sequence[Pixels], reduce: int
) -> Pictures:
    """Bring pictures to three channels and the resolution they are learned in.

    Raises:
        SizeMismatch: a label map of another size than its picture.
    """
    for stem, image, marked in zip(stems, images, labels, strict=True):
        if image.shape[:2] != marked.shape:
            raise SizeMismatch(f"{stem}: picture {image.shape[:2]}, labels {marked.shape}")
    kept = tuple(reduced(image, reduce) for image in images)
    return Pictures(tuple(stems), kept, tuple(labels))


def reduced(image: Pixels, by: int) -> Pixels:
    """A picture in three channels, `by` times smaller; means of the pixels it lost."""
    colour = np.dstack([image] * 3) if image.ndim == 2 else image
    if by == 1:
        return colour
    height, width = (max(1, side // by) for side in colour.shape[:2])
    small = cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def batch(
    pictures: Pictures, budget: Budget, *, seed: int, number: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The crops of one step.

    Args:
        pictures: to learn from.
        budget: how.
        seed: of the training.
        number: of the step, from 0.

    Returns:
        (B, 3, H, W) in [0, 1] and labels (B, H, W).
    """
    each = max(1, len(pictures) // budget.batch)
    epoch, place = divmod(number, each)
    order = np.random.default_rng([seed, ORDER, epoch]).permutation(len(pictures))
    rng = np.random.default_rng([seed, VARIATION, number])
    chosen = np.resize(order, max(len(order), budget.batch))
    crops = [
        varied(pictures.images[at], pictures.labels[at], budget, rng)
        for at in chosen[place * budget.batch :][: budget.batch]
    ]
    images = np.stack([image for image, _ in crops]).transpose(0, 3, 1, 2)
    marked = np.stack([labels for _, labels in crops])
    return images.astype(np.float32) / np.float32(255), marked.astype(np.int64)


def varied(
    image: Pixels, labels: Pixels, budget: Budget, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """One crop: pulled in scale and aspect, perhaps mirrored, its colours changed."""
    height, width = _drawn_size(image, budget, rng)
    interpolation = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    picture = cv2.resize(image, (width, height), interpolation=interpolation)
    marked = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        picture, marked = picture[:, ::-1], marked[:, ::-1]
    top, left = (
        int(rng.integers(min(0, room), max(0, room) + 1))
        for room in (budget.crop[0] - height, budget.crop[1] - width)
    )
    of_classes = np.asarray(marked, np.uint8)
    coloured = _recoloured(np.ascontiguousarray(picture), budget, rng)
    return (
        _placed(coloured, np.full((*budget.crop, 3), GREY, np.uint8), top, left),
        _placed(of_classes, np.full(budget.crop, IGNORED, np.uint8), top, left),
    )


def _drawn_size(image: Pixels, budget: Budget, rng: np.random.Generator) -> tuple[int, int]:
    pull = rng.uniform(1 - budget.aspect, 1 + budget.aspect, 2)
    ratio = image.shape[1] / image.shape[0] * pull[0] / pull[1]
    scale = rng.uniform(*budget.scale)
    if ratio < 1:
        height = scale * budget.box[0]
        return max(1, round(height)), max(1, round(height * ratio))
    width = scale * budget.box[1]
    return max(1, round(width / ratio)), max(1, round(width))


def _placed(part: Pixels, canvas: Pixels, top: int, left: int) -> Pixels:
    """A part on a canvas, cut where it looks over its edges."""
    rows, columns = (
        (max(0, at), min(room, at + side))
        for at, room, side in zip((top, left), canvas.shape, part.shape, strict=False)
    )
    inner = part[rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left]
    canvas[rows[0] : rows[1], columns[0] : columns[1]] = inner
    return canvas


def _recoloured(image: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
    turn = rng.uniform(-budget.hue, budget.hue) * 360.0
    deepen, brighten = (_factor(most, rng) for most in (budget.saturation, budget.value))
    hsv = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2HSV)
    hsv[:, :, 0] = (hsv[:, :, 0] + turn) % 360.0
    hsv[:, :, 1] = np.minimum(hsv[:, :, 1] * deepen, 1.0)
    hsv[:, :, 2] = np.minimum(hsv[:, :, 2] * brighten, 1.0)
    return np.asarray(np.rint(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255), np.uint8)


def _factor(most: float, rng: np.random.Generator) -> float:
    """Between 1 / `most` and `most`, as often below 1 as above."""
    drawn = rng.uniform(1, most)
    return float(drawn if rng.random() < 0.5 else 1 / drawn)


@dataclass(frozen=True)
class Fitted:
    """A whole picture in the budget's box.

    Attributes:
        image: (3, H, W) in [0, 1], grey around.
        inside: where in it the picture is.
    """

    image: NDArray[np.float32]
    inside: tuple[slice, slice]


def fitted(image: Pixels, box: tuple[int, int]) -> Fitted:
    """Fit a picture into a box, its aspect kept."""
    share = min(box[0] / image.shape[0], box[1] / image.shape[1])
    height, width = (max(1, round(share * side)) for side in image.shape[:2])
    if (height, width) != image.shape[:2]:
        kind = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, (width, height), interpolation=kind), np.uint8)
    top, left = (box[0] - height) // 2, (box[1] - width) // 2
    canvas = _placed(image, np.full((*box, 3), GREY, np.uint8), top, left)
    inside = (slice(top, top + height), slice(left, left + width))
    return Fitted(canvas.transpose(2, 0, 1).astype(np.float32) / np.float32(255), inside)
