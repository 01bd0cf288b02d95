"""Cars: one skin lofted over a side outline, then glass, wheels, lamps and plates. Facing +z."""

from dataclasses import dataclass, replace

import numpy as np

from thermeld.data.stage.bodies import Body
from thermeld.data.stage.materials import INDEX
from thermeld.data.stage.mesh import (
    Colour,
    Floats,
    Mesh,
    Paint,
    disc,
    faces,
    join,
    panel,
    surface,
    times,
)


@dataclass(frozen=True)
class Running:
    """What a car is doing.

    Attributes:
        head, tail: strength of its lamps, 0 off.
        engine: degrees by which the bonnet is warmer than the rest; tyres and exhaust follow.
    """

    head: float = 0.0
    tail: float = 0.0
    engine: float = 0.0


def car(body: Body, finish: Colour, running: Running) -> Mesh:
    """A whole car standing on the ground, its middle at the origin."""
    return join(
        [
            *_shell(body, finish, running),
            *_underside(body, running),
            *_wheels(body, running),
            *_lamps(body, running),
            *_trimmings(body, finish),
        ]
    )


def _shell(body: Body, finish: Colour, running: Running) -> list[Mesh]:
    z = np.unique(
        np.concatenate(
            [np.linspace(-1, 1, 41) * body.length_m / 2, [point[0] for point in body.deck]]
        )
    )[::-1]
    grid = _sections(body, z)
    bonnet = np.exp(-(((z - body.length_m * 0.30) / 0.55) ** 2))
    high = np.clip((grid[..., 1] - 0.35) / 0.4, 0.15, 1)
    heat = (running.engine * bonnet[:, None] * high).astype(np.float32)
    mesh = surface(grid, Paint("paint", finish), warmth=heat)
    nose, tail = (_cap(grid[row], row, Paint("paint", finish)) for row in (0, -1))
    return [_glazed(mesh, body), nose, tail]


def _cap(ring: Floats, row: int, paint: Paint) -> Mesh:
    """The flat end of the skin."""
    middle = np.broadcast_to(ring.mean(axis=0), ring.shape)
    beside = np.roll(ring, -1, axis=0)
    points = np.stack([middle, ring, beside, beside], axis=1)
    normals = np.zeros_like(points)
    normals[..., 2] = 1.0 if row == 0 else -1.0
    return faces(points, paint, normals=normals)


def _sections(body: Body, z: Floats) -> Floats:
    """Rings round the car at each z: sill, flank, shoulder, window line, roof."""
    belt = np.interp(-z, *_rising(body.hood))
    roof = np.maximum(np.interp(-z, *_rising(body.deck)), belt + 0.004)
    end = np.abs(z) / (body.length_m / 2)
    half = body.half_m * (1 - 0.16 * np.clip((end - 0.72) / 0.28, 0, 1) ** 2.2)
    low = 0.22 + 0.10 * np.clip((end - 0.8) / 0.2, 0, 1)
    cabin = np.clip((roof - belt) / 0.45, 0, 1)
    ridge = half * (0.93 - 0.17 * cabin)
    crown = 0.02 + 0.02 * cabin
    lines = [
        (0.0 * half, low),
        (0.88 * half, low),
        (0.97 * half, low + 0.10),
        (half, low + 0.5 * (belt - low)),
        (0.985 * half, belt - 0.09),
        (0.95 * half, belt - 0.01),
        (0.93 * half, belt),
        (0.5 * (0.93 * half + ridge) + 0.015 * cabin, 0.5 * (belt + roof) - 0.02 * cabin),
        (ridge, roof - 0.05 * cabin),
        (0.86 * ridge, roof),
        (0.45 * ridge, roof + 0.7 * crown),
    ]
    right = np.stack([np.stack([x, y, z], axis=1) for x, y in lines], axis=1)
    top = np.stack([0 * z, roof + crown, z], axis=1)[:, None]
    left = right[:, :0:-1] * np.array([-1, 1, 1])
    return np.concatenate([right, top, left], axis=1).astype(np.float32)


def _rising(outline: tuple[tuple[float, float], ...]) -> tuple[list[float], list[float]]:
    return [-z for z, _ in outline], [height for _, height in outline]


def _glazed(mesh: Mesh, body: Body) -> Mesh:
    """Turn the faces of the skin that lie in window openings into glass."""
    middle = mesh.points.mean(axis=1)
    z, height = middle[:, 2], middle[:, 1]
    belt = np.interp(-z, *_rising(body.hood))
    roof = np.interp(-z, *_rising(body.deck))
    front, top, back, tail = body.glass
    flat = np.abs(mesh.normals.mean(axis=1)[:, 0]) < 0.62
    screen = flat & (((z < front) & (z > top)) | ((z < back) & (z > tail)))
    beside = (height > belt + 0.02) & (height < roof - 0.03) & ~flat
    beside &= (z < front - 0.25) & (z > tail + 0.16)
    for pillar in body.pillars:
        beside &= np.abs(z - pillar) > 0.05
    glass = (screen & (height > belt + 0.03)) | beside
    material = np.where(glass, INDEX["car glass"], mesh.material).astype(np.int32)
    colour = np.where(glass[:, None], np.float32(0.012), mesh.colour)
    warmth = np.where(glass[:, None], mesh.warmth * 0.2, mesh.warmth)
    return replace(mesh, material=material, colour=colour, warmth=warmth)


def _underside(body: Body, running: Running) -> list[Mesh]:
    """The dark gap below the sills, with a warm exhaust at the back."""
    dark = Paint("tyre", (0.008, 0.008, 0.009), warmth=0.35 * running.engine)
    half, long = 0.86 * body.half_m, body.length_m
    skirt = [
        panel((-half, 0.12, -0.42 * long), (2 * half, 0, 0), (0, 0.2, 0), dark),
        panel((half, 0.12, 0.42 * long), (-2 * half, 0, 0), (0, 0.2, 0), dark),
        panel((half, 0.12, -0.4 * long), (0, 0, 0.8 * long), (0, 0.2, 0), dark),
        panel((-half, 0.12, 0.4 * long), (0, 0, -0.8 * long), (0, 0.2, 0), dark),
    ]
    pipe = Paint("rim", (0.05, 0.05, 0.05), warmth=9.0 * running.engine)
    exhaust = disc((0.5, 0.24, -long / 2 + 0.02), (0, 0, -1), 0.045, pipe).ranked(3)
    return [join(skirt).ranked(-1), exhaust]


def _wheels(body: Body, running: Running) -> list[Mesh]:
    warm = 0.45 * running.engine
    wheel = _wheel(body.wheel_m, warm)
    parts = []
    for z in body.axles:
        for side in (-1.0, 1.0):
            place = side * (body.half_m + 0.004)
            parts.append(wheel.placed(place, z, turn=0.5 * np.pi * side))
    return parts


def _wheel(radius: float, warm: float) -> Mesh:
    """A wheel and its arch, seen from +z, standing on the ground at the origin."""
    tyre = Paint("tyre", (0.012, 0.012, 0.013), warmth=warm)
    arch = Paint("tyre", (0.004, 0.004, 0.004), warmth=0.5 * warm)
    rim = Paint("rim", (0.35, 0.35, 0.36), warmth=1.2 * warm)
    hole = Paint("rim", (0.03, 0.03, 0.03), warmth=1.2 * warm)
    front = (0.0, 0.0, 1.0)
    parts = [
        disc((0, radius + 0.03, 0), front, radius + 0.065, arch).ranked(1),
        disc((0, radius, 0.004), front, radius, tyre).ranked(2),
        disc((0, radius, 0.006), front, 0.66 * radius, rim).ranked(3),
    ]
    for angle in np.linspace(0, 2 * np.pi, 5, endpoint=False) + 0.3:
        place = radius * np.array([0.4 * np.cos(angle), 1 + 0.4 * np.sin(angle), 0])
        parts.append(disc(place, front, 0.15 * radius, hole).ranked(4))
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = radius * np.stack([np.cos(turn), 1 + np.sin(turn), 0 * turn], axis=1)
    deep = np.array([[[0, 0, -0.22]], [[0, 0, -0.02]]])
    return join([*parts, surface((ring + deep).astype(np.float32), tyre).ranked(-1)])


def _lamps(body: Body, running: Running) -> list[Mesh]:
    front, back = body.length_m / 2, -body.length_m / 2
    high = float(np.interp(-front + 0.12, *_rising(body.hood))) - 0.10
    rear = float(np.interp(-back - 0.1, *_rising(body.hood))) - 0.12
    white, red = times((1.0, 0.94, 0.82), running.head), times((1.0, 0.05, 0.03), running.tail)
    lens = Paint("car lens", (0.28, 0.28, 0.29), white, 1.5 * bool(running.head))
    lamp = Paint("car lens", (0.22, 0.012, 0.012), red, 1.0 * bool(running.tail))
    parts = []
    for side in (-1.0, 1.0):
        at = side * 0.74 * body.half_m
        parts.append(_lens((at, high, front - 0.06), (0.45 * side, 0.15, 0.9), (0.19, 0.085), lens))
        parts.append(_lens((at, rear, back + 0.03), (0.4 * side, 0.1, -0.9), (0.15, 0.10), lamp))
    return [part.ranked(3) for part in parts]


def _lens(
    centre: tuple[float, float, float],
    facing: tuple[float, float, float],
    half: tuple[float, float],
    paint: Paint,
) -> Mesh:
    """An oval of half width and half height `half`; seen only from the side it faces."""
    round_ = disc(centre, facing, 1.0, paint)
    offset = (round_.points - np.asarray(centre, np.float32)) * np.array(
        [half[0], half[1], half[0]], np.float32
    )
    return replace(round_, points=np.asarray(centre, np.float32) + offset)


def _trimmings(body: Body, finish: Colour) -> list[Mesh]:
    """Number plates, grille, door mirrors."""
    front, back, half = body.length_m / 2 + 0.015, -body.length_m / 2 - 0.015, body.half_m
    plate = Paint("car lens", (0.55, 0.53, 0.42))
    dark = Paint("tyre", (0.01, 0.01, 0.011))
    chrome = Paint("paint", finish)
    seam = Paint("tyre", times(finish, 0.25))
    parts = [
        panel((0.26, 0.42, front), (-0.52, 0, 0), (0, 0.11, 0), plate),
        panel((-0.26, 0.52, back), (0.52, 0, 0), (0, 0.11, 0), plate),
        panel((0.42, 0.57, front - 0.02), (-0.84, 0, 0), (0, 0.07, 0), dark),
        panel((0.5, 0.30, front), (-1.0, 0, 0), (0, 0.08, 0), dark),
        *(
            _lens(
                (s * (half + 0.08), 1.0, body.glass[0] - 0.4),
                (0.8 * s, 0, way),
                (0.13, 0.08),
                chrome,
            )
            for s in (-1.0, 1.0)
            for way in (-0.6, 0.6)
        ),
    ]
    for z in (body.glass[0] - 0.1, *body.pillars):
        for side in (-1.0, 1.0):
            x = side * (half + 0.003)
            points = np.array(
                [
                    [
                        [x, 0.36, z],
                        [x, 0.36, z + side * 0.012],
                        [x * 0.985, 0.86, z + side * 0.012],
                        [x * 0.985, 0.86, z],
                    ]
                ]
            )
            parts.append(faces(points.astype(np.float32), seam))
    return [part.ranked(2) for part in parts]
