"""Panels as papers print them: sources and results of one pair, two places magnified.

Red shows detail, green a target. Where no place is given, detail is where the methods disagree
most about the visible image's texture, and the target where they disagree most about what is
hot.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting
from thermeld.image import Gray, Image, Stored, luminance

RED, GREEN = (220, 30, 30), (20, 170, 60)
SHARE = 0.16  # side of a box, as a part of the image's shorter side
CELL_PX = 270
MARGIN_PX = 8
CAPTION_PX = 22


@dataclass(frozen=True)
class Box:
    """A place: left, top, width, height in pixels."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> "Box":
        """Read "X,Y,WIDTH,HEIGHT".

        Raises:
            BadSetting: anything else.
        """
        parts = text.split(",")
        if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
            raise BadSetting(f"{text!r} is no box; give X,Y,WIDTH,HEIGHT in pixels")
        box = cls(*map(int, parts))
        if not box.width or not box.height:
            raise BadSetting(f"{text!r} is an empty box")
        return box

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"

    def of(self, image: Stored) -> Stored:
        """The pixels inside."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]


def find_boxes(ir: Gray, vis: Image, fused: Mapping[str, Image]) -> tuple[Box, Box]:
    """The places (detail, target) where the methods differ most; they do not overlap.

    Args:
        ir: (H, W) in [0, 1].
        vis: (H, W) or (H, W, 3) in [0, 1].
        fused: by method, each the same size.
    """
    spread = np.std([luminance(image) for image in fused.values()], axis=0)
    side = max(8, round(SHARE * min(ir.shape)))
    side = min(side, *ir.shape)
    hot = np.clip(ir - np.float32(np.percentile(ir, 90)), 0.0, None)
    target = _strongest(spread * hot, side)
    visible = luminance(vis)
    texture = np.abs(cv2.Laplacian(cv2.GaussianBlur(visible, (0, 0), 1.0), cv2.CV_32F))
    weight = spread * texture
    near = slice(max(0, target.y - side), target.y + side)
    weight[near, max(0, target.x - side) : target.x + side] = 0.0
    return _strongest(weight, side), target


def _strongest(weight: NDArray[np.floating], side: int) -> Box:
    sums = cv2.boxFilter(np.asarray(weight, np.float32), -1, (side, side), anchor=(0, 0))
    inside = sums[: weight.shape[0] - side + 1, : weight.shape[1] - side + 1]
    y, x = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return Box(int(x), int(y), side, side)


def panel_image(
    pictures: Mapping[str, Stored], detail: Box, target: Box, *, columns: int
) -> Stored:
    """All pictures in a grid, each with both boxes drawn and magnified below it.

    Args:
        pictures: caption to uint8 (H, W) or (H, W, 3) RGB, all of one size.
        detail: framed in red.
        target: framed in green.
        columns: of the grid.

    Returns:
        uint8 (H', W', 3) RGB.

    Raises:
        BadSetting: a box that reaches outside.
    """
    height, width = next(iter(pictures.values())).shape[:2]
    for box in (detail, target):
        if box.x + box.width > width or box.y + box.height > height:
            raise BadSetting(f"box {box} reaches outside the image, {width}x{height}")
    cells = [_cell(picture, name, detail, target) for name, picture in pictures.items()]
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % columns)
    rows = [np.hstack(cells[at : at + columns]) for at in range(0, len(cells), columns)]
    return np.vstack(rows)


def _cell(picture: Stored, name: str, detail: Box, target: Box) -> Stored:
    colour = np.dstack([picture] * 3) if picture.ndim == 2 else np.ascontiguousarray(picture)
    scale = CELL_PX / colour.shape[1]
    whole = _scaled(colour, CELL_PX, round(colour.shape[0] * scale))
    half = (CELL_PX - 4) // 2
    zooms = []
    for box, ink in ((detail, RED), (target, GREEN)):
        corner = (round(box.x * scale), round(box.y * scale))
        end = (round((box.x + box.width) * scale), round((box.y + box.height) * scale))
        cv2.rectangle(whole, corner, end, ink, 2)
        high = round(half * box.height / box.width)
        zoom = _scaled(box.of(colour), half, high)
        cv2.rectangle(zoom, (0, 0), (half - 1, high - 1), ink, 3)
        zooms.append(zoom)
    tall = max(zoom.shape[0] for zoom in zooms)
    left, right = (_padded(zoom, tall) for zoom in zooms)
    below = np.hstack([left, np.full((tall, CELL_PX - 2 * half, 3), 255, np.uint8), right])
    gap = np.full((4, CELL_PX, 3), 255, np.uint8)
    stack = np.vstack([whole, gap, below, _caption(name)])
    return np.pad(stack, ((0, MARGIN_PX), (0, MARGIN_PX), (0, 0)), constant_values=255)


def _scaled(image: Stored, width: int, height: int) -> NDArray[np.uint8]:
    shrinking = width < image.shape[1]
    kind = cv2.INTER_AREA if shrinking else cv2.INTER_NEAREST  # magnified pixels stay pixels
    sized = cv2.resize(np.asarray(image, np.uint8), (width, height), interpolation=kind)
    return np.ascontiguousarray(sized, np.uint8)


def _padded(image: Stored, height: int) -> Stored:
    return np.pad(image, ((0, height - image.shape[0]), (0, 0), (0, 0)), constant_values=255)


def _caption(name: str) -> Stored:
    bar = np.full((CAPTION_PX, CELL_PX, 3), 255, np.uint8)
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    wide = cv2.getTextSize(name, font, size, 1)[0][0]
    place = (max(0, (CELL_PX - wide) // 2), 16)
    return cv2.putText(bar, name, place, font, size, (30, 30, 30), 1, cv2.LINE_AA)
