"""Registered pairs kept decoded in memory, and the crops that a step is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.segmentation import BACKGROUND, IGNORED
from thermeld.data.sets import find_set, labels_of
from thermeld.data.splits import refuse_evaluation_sets, split_pairs
from thermeld.errors import BadSetting
from thermeld.image import eight_bits, luminance, to_depth, unit
from thermeld.io import Pair, read_image
from thermeld.metrics.target import TARGETS

Plane = NDArray[np.uint8]
T = TypeVar("T")
LEAST_PX = 100  # of a labelled person
LARGEST_PX = 800  # wider pairs are halved until they fit, so that a crop shows as much of a scene


@dataclass(frozen=True)
class Crops:
    """One batch: float32 in [0, 1] and, of pairs read with colour, colour and labels.

    Attributes:
        ir: (B, H, W).
        vis: (B, H, W), luminance.
        colour: (B, H, W, 3), the visible image in RGB.
        labels: (B, H, W) uint8, 255 wherever a pair has none.
    """

    ir: NDArray[np.float32]
    vis: NDArray[np.float32]
    colour: NDArray[np.float32] | None = None
    labels: Plane | None = None


Place = tuple[int, tuple[slice, slice], slice]  # index of the pair, rows and columns, mirroring


@dataclass(frozen=True)
class RegisteredPairs:
    """Infrared and luminance planes of many pairs, uint8.

    Attributes:
        names: "set/stem" of each pair.
        ir: planes (H, W), sizes differ from pair to pair.
        vis: luminance, of the same sizes.
        labels: class maps of the same sizes, None for pairs without.
        colour: visible RGB (H, W, 3) of the same sizes; empty unless it was asked for.
    """

    names: tuple[str, ...] = field(default=())
    ir: tuple[Plane, ...] = field(default=(), repr=False)
    vis: tuple[Plane, ...] = field(default=(), repr=False)
    labels: tuple[Plane | None, ...] = field(default=(), repr=False)
    colour: tuple[Plane, ...] = field(default=(), repr=False)

    @cached_property
    def people(self) -> list[tuple[int, tuple[int, int]]]:
        """Index of the pair and (x, y) of the middle of every labelled person."""
        found = []
        for index, labels in enumerate(self.labels):
            if labels is not None:
                found += [(index, place) for place in _middles(labels == TARGETS["person"])]
        return found

    @cached_property
    def _known(self) -> list[Plane]:
        """Labels of every pair, 255 where it has none."""
        return [
            np.full_like(ir, IGNORED) if labels is None else labels
            for ir, labels in zip(self.ir, self.labels, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.names)

    def labelled(self) -> "RegisteredPairs":
        """Those that have labels."""
        kept = [index for index, labels in enumerate(self.labels) if labels is not None]

        def those(planes: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(planes[index] for index in kept)

        colour = those(self.colour) if self.colour else ()
        return RegisteredPairs(
            those(self.names), those(self.ir), those(self.vis), those(self.labels), colour
        )

    def draw(
        self, rng: np.random.Generator, count: int, size: int, *, objects: float = 0.0
    ) -> Crops:
        """Square crops of pairs drawn evenly, half of them mirrored left to right.

        Args:
            rng: decides everything.
            count: how many.
            size: side in pixels.
            objects: share of them that must show a labelled object, if the pair has one.
        """
        places = [
            self._place(rng, int(rng.integers(len(self))), size, objects) for _ in range(count)
        ]
        ir, vis = (unit(_cut(planes, places)) for planes in (self.ir, self.vis))
        if not self.colour:
            return Crops(ir, vis)
        return Crops(ir, vis, unit(_cut(self.colour, places)), _cut(self._known, places))

    def _place(self, rng: np.random.Generator, index: int, size: int, objects: float) -> Place:
        height, width = self.ir[index].shape
        shown = self._object(rng, index) if objects and rng.random() < objects else None
        if shown is None:
            top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
        else:
            top, left = (
                int(np.clip(at - rng.integers(size), 0, side - size))
                for at, side in zip(shown, (height, width), strict=True)
            )
        flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
        return index, (slice(top, top + size), slice(left, left + size)), flip

    def _object(self, rng: np.random.Generator, index: int) -> tuple[int, int] | None:
        """Row and column of some pixel of some class that a pair shows besides the background."""
        labels = self._known[index]
        classes = [mark for mark in np.unique(labels) if mark not in (BACKGROUND, IGNORED)]
        if not classes:
            return None
        rows, columns = np.nonzero(labels == rng.choice(classes))
        at = int(rng.integers(len(rows)))
        return int(rows[at]), int(columns[at])


def _cut(planes: Sequence[Plane], places: Sequence[Place]) -> Plane:
    return np.stack([planes[index][window][:, flip] for index, window, flip in places])


def registered_pairs(
    sets: Sequence[str], root: Path, split: str, *, crop_px: int, colour: bool = False
) -> RegisteredPairs:
    """Decode the pairs of some sets once.

    Args:
        sets: names of sets under `root`, or folders with ir/ and vi/.
        root: where sets lie.
        split: "train" or "val", as `split_pairs` parts them.
        crop_px: pairs smaller than this are left out.
        colour: keep the visible images in colour, too, in twice the memory.

    Raises:
        BadSetting: a set that is kept for evaluation, or nothing large enough.
        UnreadableFile: a set is missing, or a file of it is damaged or of another size than its
            partner.
    """
    refuse_evaluation_sets(sets)
    names, planes, labels, colours = [], [], [], []
    for name in sets:
        found = find_set(name, root=root)
        for pair in split_pairs(found.name, found.pairs, split):
            ir, vis = _decoded(pair)
            if min(ir.shape) >= crop_px:
                names.append(f"{found.name}/{pair.stem}")
                planes.append((ir, vis))
                labels.append(_labels(pair, ir.shape))
                if colour:
                    colours.append(_halved(_colour(pair.vis)))
    if not planes:
        raise BadSetting(f"no pair of {', '.join(sets)} ({split}) holds a crop of {crop_px} px")
    ir_planes, vis_planes = zip(*planes, strict=True)
    return RegisteredPairs(tuple(names), ir_planes, vis_planes, tuple(labels), tuple(colours))


def _labels(pair: Pair, size: tuple[int, ...]) -> Plane | None:
    """The class map beside the two, labels/STEM.png, at the size of the decoded planes."""
    path = labels_of(pair)
    if path is None:
        return None
    labels = np.asarray(read_image(path).pixels, np.uint8)
    if labels.shape == size:
        return labels
    smaller = cv2.resize(labels, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(smaller, np.uint8)


def _middles(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(x, y) of every connected region that is large enough to be looked at."""
    _, _, facts, middles = cv2.connectedComponentsWithStats(marked.astype(np.uint8))
    large = facts[1:, cv2.CC_STAT_AREA] >= LEAST_PX
    return [(int(x), int(y)) for x, y in middles[1:][large]]


def _decoded(pair: Pair) -> tuple[Plane, Plane]:
    ir, vis = (_grey(path) for path in (pair.ir, pair.vis))
    if ir.shape != vis.shape:
        raise BadSetting(f"{pair.ir}: {ir.shape} px, its partner has {vis.shape}; align them first")
    return _halved(ir), _halved(vis)


def _halved(plane: Plane) -> Plane:
    while max(plane.shape) > LARGEST_PX:
        smaller = cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        plane = np.asarray(smaller, np.uint8)
    return plane


def _colour(path: Path) -> Plane:
    """RGB (H, W, 3); a grey image as three equal channels."""
    pixels = eight_bits(read_image(path).pixels)
    return pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)


def _grey(path: Path) -> Plane:
    pixels = read_image(path).pixels
    plane = luminance(unit(pixels)) if pixels.ndim == 3 else unit(pixels)
    return np.asarray(to_depth(plane, np.uint8), np.uint8)
