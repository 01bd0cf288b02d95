"""A warp: where in the infrared picture each visible pixel's partner lies.

Pixel centres have whole coordinates, x to the right, y down. `Warp.matrix` takes infrared to
visible pixels, as one thinks of it; pictures are resampled the other way round, so `lookup`
goes from a visible pixel through the local displacement and the inverse matrix, then through
the infrared lens, to a place in the infrared picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting, SizeMismatch
from thermeld.image import Stored

Matrix: TypeAlias = NDArray[np.float64]  # (3, 3), infrared to visible pixels
Points: TypeAlias = NDArray[np.float64]  # (N, 2), x and y
Mask: TypeAlias = NDArray[np.bool_]  # (H, W)
Size: TypeAlias = tuple[int, int]  # (H, W)

MAX_SIDE = 32_766  # OpenCV counts places to sample in signed 16-bit integers
MAX_PIXELS = 2**28  # as the readers allow
MAX_NODES = 64  # of the local grid, per side
STRIP_PX = 2**20  # pixels whose places are worked out at once: 16 MB
KEPT_PX = 2**21  # pictures up to this keep their places between calls, 16 MB each
FOLDED = 1e-6  # determinant, or depth of the horizon, at which a warp turns inside out


@dataclass(frozen=True)
class Lens:
    """Radial distortion of the infrared camera, as OpenCV's calibration states it.

    A point at r focal lengths from the centre is seen at r (1 + k1 r^2 + k2 r^4 + k3 r^6).

    Attributes:
        focal_px: focal length in infrared pixels.
        centre: principal point (x, y) in infrared pixels.
        k1: first coefficient; negative for a barrel.
        k2: second coefficient.
        k3: third coefficient.
    """

    focal_px: float
    centre: tuple[float, float]
    k1: float
    k2: float = 0.0
    k3: float = 0.0

    def __post_init__(self) -> None:
        values = (self.focal_px, *self.centre, self.k1, self.k2, self.k3)
        if not np.isfinite(values).all() or self.focal_px <= 0:
            raise BadSetting(
                f"a lens needs finite numbers and a focal length above 0, got {values}"
            )

    def seen(self, points: Points) -> Points:
        """Where straight-line places (N, 2) appear in the picture."""
        away = (points - self.centre) / self.focal_px
        square = np.sum(away * away, axis=1, keepdims=True)
        gain = 1.0 + square * (self.k1 + square * (self.k2 + square * self.k3))
        return np.asarray(away * gain * self.focal_px + self.centre)


@dataclass(frozen=True, eq=False)
class Warp:
    """How the infrared picture lies on the visible one.

    Attributes:
        matrix: (3, 3) homography from infrared to visible pixels; its last entry is 1.
        ir_size: (H, W) of the infrared pictures it is for.
        vis_size: (H, W) of the visible pictures it is for.
        local: (rows, columns, 2) displacements (x, y) in visible pixels, added to a visible
            place before the matrix is undone; nodes are spread evenly, corners on corner pixels.
        lens: of the infrared camera, or None for a straight one.

    Raises:
        BadSetting: not invertible over the visible picture, values not finite, impossible sizes.
    """

    matrix: Matrix
    ir_size: Size
    vis_size: Size
    local: NDArray[np.float32] | None = None
    lens: Lens | None = None

    def __post_init__(self) -> None:
        for size in (self.ir_size, self.vis_size):
            if min(size) < 1 or max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
                raise BadSetting(f"a warp is for pictures of 1 to {MAX_SIDE} a side, got {size}")
        matrix = np.array(self.matrix, np.float64)
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
            raise BadSetting("a warp's matrix is 3x3 finite numbers")
        if abs(matrix[2, 2]) < FOLDED:
            raise BadSetting("a warp's matrix sends the infrared corner to infinity")
        matrix = matrix / matrix[2, 2]
        _require_unfolded(matrix, self.ir_size, self.vis_size)
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)
        if self.local is not None:
            object.__setattr__(self, "local", _checked_local(self.local, self.vis_size))

    def lookup(self, points: Points) -> Points:
        """Places in the infrared picture for places (N, 2) in the visible one."""
        if self.local is not None:
            points = np.asarray(points + self._displacement(points), np.float64)
        places = transformed(np.asarray(np.linalg.inv(self.matrix), np.float64), points)
        return places if self.lens is None else self.lens.seen(places)

    def displaced_px(self) -> float:
        """Mean shift, in visible pixels, against simply resizing the infrared picture."""
        points = spread(self.vis_size)
        plain = stretch(self.ir_size, self.vis_size)
        right, down = (transformed(plain, self.lookup(points)) - points).T
        return float(np.hypot(right, down).mean())

    def scaled(self, ir_size: Size, vis_size: Size) -> "Warp":
        """The same warp for the same views at other resolutions.

        Raises:
            SizeMismatch: the shapes differ, so these are other views.
        """
        if (ir_size, vis_size) == (self.ir_size, self.vis_size):
            return self
        for role, mine, theirs in (
            ("infrared", self.ir_size, ir_size),
            ("visible", self.vis_size, vis_size),
        ):
            if abs(mine[0] * theirs[1] - mine[1] * theirs[0]) > 0.02 * mine[0] * theirs[1]:
                raise SizeMismatch(
                    f"the warp is for {role} pictures of {mine[1]}x{mine[0]}, this one is "
                    f"{theirs[1]}x{theirs[0]}, another shape; estimate a warp for these cameras"
                )
        grown_ir, grown_vis = stretch(self.ir_size, ir_size), stretch(self.vis_size, vis_size)
        factor = np.array([grown_vis[0, 0], grown_vis[1, 1]], np.float32)
        return replace(
            self,
            matrix=grown_vis @ self.matrix @ np.linalg.inv(grown_ir),
            ir_size=ir_size,
            vis_size=vis_size,
            local=None if self.local is None else self.local * factor,
            lens=None if self.lens is None else _scaled_lens(self.lens, grown_ir),
        )

    def shifted(self, right_px: float, down_px: float = 0.0) -> "Warp":
        """The same warp with the infrared picture moved over the visible one."""
        move = np.eye(3)
        move[:2, 2] = right_px, down_px
        return replace(self, matrix=move @ self.matrix)

    def _displacement(self, points: Points) -> Points:
        assert self.local is not None
        rows, columns = self.local.shape[:2]
        height, width = self.vis_size
        at_x = points[:, 0] * ((columns - 1) / max(1, width - 1))
        at_y = points[:, 1] * ((rows - 1) / max(1, height - 1))
        left = np.clip(np.floor(at_x).astype(int), 0, columns - 2)
        top = np.clip(np.floor(at_y).astype(int), 0, rows - 2)
        along = np.clip(at_x - left, 0, 1)[:, None]
        down = np.clip(at_y - top, 0, 1)[:, None]
        upper = self.local[top, left] * (1 - along) + self.local[top, left + 1] * along
        lower = self.local[top + 1, left] * (1 - along) + self.local[top + 1, left + 1] * along
        return np.asarray(upper * (1 - down) + lower * down, np.float64)


def stretch(ir_size: Size, vis_size: Size) -> Matrix:
    """The matrix of a plain resize, which is what happens without a warp."""
    scale_y, scale_x = vis_size[0] / ir_size[0], vis_size[1] / ir_size[1]
    matrix = np.diag([scale_x, scale_y, 1.0])
    matrix[:2, 2] = (scale_x - 1) / 2, (scale_y - 1) / 2  # borders on borders, not centres
    return matrix


def unwarped(ir_size: Size, vis_size: Size) -> Warp:
    """The warp that only resizes."""
    return Warp(stretch(ir_size, vis_size), ir_size, vis_size)


def transformed(matrix: Matrix, points: Points) -> Points:
    """Points (N, 2) through a homography; those on its horizon become infinite."""
    ends = points @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(ends[:, :2] / ends[:, 2:])


def spread(size: Size, count: int = 16) -> Points:
    """A grid of count x count points over a picture, corners included."""
    xs, ys = np.linspace(0, size[1] - 1, count), np.linspace(0, size[0] - 1, count)
    return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(np.float64)


def apply(warp: Warp, ir: Stored, *, extend: bool = False) -> tuple[Stored, Mask]:
    """Lay an infrared picture on the visible one's pixels.

    Args:
        warp: for pictures of this size.
        ir: (H, W) or (H, W, C); uint8, uint16, float32 or float64.
        extend: repeat the outer pixels where the infrared camera did not look, instead of 0.

    Returns:
        The picture, `warp.vis_size`, of the type of `ir`; and the mask of where its camera looked.

    Raises:
        SizeMismatch: the picture has another size than the warp is for; see `Warp.scaled`.
    """
    if ir.shape[:2] != warp.ir_size:
        raise SizeMismatch(
            f"the warp is for infrared pictures of {warp.ir_size[1]}x{warp.ir_size[0]}, this "
            f"one is {ir.shape[1]}x{ir.shape[0]}; scale the warp or the picture"
        )
    height, width = warp.ir_size
    source: Any = _without_moire(warp, ir)
    laid = np.zeros((*warp.vis_size, *ir.shape[2:]), ir.dtype)
    mask = np.zeros(warp.vis_size, np.bool_)
    small = warp.vis_size[0] * warp.vis_size[1] <= KEPT_PX
    for rows, places in _kept_strips(warp) if small else _strips(warp):
        x, y = (np.ascontiguousarray(places[..., axis]) for axis in range(2))
        # Half a pixel beyond the outer centres still belongs to the picture.
        inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
        part = cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if not extend:
            part[~inside] = 0
        laid[rows], mask[rows] = part, inside
    return laid, mask


def common_rectangle(mask: Mask) -> tuple[slice, slice]:
    """Rows and columns of the largest upright rectangle inside a mask; empty if it is empty.

    Source: the largest rectangle under a histogram, one histogram per row, by a stack.
    """
    best, found = 0, (slice(0, 0), slice(0, 0))
    heights = np.zeros(mask.shape[1] + 1, np.int64)  # the last stays 0 and closes every run
    for row in range(mask.shape[0]):
        heights[:-1] = np.where(mask[row], heights[:-1] + 1, 0)
        if heights.max() * mask.shape[1] <= best:
            continue
        area, left, right, tall = _tallest(heights)
        if area > best:
            best, found = area, (slice(row + 1 - tall, row + 1), slice(left, right))
    return found


def _tallest(heights: NDArray[np.int64]) -> tuple[int, int, int, int]:
    best = (0, 0, 0, 0)
    open_at: list[tuple[int, int]] = []  # starts and heights, rising
    for at, height in enumerate(heights.tolist()):
        start = at
        while open_at and open_at[-1][1] >= height:
            start, tall = open_at.pop()
            best = max(best, (tall * (at - start), start, at, tall))
        open_at.append((start, height))
    return best


@lru_cache(maxsize=4)
def _kept_strips(warp: Warp) -> tuple[tuple[slice, NDArray[np.float32]], ...]:
    """The strips of a warp that is used again and again, as for a video."""
    return tuple(_strips(warp))


def _strips(warp: Warp) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Rows of the visible picture, a few at a time, and their places in the infrared one."""
    height, width = warp.vis_size
    step = max(1, STRIP_PX // width)
    for top in range(0, height, step):
        rows = np.arange(top, min(top + step, height), dtype=np.float64)
        points = np.stack(np.meshgrid(np.arange(width, dtype=np.float64), rows), axis=-1)
        places = warp.lookup(points.reshape(-1, 2)).reshape(points.shape)
        # Far away is far enough; larger numbers would overflow OpenCV's integers.
        limited = np.clip(np.nan_to_num(places, nan=-9e3), -9e3, MAX_SIDE).astype(np.float32)
        yield slice(top, top + len(rows)), limited


def _without_moire(warp: Warp, ir: Stored) -> Stored:
    """The picture, blurred as far as the warp shrinks it."""
    matrix = warp.matrix
    shrinks = 1.0 / np.sqrt(max(abs(np.linalg.det(matrix[:2, :2])), FOLDED))
    if shrinks < 1.5:
        return ir
    work: Any = ir
    blurred: Stored = cv2.GaussianBlur(work, (0, 0), 0.35 * shrinks)
    return blurred


def _require_unfolded(matrix: Matrix, ir_size: Size, vis_size: Size) -> None:
    """Refuse what mirrors, collapses, or has its horizon inside either picture."""
    wrong = "a warp must neither mirror, collapse nor tear the picture; pick other points"
    if abs(np.linalg.det(matrix)) < FOLDED**2:
        raise BadSetting(wrong)
    inverse = np.linalg.inv(matrix)
    for way, size in ((matrix, ir_size), (inverse / inverse[2, 2], vis_size)):
        corners = spread(size, 2)
        depth = corners @ way[2, :2] + way[2, 2]
        if not np.isfinite(way).all() or depth.min() < FOLDED:
            raise BadSetting(wrong)
    if np.linalg.det(matrix) < 0:
        raise BadSetting(wrong)


def _checked_local(local: NDArray[np.float32], vis_size: Size) -> NDArray[np.float32]:
    grid = np.array(local, np.float32)
    if grid.ndim != 3 or grid.shape[2] != 2 or min(grid.shape[:2]) < 2:
        raise BadSetting("local displacements are a grid of 2x2 nodes at least, x and y each")
    if max(grid.shape[:2]) > MAX_NODES:
        raise BadSetting(f"local displacements have at most {MAX_NODES} nodes a side")
    if not np.isfinite(grid).all() or np.abs(grid).max() > max(vis_size):
        raise BadSetting("local displacements must be finite and smaller than the picture")
    grid.setflags(write=False)
    return grid


def _scaled_lens(lens: Lens, grown: Matrix) -> Lens:
    x, y = transformed(grown, np.array([lens.centre]))[0]
    return replace(lens, focal_px=lens.focal_px * float(grown[0, 0]), centre=(float(x), float(y)))
