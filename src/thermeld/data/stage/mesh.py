"""Shapes as bags of quadrilaterals, and the handful of ways to make them.

World axes: x to the right, y up, z away from the camera, in metres. A triangle is a quad whose
last corner is doubled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermeld.data.stage.materials import INDEX

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int32]
Colour: TypeAlias = tuple[float, float, float]  # linear RGB

BLACK: Colour = (0.0, 0.0, 0.0)


def times(colour: Colour, factor: float) -> Colour:
    """A colour made brighter or darker."""
    red, green, blue = colour
    return factor * red, factor * green, factor * blue


@dataclass(frozen=True)
class Paint:
    """What a shape is covered with.

    Attributes:
        material: a name of `MATERIALS`.
        colour: share of light it sends back, linear RGB.
        glow: light it sends by itself, linear RGB.
        warmth: degrees above what its material has.
        variant: which facade or sign, for the materials that have several.
    """

    material: str
    colour: Colour = (0.5, 0.5, 0.5)
    glow: Colour = BLACK
    warmth: float = 0.0
    variant: int = 0


@dataclass(frozen=True)
class Mesh:
    """F faces.

    Attributes:
        points: corners (F, 4, 3).
        normals: smooth normals at the corners (F, 4, 3).
        uv: surface coordinates at the corners, metres (F, 4, 2).
        warmth: degrees above the material's temperature, at the corners (F, 4).
        material, variant: (F,).
        colour, glow: (F, 3).
        rank: within one object, higher ranks are drawn over lower ones (F,).
        owner: the object a face belongs to (F,).
        layer: 0 ground, 1 buildings, 2 everything that stands before them (F,).
    """

    points: Floats
    normals: Floats
    uv: Floats
    warmth: Floats
    material: Ints
    variant: Ints
    colour: Floats
    glow: Floats
    rank: Ints
    owner: Ints
    layer: Ints

    def __len__(self) -> int:
        return len(self.points)

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Mesh":
        """Some of the faces, by a mask or by their places."""
        return Mesh(**{item.name: getattr(self, item.name)[which] for item in fields(self)})

    def ranked(self, rank: int) -> "Mesh":
        """The same faces, drawn after those of lower rank."""
        return replace(self, rank=np.full(len(self), rank, np.int32))

    def placed(self, x: float, z: float, *, turn: float = 0.0, scale: float = 1.0) -> "Mesh":
        """Turned about the vertical (radians), scaled, then moved along the ground."""
        cos, sin = np.cos(turn), np.sin(turn)
        spin = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)
        offset = np.array([x, 0, z], np.float32)
        points = (self.points * np.float32(scale)) @ spin + offset
        return replace(self, points=points.astype(np.float32), normals=self.normals @ spin)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """All faces of several meshes in one."""
    columns = {
        field.name: np.concatenate([getattr(mesh, field.name) for mesh in meshes])
        for field in fields(Mesh)
    }
    return Mesh(**columns)


def assemble(layers: Sequence[Sequence[Mesh]]) -> Mesh:
    """One mesh of many objects: `layers[k]` are the objects of layer k."""
    objects, count = [], 0
    for layer, meshes in enumerate(layers):
        for mesh in meshes:
            owner = np.full(len(mesh), count, np.int32)
            objects.append(replace(mesh, owner=owner, layer=np.full_like(owner, layer)))
            count += 1
    return join(objects)


def faces(
    points: Floats,
    paint: Paint,
    *,
    normals: Floats | None = None,
    uv: Floats | None = None,
    warmth: Floats | None = None,
) -> Mesh:
    """Loose quads (F, 4, 3); without `normals` each is flat, facing where its corners turn."""
    points = np.asarray(points, np.float32)
    count = len(points)
    if normals is None:
        flat = cross(points[:, 2] - points[:, 0], points[:, 1] - points[:, 3])
        normals = np.repeat(_unit(flat)[:, None], 4, axis=1)
    heat = np.zeros((count, 4), np.float32) if warmth is None else warmth
    return Mesh(
        points=points,
        normals=np.asarray(normals, np.float32),
        uv=np.zeros((count, 4, 2), np.float32) if uv is None else np.asarray(uv, np.float32),
        warmth=np.asarray(heat + paint.warmth, np.float32),
        material=np.full(count, INDEX[paint.material], np.int32),
        variant=np.full(count, paint.variant, np.int32),
        colour=np.full((count, 3), paint.colour, np.float32),
        glow=np.full((count, 3), paint.glow, np.float32),
        rank=np.zeros(count, np.int32),
        owner=np.zeros(count, np.int32),
        layer=np.zeros(count, np.int32),
    )


def panel(corner: ArrayLike, across: ArrayLike, up: ArrayLike, paint: Paint) -> Mesh:
    """A rectangle seen from the side where `across` points right and `up` up; uv in metres."""
    low, right, rise = (np.asarray(value, np.float32) for value in (corner, across, up))
    width, height = np.linalg.norm(right), np.linalg.norm(rise)
    points = np.stack([low, low + right, low + right + rise, low + rise])[None]
    uv = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float32)
    return faces(points, paint, uv=uv)


def box(low: ArrayLike, high: ArrayLike, paint: Paint) -> Mesh:
    """A block between two corners, without its underside."""
    x0, y0, z0 = np.asarray(low, float)
    x1, y1, z1 = np.asarray(high, float)
    sides = [
        [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)],
        [(x1, y0, z1), (x0, y0, z1), (x0, y1, z1), (x1, y1, z1)],
        [(x0, y0, z1), (x0, y0, z0), (x0, y1, z0), (x0, y1, z1)],
        [(x1, y0, z0), (x1, y0, z1), (x1, y1, z1), (x1, y1, z0)],
        [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)],
    ]
    wide, tall, deep = x1 - x0, y1 - y0, z1 - z0
    spans = [(wide, tall), (wide, tall), (deep, tall), (deep, tall), (wide, deep)]
    uv = [[(0, 0), (across, 0), (across, up), (0, up)] for across, up in spans]
    return faces(np.array(sides, np.float32), paint, uv=np.array(uv, np.float32))


def surface(grid: Floats, paint: Paint, *, warmth: Floats | None = None) -> Mesh:
    """A smooth skin over a grid of points (R, C, 3) whose columns close on themselves.

    Normals point away from the middle of each row, so a row must be a ring.
    """
    grid = np.asarray(grid, np.float32)
    along = _slope(grid)
    columns = np.arange(grid.shape[1])
    around = grid[:, columns - (grid.shape[1] - 1)] - grid[:, columns - 1]
    normals = _unit(cross(along, around))
    outward = grid - grid.mean(axis=1, keepdims=True)
    normals *= np.where((normals * outward).sum(axis=(1, 2)) < 0, -1, 1)[:, None, None]
    down = np.sqrt((along * along).sum(axis=2)).mean(axis=1).cumsum()
    ring = np.sqrt((around * around).sum(axis=2)).mean(axis=0).cumsum() / 2
    everything = np.zeros((*grid.shape[:2], 9), np.float32)
    everything[..., :3], everything[..., 3:6] = grid, normals
    everything[..., 6], everything[..., 7] = ring, down[:, None]
    if warmth is not None:
        everything[..., 8] = warmth
    cells = quads(everything)
    return faces(
        cells[..., :3],
        paint,
        normals=cells[..., 3:6],
        uv=cells[..., 6:8],
        warmth=cells[..., 8],
    )


def quads(grid: Floats) -> Floats:
    """The cells of a grid (R, C, K) closed in its columns, as (F, 4, K)."""
    right = np.concatenate([grid[:, 1:], grid[:, :1]], axis=1)
    cells = np.stack([grid[:-1], right[:-1], right[1:], grid[1:]], axis=2)
    return np.ascontiguousarray(cells.reshape(-1, 4, grid.shape[2]), np.float32)


def tube(path: ArrayLike, radii: ArrayLike, paint: Paint, *, sides: int = 10) -> Mesh:
    """A limb, trunk or pole along `path` (K, 3) with `radii` (K,), closed at neither end."""
    line = np.asarray(path, float)
    size = np.asarray(radii, float)
    run = _unit(_slope(line))
    helper = np.array([0.0, 0.0, 1.0]) if abs(run[0, 2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    first = _unit(cross(run, helper))
    second = cross(run, first)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = (
        np.cos(angle)[None, :, None] * first[:, None]
        + np.sin(angle)[None, :, None] * second[:, None]
    )
    grid = line[:, None] + size[:, None, None] * ring
    return surface(grid.astype(np.float32), paint)


def ellipsoid(centre: ArrayLike, radii: ArrayLike, paint: Paint, *, sides: int = 12) -> Mesh:
    """A round body, or with two equal radii a ball."""
    lift = np.linspace(-0.5 * np.pi + 0.02, 0.5 * np.pi - 0.02, sides // 2 + 2)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    unit = np.stack(
        [
            np.cos(lift)[:, None] * np.cos(angle),
            np.broadcast_to(np.sin(lift)[:, None], (len(lift), sides)),
            np.cos(lift)[:, None] * np.sin(angle),
        ],
        axis=2,
    )
    grid = np.asarray(centre) + unit * np.asarray(radii)
    mesh = surface(grid.astype(np.float32), paint)
    middle = np.asarray(centre, np.float32)
    outward = (mesh.points - middle) / np.asarray(radii, np.float32) ** 2
    return replace(mesh, normals=_unit(outward).astype(np.float32))


def disc(centre: ArrayLike, facing: ArrayLike, radius: float, paint: Paint) -> Mesh:
    """A flat round plate of sixteen corners, as a fan; uv is centred, in radii."""
    normal = _unit(np.asarray(facing, float))
    helper = np.array([0.0, 1.0, 0.0]) if abs(normal[1]) < 0.9 else np.array([0.0, 0.0, 1.0])
    right = _unit(cross(normal, helper))
    up = cross(right, normal)
    angle = np.linspace(0, 2 * np.pi, 17)
    flat = np.stack([-np.cos(angle), np.sin(angle)], axis=1)
    rim = np.asarray(centre) + radius * (flat @ np.stack([right, up]))
    middle = np.broadcast_to(np.asarray(centre, float), rim[1:].shape)
    points = np.stack([middle, rim[:-1], rim[1:], rim[1:]], axis=1)
    uv = np.stack([0 * flat[1:], flat[:-1], flat[1:], flat[1:]], axis=1)
    normals = np.broadcast_to(normal, points.shape)
    return faces(points.astype(np.float32), paint, normals=normals.astype(np.float32), uv=uv)


def cross(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    """Cross product along the last axis; several times as quick as NumPy's on small arrays."""
    a, b, c = one[..., 0], one[..., 1], one[..., 2]
    x, y, z = other[..., 0], other[..., 1], other[..., 2]
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x], axis=-1)


def _slope(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Differences between neighbours along the first axis, central inside."""
    step = rows[1:] - rows[:-1]
    return np.concatenate([step[:1], 0.5 * (step[1:] + step[:-1]), step[-1:]])


def _unit(vectors: NDArray[np.floating]) -> Floats:
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
