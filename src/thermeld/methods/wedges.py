"""Geometry of the wrapping curvelet transform: windows, wedges and how they are wrapped.

Everything here depends on the size of the image alone and is worked out once per size. A wedge
is a list of places in a centred spectrum and a window over them; gathered and multiplied, they
form a small rectangle, ready for its inverse transform.

Source: Candes, Demanet, Donoho & Ying, "Fast Discrete Curvelet Transforms", Multiscale Modeling
& Simulation 5(3), 2006, sec. 3.3 and 4. Coordinates count from 1 as in the paper's code, since
its rounding depends on that.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Places: TypeAlias = NDArray[np.intp]
Array: TypeAlias = NDArray[np.float64]


class Wedge(NamedTuple):
    """Where a rectangle of coefficients comes from.

    Attributes:
        places: (h, w), index into the flattened spectrum; its size stands for "nowhere".
        window: (h, w), the weight of each place.
    """

    places: Places
    window: Plane


class Quadrant(NamedTuple):
    """The upper or the left quarter of a spectrum, seen as if it were the upper one."""

    half_width: int  # H: the spectrum has 2 H + 1 columns
    half_height: int  # V: and 2 V + 1 rows
    rows: int  # of a wedge between the corners
    turned: bool  # the left quarter, turned clockwise to the top
    ends: Array  # e_k, where the wedges' middle lines meet the top row
    corner_end: int  # f, where the corner wedges' lines meet the sides

    @property
    def middles(self) -> Array:
        """c_k, where two wedges meet on the top row."""
        return (self.ends[:-1] + self.ends[1:]) / 2


def fading(t: Array) -> tuple[Array, Array]:
    """A rising and a falling window over 0..1 whose squares add to one."""
    inside = np.clip(t, 0.0, 1.0)
    inside = np.where(np.abs(inside) < 2.0**-52, 0.0, inside)
    falling, rising = _bump(inside), _bump(1.0 - inside)
    norm = np.hypot(falling, rising)
    return rising / norm, falling / norm


def _bump(t: Array) -> Array:
    """exp(1 - 1 / (1 - exp(1 - 1/t))): 1 at 0 and below, 0 at 1 and above."""
    bump = np.where(t <= 0, 1.0, 0.0)
    inner = (t > 0) & (t < 1)
    inverse = np.minimum(1.0 / t[inner], 700.0)  # beyond, exp(1 - 1/t) is zero anyway
    below = 1.0 - np.exp(1.0 - inverse)
    bump[inner] = np.exp(1.0 - 1.0 / np.maximum(below, 1e-3))
    return bump


def low_pass(radius: float, *, outermost_side: int | None = None) -> Array:
    """Window of 2 * floor(2 * radius) + 1 samples that falls off between radius and twice that.

    Args:
        radius: M of the paper, a third of the side at the outermost scale.
        outermost_side: the image side, at the outermost scale only.
    """
    slope = int(2 * radius) - int(radius) - 1
    shrunk = outermost_side is not None and outermost_side % 3 == 0
    rising, falling = fading(np.linspace(0.0, 1.0, slope + 1 - shrunk))
    window = np.concatenate([rising, np.ones(2 * int(radius) + 1), falling])
    return np.pad(window, int(shrunk))


def wedges_of(radii: tuple[float, float], angles: int) -> list[Wedge]:
    """The wedges of the upper and left quarters of one scale; the rest is their conjugate.

    Args:
        radii: M of this scale along rows and columns; the spectrum has 2 * floor(4 * M) + 1
            samples a side.
        angles: of the full circle, a multiple of 8.
    """
    down, across = radii
    shape = (2 * int(4 * down) + 1, 2 * int(4 * across) + 1)
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)
    wedges = []
    for turned, sides in ((False, (down, across)), (True, (across, down))):
        quadrant = _quadrant(*sides, angles // 4, turned)
        seen = np.rot90(numbers) if turned else numbers
        for index in range(angles // 4):
            wedges.append(_turned_back(_wedge(quadrant, index, seen), turned))
    return wedges


def _turned_back(wedge: Wedge, turned: bool) -> Wedge:
    places, window = (np.rot90(a, -1) if turned else a for a in wedge)
    return Wedge(np.ascontiguousarray(np.fft.ifftshift(places)), np.fft.ifftshift(window))


def _quadrant(down: float, across: float, count: int, turned: bool) -> Quadrant:
    width, height = int(4 * across), int(4 * down)
    left = np.floor(np.arange(count + 1) * width / count + 0.5) + 1
    ticks = np.concatenate([left, 2 * width + 2 - left[-2::-1]])
    corner_end = int(np.floor(height / count + 0.5)) + 1
    return Quadrant(width, height, height - int(down), turned, ticks[1:-1:2], corner_end)


def _wedge(quadrant: Quadrant, index: int, seen: Places) -> Wedge:
    """Wrap the wedge number `index` (from 0) of a quadrant whose places are `seen`."""
    ends, half_width, half_height = quadrant.ends, quadrant.half_width, quadrant.half_height
    last = len(ends) - 1
    rows = quadrant.rows + (-(-quadrant.corner_end // 4) if index in (0, last) else 0)
    if index == 0:
        width, first = ends[1] + ends[0] - 1, 2 - ends[0]
    elif index == last:
        width, first = 4 * half_width + 3 - ends[-1] - ends[-2], ends[-2]
    else:
        width, first = ends[index + 1] - ends[index - 1] + 1, ends[index - 1]
    y = np.arange(1, rows + 1)
    left = _round(first + (half_width + 1 - ends[index]) / half_height * (y - 1))
    top = half_height + 2 - -(-(rows + 1) // 2) + int(rows % 2 == 0 and quadrant.turned)
    start = half_width + 2 - -(-(int(width) + 1) // 2)
    x = left[:, None] + (np.arange(int(width)) - (left[:, None] - start)) % int(width)
    inside = (x >= 1) & (x <= 2 * half_width + 1)
    clipped = np.clip(x, 1, 2 * half_width + 1)
    window = np.where(inside, _window(quadrant, index, clipped, y[:, None]), 0.0)
    places = np.where(inside, seen[y[:, None] - 1, clipped - 1], seen.size)
    order = np.empty(rows, np.intp)
    order[(y - top) % rows] = y - 1  # row y of the spectrum goes to row (y - top) mod rows
    return Wedge(places[order], window[order])


def _round(value: Array) -> NDArray[np.intp]:
    """Half away from zero."""
    return (np.sign(value) * np.floor(np.abs(value) + 0.5)).astype(np.intp)


def _window(quadrant: Quadrant, index: int, x: NDArray[Any], y: NDArray[Any]) -> Array:
    """Weight of column x and row y: fades in on the wedge's left side and out on its right."""
    last = len(quadrant.ends) - 1
    if index == 0:
        rising = fading(_first_corner(quadrant, x, y))[0]
    else:
        rising = fading(_side(quadrant, index - 1, x, y))[0]
    if index == last:
        return rising * fading(_last_corner(quadrant, x, y))[1]
    return rising * fading(_side(quadrant, index, x, y))[1]


def _side(quadrant: Quadrant, index: int, x: NDArray[Any], y: NDArray[Any]) -> Array:
    """Position across the line between wedges `index` and `index + 1`, 0..1 where they fade."""
    middle, height = quadrant.middles[index], quadrant.half_height
    gap = quadrant.ends[index + 1] - quadrant.ends[index]
    line = middle + (quadrant.half_width + 1 - middle) * (y - 1) / height
    across: Array = 0.5 + height / gap * (x - line) / (height + 1 - y)
    return across


def _first_corner(quadrant: Quadrant, x: NDArray[Any], y: NDArray[Any]) -> Array:
    """Position across the diagonal to the left neighbour quarter."""
    width, height = quadrant.half_width, quadrant.half_height
    a = 2 * width / (quadrant.ends[0] - 1) - 1
    b = 2 * height / (quadrant.corner_end - 1) - 1
    slope = 1 / (1 / a + 1 / b)
    down = (y - 1) / height
    across = np.where((x - 1) / width + down == 2, x, x - 1) / width
    position: Array = slope / b + slope * (across - down) / (2 - across - down)
    return position


def _last_corner(quadrant: Quadrant, x: NDArray[Any], y: NDArray[Any]) -> Array:
    """Position across the diagonal to the right neighbour quarter."""
    width, height = quadrant.half_width, quadrant.half_height
    a = 2 * width / (quadrant.ends[-1] - 1) - 1
    b = 2 * height / (quadrant.corner_end - 1) - 1
    slope = -1 / (a + 1 / b)
    down = (y - 1) / height
    across = np.where((x - 1) / width == down, x - 2, x - 1) / width
    position: Array = -slope * a + slope * (2 - across - down) / (across - down)
    return position
