"""Target visibility: how far labelled people or cars stand out of what surrounds them."""

from collections.abc import Mapping
from math import nan
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.errors import SizeMismatch
from thermeld.metrics.plane import Levels, Plane
from thermeld.registry import metric

TARGETS = {"car": 1, "person": 2}  # values of the label maps of msrs
LEAST_PX = 400  # what is smaller is label noise as much as target
GAP_PX = 5  # labels are drawn by hand; what is this near may be either
RING_PX = 15
CARD: Mapping[str, Any] = {
    "better": "higher",
    "range": "0 and up",
    "formula": "|mean inside - mean around| / (sd inside + sd around + 1), in grey levels, mean "
    "over the connected regions of 400 pixels or more that carry the label; around is the square "
    "ring from 5 to 20 pixels away",
    "source": "our own; asks for what docs/own-network.md says the usual measures do not see",
    "conventions": {"paper": "the definition above, on 8-bit gray; labels as of MSRS"},
    "why": "there is one definition",
    "fooled_by": "anything that darkens what surrounds a target, or paints over it",
    "labelled": True,
}


@metric("person_visibility", **CARD)
def person_visibility(
    ir: Plane, vis: Plane, fused: Plane, labels: NDArray[np.uint8], convention: str
) -> float:
    """How far labelled people stand out of what surrounds them; not a number without any."""
    return target_visibility(fused.levels, labels, TARGETS["person"])


@metric("car_visibility", **CARD)
def car_visibility(
    ir: Plane, vis: Plane, fused: Plane, labels: NDArray[np.uint8], convention: str
) -> float:
    """How far labelled cars stand out of what surrounds them; not a number without any."""
    return target_visibility(fused.levels, labels, TARGETS["car"])


def target_visibility(fused: Levels, labels: NDArray[np.uint8], value: int) -> float:
    """Mean over all targets of |mean inside - mean around| / (sd inside + sd around + 1).

    A target is a connected region (8 neighbours) of at least 400 pixels with that label. Around
    it is the square ring from 5 to 20 pixels away, less whatever lies within 5 pixels of that
    label. Means and standard deviations are in grey levels. On the 241 labelled pairs of msrs
    people have about 1.2 in the infrared and 0.4 in the visible image.

    Args:
        fused: (H, W), 0..255.
        labels: (H, W), classes.
        value: the class that counts, as one of `TARGETS`.

    Returns:
        0 and up; NaN where the picture shows no such target.

    Raises:
        SizeMismatch: image and labels differ in size.
    """
    values = target_values(fused, labels, value)
    return float(np.mean(values)) if values else nan


def target_values(fused: Levels, labels: NDArray[np.uint8], value: int) -> list[float]:
    """`target_visibility` of every target by itself.

    Raises:
        SizeMismatch: image and labels differ in size.
    """
    if fused.shape != labels.shape:
        raise SizeMismatch(f"image {fused.shape} and labels {labels.shape} differ in size")
    image = fused.astype(np.float64)
    found = []
    for inside, ring in targets(labels, value):
        one, other = image[inside], image[ring]
        found.append(float(abs(one.mean() - other.mean()) / (one.std() + other.std() + 1.0)))
    return found


def targets(
    labels: NDArray[np.uint8], value: int
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Inside and ring, both (H, W), of every target that has a ring."""
    marked = (labels == value).astype(np.uint8)
    near = _grown(marked, GAP_PX)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    found = []
    for part in range(1, count):
        if facts[part, cv2.CC_STAT_AREA] < LEAST_PX:
            continue
        inside = parts == part
        ring = (_grown(inside.astype(np.uint8), GAP_PX + RING_PX) > 0) & (near == 0)
        if ring.any():
            found.append((inside, ring))
    return found


def _grown(mask: NDArray[np.uint8], by_px: int) -> NDArray[np.uint8]:
    side = 2 * by_px + 1
    return np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
