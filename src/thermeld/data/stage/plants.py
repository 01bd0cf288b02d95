"""Trees, hedges and grass: hundreds of ragged leaves each."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.mesh import Colour, Mesh, Paint, box, cross, faces, join, tube
from thermeld.data.stage.street import GRASS, KERB_M

Points: TypeAlias = NDArray[np.floating]


def leaves(
    rng: np.random.Generator, middles: Points, *, size_m: float, colour: Colour, heart: Points
) -> Mesh:
    """One ragged leafy tuft at each of the points (F, 3), lit as part of a crown about `heart`."""
    count = len(middles)
    first = rng.standard_normal((count, 3))
    second = cross(first, rng.standard_normal((count, 3)))
    first *= (
        size_m * rng.uniform(0.5, 1.3, (count, 1)) / np.linalg.norm(first, axis=1, keepdims=True)
    )
    second *= 0.55 * size_m / np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-6)
    corners = np.stack([first, second, -first, -second], axis=1)
    corners *= rng.uniform(0.6, 1.25, (count, 4, 1))
    outward = middles - heart
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    normals = outward + 0.75 * rng.standard_normal((count, 3)) + np.array([0, 0.25, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    mesh = faces(
        (middles[:, None] + corners).astype(np.float32),
        Paint("leaf", colour),
        normals=np.repeat(normals[:, None], 4, axis=1),
    )
    # The inside of a crown is dark; leaves differ.
    radius = np.linalg.norm(middles - heart, axis=1)
    depth = 0.45 + 0.55 * np.clip(radius / np.percentile(radius, 85), 0, 1) ** 2
    tone = depth * rng.uniform(0.65, 1.35, count)
    hue = 1.0 + np.outer(rng.uniform(-1, 1, count), (0.18, 0.0, -0.1))
    return replace(mesh, colour=(mesh.colour * tone[:, None] * hue).astype(np.float32))


def tree(
    rng: np.random.Generator,
    *,
    height_m: float,
    detail: float,
    colour: Colour = (0.075, 0.105, 0.035),
) -> Mesh:
    """A broad-leaved tree; `detail` 1 is for one close by, smaller for those far off."""
    bark = Paint("bark", (0.105, 0.085, 0.062))
    bole, lean = 0.34 * height_m, rng.uniform(-0.03, 0.03, 2) * height_m
    fork = np.array([lean[0], bole, lean[1]])
    root = np.array([0.25 * lean[0], 0.25, 0.25 * lean[1]])
    path = np.stack([0 * fork, root, 0.6 * fork, fork])
    parts = [tube(path, height_m * np.array([0.034, 0.022, 0.019, 0.017]), bark, sides=12)]
    tips = []
    for angle in np.linspace(0, 2 * np.pi, 7, endpoint=False) + rng.uniform(0, 1):
        spread, rise = rng.uniform(0.14, 0.30) * height_m, rng.uniform(0.2, 0.58) * height_m
        tip = fork + np.array([np.cos(angle) * spread, rise, np.sin(angle) * spread])
        bend = fork + (tip - fork) * (0.45, 0.55, 0.45) + rng.uniform(-0.02, 0.02, 3) * height_m
        parts.append(
            tube([fork, bend, tip], height_m * np.array([0.011, 0.007, 0.002]), bark, sides=7)
        )
        tips += [tip, 0.5 * (bend + tip)]
    heart = fork + np.array([0, 0.28 * height_m, 0])
    above = heart + np.array([0, 0.2 * height_m, 0])
    clumps = np.stack([*tips, heart, above])
    count = int(4200 * detail)
    pick = rng.integers(len(clumps), size=count)
    ball = rng.standard_normal((count, 3))
    far = 0.21 * height_m * np.sqrt(rng.random((count, 1)))
    ball *= far / np.linalg.norm(ball, axis=1, keepdims=True)
    middles = clumps[pick] + ball * (1.0, 0.72, 1.0)
    size = 0.023 * height_m / np.sqrt(max(detail, 0.05))
    crown = leaves(rng, middles, size_m=min(size, 0.09 * height_m), colour=colour, heart=heart)
    return join([*parts, crown])


def hedge(rng: np.random.Generator, *, x: float, near_m: float, far_m: float) -> Mesh:
    """A clipped hedge along the street, a metre high."""
    count = int(70 * (far_m - near_m))
    middles = np.stack(
        [
            x + rng.uniform(-0.4, 0.4, count),
            rng.uniform(0.1, 1.0, count),
            rng.uniform(near_m, far_m, count),
        ],
        axis=1,
    )
    tuft = leaves(
        rng,
        middles,
        size_m=0.13,
        colour=(0.045, 0.075, 0.022),
        heart=middles * (0, 0, 1) + (x, 0.3, 0),
    )
    block = box(
        (x - 0.36, 0, near_m), (x + 0.36, 0.92, far_m), Paint("leaf", (0.012, 0.018, 0.008))
    )
    return join([block.ranked(-1), tuft])


def tufts(
    rng: np.random.Generator, *, x: tuple[float, float], z: tuple[float, float], count: int
) -> Mesh:
    """Blades of grass along an edge, so that lawn and pavement do not meet in a ruled line."""
    foot = np.stack(
        [rng.uniform(*x, count), np.full(count, KERB_M), rng.uniform(*z, count)], axis=1
    )
    tall = rng.uniform(0.05, 0.17, (count, 1))
    tip = foot + tall * np.concatenate(
        [rng.normal(0, 0.35, (count, 1)), np.ones((count, 1)), rng.normal(0, 0.35, (count, 1))],
        axis=1,
    )
    right = np.array([0.008, 0, 0])
    points = np.stack([foot - right, foot + right, tip, tip], axis=1).astype(np.float32)
    normals = np.broadcast_to(np.array([0, 1.0, -0.2], np.float32), points.shape)
    mesh = faces(points, Paint("blades", GRASS), normals=normals)
    shade = rng.uniform(0.6, 1.7, (count, 1)).astype(np.float32)
    return replace(mesh, colour=mesh.colour * shade)
