"""What stands along a street: ground, houses, lamps, signs, benches."""

from dataclasses import dataclass, replace

import numpy as np

from thermeld.data.stage.mesh import (
    BLACK,
    Colour,
    Floats,
    Mesh,
    Paint,
    box,
    ellipsoid,
    faces,
    join,
    panel,
    tube,
)
from thermeld.data.stage.textures import Street

START_M = 0.6  # nothing of the ground begins nearer to the camera than this
END_M = 130.0
KERB_M = 0.13
GRASS: Colour = (0.055, 0.085, 0.028)


def ground(street: Street, *, park: tuple[bool, bool]) -> list[Mesh]:
    """Road, kerbs, pavements, and beyond them grass (left, right) or more pavement."""
    road = Paint("road", (0.085, 0.085, 0.088))
    slabs, kerb = Paint("pavement", (0.20, 0.19, 0.175)), Paint("kerb", (0.26, 0.25, 0.235))
    half, wide = street.half_m, street.pavement_m
    parts = [_strip(-half, half, 0.0, road)]
    for side, green in zip((-1.0, 1.0), park, strict=True):
        inner, outer = side * half, side * (half + wide)
        parts.append(_strip(inner, inner + side * 0.16, KERB_M, kerb))
        parts.append(_strip(inner + side * 0.16, outer, KERB_M, slabs))
        # The face of the kerb looks at the road.
        start, run = (START_M, END_M - START_M) if side < 0 else (END_M, START_M - END_M)
        face = panel((inner, 0.0, start), (0.0, 0.0, run), (0, KERB_M, 0), kerb)
        parts.append(sliced(face, pieces=40))
        beyond = Paint("grass", GRASS) if green else slabs
        # In lengthwise lanes, since a piece that reaches behind the camera is lost as a whole.
        for low, high in ((0, 4), (4, 14), (14, 60)):
            parts.append(_strip(outer + side * low, outer + side * high, KERB_M, beyond))
    parts.append(_strip(-90, 90, -0.02, Paint("grass", GRASS), near=END_M, far=400.0))
    return parts


def _strip(
    left: float,
    right: float,
    height: float,
    paint: Paint,
    *,
    near: float = START_M,
    far: float = END_M,
) -> Mesh:
    low, high = min(left, right), max(left, right)
    across, run = (high - low, 0, 0), (0, 0, far - near)
    return sliced(panel((low, height, near), across, run, paint), upright=True)


def sliced(mesh: Mesh, *, upright: bool = False, pieces: int = 8) -> Mesh:
    """A long rectangle in pieces, thinner towards its start.

    What reaches behind the camera is not painted at all, so it had better be small.
    """
    cuts = (np.linspace(0, 1, pieces + 1) ** (3 if upright else 1)).astype(np.float32)
    corner = (0, 3, 2, 1) if upright else (0, 1, 2, 3)
    repeated = mesh.picked(np.zeros(pieces, np.intp))
    points, uv = (_pieces(values, corner, cuts) for values in (mesh.points, mesh.uv))
    return replace(repeated, points=points, uv=uv)


def _pieces(values: Floats, corner: tuple[int, ...], cuts: Floats) -> Floats:
    first, last, top, bottom = (values[:, k] for k in corner)
    low = first + (last - first) * cuts[:, None]
    high = bottom + (top - bottom) * cuts[:, None]
    piece = np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)
    return piece[:, np.argsort(corner)]


@dataclass(frozen=True)
class Plot:
    """Where a house stands: its front runs along x = `front_m`, from z = near to far."""

    front_m: float
    near_m: float
    far_m: float
    height_m: float
    deep_m: float = 12.0


def house(plot: Plot, wall: Paint, trim: Colour, *, gable: bool) -> Mesh:
    """A house beside the street; its end wall, which looks at us, carries windows too."""
    side = np.sign(plot.front_m)
    back = plot.front_m + side * plot.deep_m
    near, far, tall = plot.near_m, plot.far_m, plot.height_m
    low = min(plot.front_m, back)
    if side < 0:
        front = panel((plot.front_m, 0, near), (0, 0, far - near), (0, tall, 0), wall)
    else:
        front = panel((plot.front_m, 0, far), (0, 0, near - far), (0, tall, 0), wall)
    end = panel((low, 0, near), (plot.deep_m, 0, 0), (0, tall, 0), wall)
    # Never seen, but the sun must not shine through.
    plain, high = replace(wall, variant=0), max(plot.front_m, back)
    shut = panel((high, 0, far), (low - high, 0, 0), (0, tall, 0), plain)
    lid = panel((low, tall, near), (high - low, 0, 0), (0, 0, far - near), plain)
    run = (near, far - near) if side > 0 else (far, near - far)
    rear = panel((back, 0, run[0]), (0, 0, run[1]), (0, tall, 0), plain)
    parts = [sliced(front), sliced(end), shut, lid, rear, *_edges(plot, trim)]
    parts += _gable_roof(plot, wall) if gable else [_parapet(plot, wall)]
    return join(parts)


def _edges(plot: Plot, trim: Colour) -> list[Mesh]:
    """Plinth, string course and cornice."""
    stone, side = Paint("stone", trim), np.sign(plot.front_m)
    parts = []
    for low, high, out in (
        (0.0, 0.4, 0.05),
        (3.05, 3.2, 0.08),
        (plot.height_m - 0.35, plot.height_m, 0.28),
    ):
        inner, outer = plot.front_m + side * 0.3, plot.front_m - side * out
        parts.append(
            box(
                (min(inner, outer), low, plot.near_m - out),
                (max(inner, outer), high, plot.far_m),
                stone,
            ).ranked(1)
        )
        back = plot.front_m + side * plot.deep_m
        parts.append(
            box(
                (min(inner, back), low, plot.near_m - out),
                (max(inner, back), high, plot.near_m + 0.3),
                stone,
            ).ranked(1)
        )
    return parts


def _parapet(plot: Plot, wall: Paint) -> Mesh:
    plain = replace(wall, variant=0)
    back = plot.front_m + np.sign(plot.front_m) * plot.deep_m
    low, high = sorted((plot.front_m, back))
    return box(
        (low, plot.height_m, plot.near_m), (high, plot.height_m + 0.7, plot.far_m), plain
    ).ranked(2)


def _gable_roof(plot: Plot, wall: Paint) -> list[Mesh]:
    """A roof with its ridge along the street, and the triangle of wall below it."""
    side = np.sign(plot.front_m)
    eave, ridge = plot.front_m - side * 0.45, plot.front_m + side * plot.deep_m / 2
    back = plot.front_m + side * plot.deep_m
    base, top = plot.height_m - 0.05, plot.height_m + 0.42 * plot.deep_m
    tiles = Paint("roof", (0.12, 0.055, 0.040))
    near, far = plot.near_m - 0.3, plot.far_m
    slope = np.hypot(ridge - eave, top - base)
    if side < 0:
        points = [[eave, base, near], [eave, base, far], [ridge, top, far], [ridge, top, near]]
    else:
        points = [[eave, base, far], [eave, base, near], [ridge, top, near], [ridge, top, far]]
    long = far - near
    uv = np.array([[[0, 0], [long, 0], [long, slope], [0, slope]]], np.float32)
    roof = faces(np.array([points], np.float32), tiles, uv=uv).ranked(2)
    left, right = sorted((plot.front_m, back))
    triangle = np.array(
        [
            [
                [left, base, plot.near_m],
                [right, base, plot.near_m],
                [ridge, top, plot.near_m],
                [ridge, top, plot.near_m],
            ]
        ],
        np.float32,
    )
    return [faces(triangle, replace(wall, variant=0), uv=triangle[..., :2]).ranked(1), roof]


def backdrop(rng: np.random.Generator, *, windows: int) -> list[Mesh]:
    """What closes the view: blocks at the far end of the street."""
    parts, x = [], -110.0
    while x < 110:
        wide, tall = rng.uniform(10, 22), rng.uniform(9, 26) * (0.75 if abs(x) < 14 else 1.0)
        tone = rng.uniform(0.08, 0.2)
        wall = Paint("plaster", (tone, 0.95 * tone, 0.88 * tone), variant=windows)
        z = END_M + rng.uniform(0, 3)
        parts.append(panel((x, 0, z), (wide, 0, 0), (0, tall, 0), wall))
        x += wide * rng.uniform(0.65, 0.9)
    return parts


def street_lamp(*, side: float, height_m: float = 6.2, glow: Colour = BLACK) -> Mesh:
    """A column with an arm over the road; `side` is the side of the road it stands on."""
    pole = Paint("pole", (0.06, 0.065, 0.065))
    reach = -side * 1.5
    column = tube([(0, 0, 0), (0, 1.1, 0), (0, height_m - 0.5, 0)], (0.085, 0.065, 0.045), pole)
    arm = tube(
        [
            (0, height_m - 0.6, 0),
            (0.08 * reach, height_m - 0.1, 0),
            (0.4 * reach, height_m + 0.12, 0),
            (reach, height_m + 0.1, 0),
        ],
        (0.045, 0.042, 0.038, 0.034),
        pole,
        sides=8,
    )
    foot = tube([(0, 0, 0), (0, 0.9, 0), (0, 0.95, 0)], (0.12, 0.11, 0.07), pole)
    shell = ellipsoid((1.12 * reach, height_m + 0.10, 0), (0.36, 0.075, 0.15), pole)
    lens = ellipsoid(
        (1.12 * reach, height_m + 0.045, 0),
        (0.27, 0.06, 0.11),
        Paint("lamp lens", (0.6, 0.6, 0.6), glow),
    )
    return join([column, foot, arm, shell.ranked(1), lens.ranked(2)])


def shop_sign(corner: Floats, along: Floats, *, height_m: float, paint: Paint) -> Mesh:
    """A lettered board; uv runs over it once."""
    rise = np.array([0, height_m, 0])
    board = panel(corner, along, rise, paint)
    uv = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float32)
    return replace(board, uv=uv).ranked(3)


def bench() -> Mesh:
    """A park bench, facing +z."""
    wood, iron = Paint("wood", (0.14, 0.085, 0.045)), Paint("metal", (0.03, 0.03, 0.03))
    slats = [box((-0.8, 0.42, z), (0.8, 0.455, z + 0.09), wood) for z in (-0.2, -0.09, 0.02, 0.13)]
    back = [box((-0.8, y, -0.30), (0.8, y + 0.09, -0.265), wood) for y in (0.56, 0.70)]
    legs = [
        box((x, 0, z), (x + 0.05, 0.42, z + 0.05), iron) for x in (-0.7, 0.65) for z in (-0.2, 0.15)
    ]
    return join([*legs, *slats, *back])


def bin_(colour: Colour = (0.03, 0.05, 0.04)) -> Mesh:
    """A litter bin."""
    return tube(
        [(0, 0, 0), (0, 0.8, 0), (0, 0.85, 0), (0, 0.9, 0)],
        (0.2, 0.24, 0.25, 0.15),
        Paint("metal", colour),
    )
