"""From faces to pixels: which face each pixel sees, and everything known about that spot.

Faces are painted back to front as plain numbers; what lies on them is worked out afterwards for
all pixels at once. Over a flat face 1/z is an affine function of the picture coordinates, and so
is every attribute divided by z, which makes the interpolation exact in perspective.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.materials import MATERIALS
from thermeld.data.stage.mesh import Floats, Ints, Mesh

NEAR_M = 0.25
SUBPIXEL_BITS = 4
FAR_PX = 2e6  # corners further out than this could overflow the fixed-point painter


@dataclass(frozen=True)
class Camera:
    """A pinhole.

    Attributes:
        eye: where it is, metres (3,).
        axes: its right, down and forward directions as rows (3, 3).
        focal_px: focal length.
        size: (H, W).
        centre: where the optical axis meets the picture, (x, y) in pixels.
    """

    eye: Floats
    axes: Floats
    focal_px: float
    size: tuple[int, int]
    centre: tuple[float, float]

    @classmethod
    def towards(
        cls, eye: Floats, target: Floats, *, focal_px: float, size: tuple[int, int]
    ) -> "Camera":
        """At `eye`, upright, with `target` in the middle of the picture."""
        start = np.asarray(eye, float)
        forward = np.asarray(target, float) - start
        forward /= np.linalg.norm(forward)
        up = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.98 else np.array([0.0, 0.0, 1.0])
        right = np.cross(up, forward)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(right, forward), forward]).astype(np.float32)
        middle = (size[1] / 2, size[0] / 2)
        return cls(np.asarray(eye, np.float32), axes, focal_px, size, middle)

    def smaller(self, factor: int) -> "Camera":
        """The same view with fewer pixels, at least 8 either way."""
        size = (max(self.size[0] // factor, 8), max(self.size[1] // factor, 8))
        across, down = size[1] / self.size[1], size[0] / self.size[0]
        centre = (self.centre[0] * across, self.centre[1] * down)
        return Camera(self.eye, self.axes, self.focal_px * across, size, centre)

    def local(self, points: Floats) -> Floats:
        """World points (..., 3) as right, down, forward of this camera."""
        return np.asarray((points - self.eye) @ self.axes.T, np.float32)

    def rays(self) -> Floats:
        """Directions through all pixels (3, H, W), of length 1 along the axis."""
        height, width = self.size
        across = (np.arange(width, dtype=np.float32) + 0.5 - self.centre[0]) / self.focal_px
        down = (np.arange(height, dtype=np.float32) + 0.5 - self.centre[1]) / self.focal_px
        right, lower, forward = self.axes
        return np.stack(
            [across[None, :] * right[k] + down[:, None] * lower[k] + forward[k] for k in range(3)]
        ).astype(np.float32)


@dataclass(frozen=True)
class Seen:
    """The painted picture.

    Attributes:
        face: number of the face at each pixel, -1 for none (H, W).
        screen: corners of all faces in pixels (F, 4, 2).
        depth: distance of all corners along the axis, metres (F, 4).
    """

    face: Ints
    screen: Floats
    depth: Floats


def paint(mesh: Mesh, camera: Camera) -> Seen:
    """Paint all faces that look at the camera, the furthest first."""
    local = camera.local(mesh.points)
    depth = local[..., 2]
    ahead = np.maximum(depth, 1e-3)[..., None]
    screen = np.asarray(local[..., :2] / ahead * camera.focal_px + camera.centre, np.float32)
    toward = camera.eye - mesh.points.mean(axis=1)
    facing = np.sum(mesh.normals.mean(axis=1) * toward, axis=1) > 0
    shown = np.flatnonzero((facing | _two_sided(mesh)) & _in_view(screen, depth, camera.size))
    order = shown[_back_to_front(mesh, depth)[shown].argsort()]
    corners = np.rint((screen[order] - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)
    picture = np.full(camera.size, -1, np.int32)
    for number, corner in zip(order.tolist(), corners, strict=True):
        cv2.fillConvexPoly(picture, corner, number, shift=SUBPIXEL_BITS)
    return Seen(picture, screen, depth)


def _two_sided(mesh: Mesh) -> NDArray[np.bool_]:
    return np.array([material.through > 0 for material in MATERIALS])[mesh.material]


def _in_view(screen: Floats, depth: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    low, high = screen.min(axis=1), screen.max(axis=1)
    inside = (high[:, 0] > 0) & (high[:, 1] > 0) & (low[:, 0] < size[1]) & (low[:, 1] < size[0])
    sane = (low > -FAR_PX).all(axis=1) & (high < FAR_PX).all(axis=1)
    return np.asarray(inside & sane & (depth.min(axis=1) > NEAR_M))


def _back_to_front(mesh: Mesh, depth: Floats) -> NDArray[np.int64]:
    """Place of each face in the painting order: layer, then object, then rank, then face."""
    middle = depth.mean(axis=1)
    count = np.bincount(mesh.owner)
    far = np.bincount(mesh.owner, weights=middle) / np.maximum(count, 1)
    order = np.lexsort((-middle, mesh.rank, -far[mesh.owner], mesh.layer))
    place = np.empty(len(mesh), np.int64)
    place[order] = np.arange(len(mesh))
    return place


class Interpolator:
    """Reads per-corner attributes at pixels.

    Args:
        seen: a painted picture.
        pixels: flat numbers of the pixels of interest (N,), none of them empty.
    """

    def __init__(self, seen: Seen, pixels: NDArray[np.int64]) -> None:
        face = seen.face.ravel()[pixels]
        shown = np.zeros(len(seen.depth), bool)
        shown[face] = True
        numbers = np.flatnonzero(shown)
        self._slot = (np.cumsum(shown, dtype=np.int32) - 1)[face]
        width = seen.face.shape[1]
        self._x = (pixels % width + 0.5).astype(np.float32)
        self._y = (pixels // width + 0.5).astype(np.float32)
        self._numbers = numbers
        self._screen = seen.screen[numbers].astype(np.float64)
        self._nearness = 1.0 / seen.depth[numbers].astype(np.float64)
        inverse = self._affine(self._nearness)
        low = self._nearness.min(axis=1).astype(np.float32)[self._slot]
        high = self._nearness.max(axis=1).astype(np.float32)[self._slot]
        # The painter covers a pixel that an edge merely touches; there the plane overshoots.
        self.depth = 1.0 / np.clip(inverse, low, high)

    def __call__(self, corners: Floats) -> Floats:
        """Attribute (F, 4) of the mesh at the pixels (N,), within its range over the mesh."""
        values = corners[self._numbers].astype(np.float64)
        low, high = float(values.min()), float(values.max())
        return np.clip(self._affine(values * self._nearness) * self.depth, low, high)

    def _affine(self, values: NDArray[np.float64]) -> Floats:
        """Least-squares plane through the four corners of each face, read at the pixels."""
        middle = self._screen.mean(axis=1)
        x, y = np.moveaxis(self._screen - middle[:, None], 2, 0)
        rise = values - values.mean(axis=1, keepdims=True)
        xx, xy, yy = (x * x).sum(1), (x * y).sum(1), (y * y).sum(1)
        ridge = 1e-6 * (xx + yy) + 1e-9  # faces seen edge-on are lines
        xx, yy = xx + ridge, yy + ridge
        area = xx * yy - xy * xy
        xv, yv = (x * rise).sum(1), (y * rise).sum(1)
        slope_x, slope_y = (yy * xv - xy * yv) / area, (xx * yv - xy * xv) / area
        base = values.mean(axis=1) - slope_x * middle[:, 0] - slope_y * middle[:, 1]
        pick = self._slot
        return np.asarray(
            slope_x.astype(np.float32)[pick] * self._x
            + slope_y.astype(np.float32)[pick] * self._y
            + base.astype(np.float32)[pick],
            np.float32,
        )
