"""Crops that teach a fusion network its manners: people in view, cameras at fault, blank images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.image import unit
from thermeld.train.crops import RegisteredPairs

Plane = NDArray[np.float32]
ZOOM = 0.75, 1.35
NOISE_LEVELS = 1.0, 10.0
BLUR = 4.0, 10.0
GAMMA_LOG = 0.5
SHADE, GAIN = (-0.15, 0.1), (0.8, 1.25)
CHANCES: Mapping[str, float] = {
    "people_share": 0.25,  # crops around a labelled person
    "plain_share": 0.12,  # crops of which one image is blank, or both the same
    "noise_share": 0.03,  # of either image
    "smooth_share": 0.06,  # both images blurred, then noisy: nothing but noise to choose from
    "window_share": 0.3,  # another gamma, gain and offset for one of the two
    "zoom_share": 0.5,
    "blank_top": 1.0,  # no chance, but the brightest blank image
}


@dataclass(frozen=True)
class Example:
    """One crop: what the network sees, what it is judged by, and its labels; each (H, W).

    `wanted` is the answer where there is only one: a partner is blank, or both are the same.
    """

    seen_ir: Plane
    seen_vis: Plane
    ir: Plane
    vis: Plane
    labels: Plane
    wanted: Plane | None = None


def example(
    pairs: RegisteredPairs,
    rng: np.random.Generator,
    size: int,
    chances: Mapping[str, float] = CHANCES,
) -> Example:
    """One random crop.

    Args:
        pairs: where it comes from.
        rng: decides everything.
        size: side, in pixels.
        chances: keys as `CHANCES`.
    """
    index, middle = _place(pairs, rng, chances["people_share"])
    planes = _cut(pairs, index, middle, rng, size, rng.random() < chances["zoom_share"])
    ir, vis = unit(planes[0]), unit(planes[1])
    labels = planes[2].astype(np.float32)
    if rng.random() < chances["window_share"]:
        ir, vis = (ir, _exposed(vis, rng)) if rng.random() < 0.5 else (_exposed(ir, rng), vis)
    if rng.random() < chances["plain_share"]:
        return _plain(ir, vis, labels, rng, blank_top=chances["blank_top"])
    if rng.random() < chances["smooth_share"]:
        ir, vis = _smooth(ir, rng), _smooth(vis, rng)
        return Example(_noisy(ir, rng), _noisy(vis, rng), ir, vis, labels)
    seen = [_noisy(p, rng) if rng.random() < chances["noise_share"] else p for p in (ir, vis)]
    return Example(seen[0], seen[1], ir, vis, labels)


def _place(
    pairs: RegisteredPairs, rng: np.random.Generator, people_share: float
) -> tuple[int, tuple[int, int] | None]:
    if pairs.people and rng.random() < people_share:
        index, middle = pairs.people[int(rng.integers(len(pairs.people)))]
        return index, middle
    return int(rng.integers(len(pairs))), None


def _cut(
    pairs: RegisteredPairs,
    index: int,
    middle: tuple[int, int] | None,
    rng: np.random.Generator,
    size: int,
    zoomed: bool,
) -> Sequence[NDArray[np.uint8]]:
    """The crop of infrared, visible and labels, uint8 (size, size), perhaps mirrored."""
    ir, vis, labels = pairs.ir[index], pairs.vis[index], pairs.labels[index]
    height, width = ir.shape
    side = min(round(size / rng.uniform(*ZOOM)) if zoomed else size, height, width)
    across, down = (rng.uniform(0.3, 0.7, 2) * side).astype(int)
    if middle is None:
        left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
    else:
        left = int(np.clip(middle[0] - across, 0, width - side))
        top = int(np.clip(middle[1] - down, 0, height - side))
    window = np.s_[top : top + side, left : left + side]
    known = np.zeros_like(ir) if labels is None else labels
    cut = [plane[window] for plane in (ir, vis, known)]
    if side != size:
        smooth = cv2.INTER_LINEAR if side < size else cv2.INTER_AREA
        ways = smooth, smooth, cv2.INTER_NEAREST
        cut = [
            np.asarray(cv2.resize(plane, (size, size), interpolation=way), np.uint8)
            for plane, way in zip(cut, ways, strict=True)
        ]
    flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
    return [np.ascontiguousarray(plane[:, flip]) for plane in cut]


def _exposed(plane: Plane, rng: np.random.Generator) -> Plane:
    gamma = np.exp(rng.uniform(-GAMMA_LOG, GAMMA_LOG))
    shaded = plane**gamma * rng.uniform(*GAIN) + rng.uniform(*SHADE)
    return np.asarray(np.clip(shaded, 0, 1), np.float32)


def _smooth(plane: Plane, rng: np.random.Generator) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), rng.uniform(*BLUR)), np.float32)


def _noisy(plane: Plane, rng: np.random.Generator) -> Plane:
    grain = rng.standard_normal(plane.shape, np.float32)
    grain *= np.float32(rng.uniform(*NOISE_LEVELS) / 255)
    return np.asarray(np.clip(plane + grain, 0, 1), np.float32)


def _plain(
    ir: Plane, vis: Plane, labels: Plane, rng: np.random.Generator, *, blank_top: float
) -> Example:
    """The same image twice, or one beside a blank one: what shall come out is known."""
    shade = np.float32(rng.uniform(0, blank_top) * rng.integers(2))
    kind = int(rng.integers(4))
    if kind == 0:
        ir = np.full_like(vis, shade)
    elif kind == 1:
        vis = np.full_like(ir, shade)
    else:
        ir = vis = ir if kind == 2 else vis
    return Example(ir, vis, ir, vis, labels, wanted=vis if kind == 0 else ir)
