"""False colours for heat, computed here, each with one thing that says how hot it is.

A palette is read against its legend, so no two heats may look alike: in every palette but the
rainbow the luminance rises (or falls) all the way, in the rainbow the hue turns one way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.image import LUMA, Gray, Image
from thermeld.registry import lookup

Colours: TypeAlias = NDArray[np.float32]  # (N, 3) RGB in [0, 1], coldest first

STEPS = 256


@dataclass(frozen=True)
class Palette:
    """A way to show heat.

    Attributes:
        name: how users ask for it.
        summary: one line for lists.
        make: gives its colours.
    """

    name: str
    summary: str
    make: Callable[[], Colours]


def _iron() -> Colours:
    """Black, violet, red, orange, yellow, white, as glowing iron; walked at even luminance."""
    path = np.array(
        [
            (0.00, 0.00, 0.02),
            (0.10, 0.00, 0.38),
            (0.38, 0.00, 0.62),
            (0.68, 0.04, 0.58),
            (0.88, 0.24, 0.26),
            (0.96, 0.48, 0.04),
            (1.00, 0.74, 0.06),
            (1.00, 0.92, 0.50),
            (1.00, 1.00, 0.96),
        ]
    )
    luma = path @ LUMA.astype(np.float64)
    steps = np.linspace(luma[0], luma[-1], STEPS)
    return np.stack([np.interp(steps, luma, path[:, at]) for at in range(3)], 1).astype(np.float32)


def _rainbow() -> Colours:
    """Blue, cyan, green, yellow, red: hue from 240 to 0 degrees, fully saturated."""
    sixths = np.linspace(4.0, 0.0, STEPS)
    red = np.abs(sixths - 3.0) - 1.0
    green = 2.0 - np.abs(sixths - 2.0)
    blue = 2.0 - np.abs(sixths - 4.0)
    return np.clip(np.stack([red, green, blue], 1), 0.0, 1.0).astype(np.float32)


def _white_hot() -> Colours:
    ramp = np.linspace(0.0, 1.0, STEPS, dtype=np.float32)
    return np.repeat(ramp[:, None], 3, axis=1)


def _black_hot() -> Colours:
    return np.ascontiguousarray(_white_hot()[::-1])


def _viridis() -> Colours:
    """Even to the eye and safe for the colour-blind; by Smith and van der Walt, from OpenCV."""
    steps = np.arange(256, dtype=np.uint8)[:, None]
    rgb = cv2.applyColorMap(steps, cv2.COLORMAP_VIRIDIS)[:, 0, ::-1] / 255.0
    knots = np.arange(0, 256, 5)  # of 8 bits, in which some neighbours are equal
    return np.stack(
        [np.interp(np.arange(256), knots, rgb[knots, at]) for at in range(3)], 1
    ).astype(np.float32)


PALETTES = {
    palette.name: palette
    for palette in (
        Palette("iron", "black, violet, red, yellow, white; what most cameras show", _iron),
        Palette("rainbow", "blue to red; small differences show, sizes mislead", _rainbow),
        Palette("white-hot", "grey, hot is white", _white_hot),
        Palette("black-hot", "grey, hot is black; shows people against a warm ground", _black_hot),
        Palette("viridis", "violet to yellow; even to the eye, of any colour sense", _viridis),
    )
}


@cache
def colours(name: str, *, room: float = 0.0) -> Colours:
    """The colours of a palette, (256, 3), coldest first.

    Args:
        name: of PALETTES.
        room: how far from 0 and 1 every channel stays, so that as much can be laid over them
            without clipping. Contrast shrinks by twice that.

    Raises:
        UnknownName: no such palette.
    """
    table = lookup(PALETTES, name, "palette").make()
    table = np.float32(room) + np.float32(1 - 2 * room) * table
    table.setflags(write=False)
    return table


def painted(shade: Gray, table: Colours) -> Image:
    """A plane of heat in colours, (H, W, 3); 0 is coldest, between colours it is interpolated."""
    place = np.clip(shade, 0.0, 1.0) * np.float32(len(table) - 1)
    below = np.minimum(place.astype(np.intp), len(table) - 2)
    part = (place - below)[:, :, None].astype(np.float32)
    mixed: Image = table[below] * (np.float32(1.0) - part) + table[below + 1] * part
    return mixed
