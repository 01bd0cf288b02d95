"""People and animals: limbs, bodies and heads along a posed skeleton. Metres; facing +z."""

from dataclasses import dataclass

import numpy as np

from thermeld.data.stage.mesh import Colour, Floats, Mesh, Paint, ellipsoid, join, surface, tube

CLOTHES: tuple[Colour, ...] = (
    (0.020, 0.022, 0.030),
    (0.035, 0.045, 0.085),
    (0.060, 0.055, 0.050),
    (0.110, 0.030, 0.028),
    (0.050, 0.070, 0.045),
    (0.120, 0.100, 0.075),
    (0.16, 0.16, 0.17),
)
SKINS: tuple[Colour, ...] = ((0.55, 0.36, 0.26), (0.40, 0.24, 0.16), (0.16, 0.085, 0.05))
HAIRS: tuple[Colour, ...] = ((0.012, 0.010, 0.009), (0.05, 0.03, 0.018), (0.16, 0.10, 0.05))


@dataclass(frozen=True)
class Outfit:
    """How one person looks and stands.

    Attributes:
        top, legs, skin, hair: colours.
        stride: how far into a step, -1..1; 0 stands still.
        coat: whether the top reaches to the knees.
        bag: whether a rucksack is worn.
        height_m: from the soles to the crown.
        insulated: degrees the clothes are colder than usual; thick ones are.
    """

    top: Colour = CLOTHES[0]
    legs: Colour = CLOTHES[1]
    skin: Colour = SKINS[0]
    hair: Colour = HAIRS[0]
    stride: float = 0.6
    coat: bool = False
    bag: bool = False
    height_m: float = 1.75
    insulated: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Outfit":
        """Somebody."""
        pick = [int(rng.integers(len(table))) for table in (CLOTHES, CLOTHES, SKINS, HAIRS)]
        return cls(
            top=CLOTHES[pick[0]],
            legs=CLOTHES[pick[1] % 4],
            skin=SKINS[pick[2]],
            hair=HAIRS[pick[3]],
            stride=float(rng.uniform(-1, 1)),
            coat=bool(rng.random() < 0.3),
            bag=bool(rng.random() < 0.3),
            height_m=float(rng.uniform(1.55, 1.9)),
            insulated=float(rng.uniform(0, 4)),
        )


def person(outfit: Outfit) -> Mesh:
    """A clothed walking figure, 1.75 m tall before scaling to its outfit's height."""
    parts = [*_head(outfit), _torso(outfit)]
    seat = Paint("cloth", outfit.legs, warmth=-0.5)
    parts.append(ellipsoid((0, 0.92, -0.005), (0.158, 0.115, 0.112), seat).ranked(-1))
    for side in (-1.0, 1.0):
        parts += _leg(outfit, side)
        parts += _arm(outfit, side)
    if outfit.bag:
        pack = Paint("cloth", (0.05, 0.05, 0.06), warmth=-9.0)
        rings = [
            (0.95, 0.05, 0.03, -0.17),
            (0.97, 0.13, 0.075, -0.18),
            (1.15, 0.16, 0.10, -0.20),
            (1.38, 0.14, 0.08, -0.18),
            (1.45, 0.05, 0.03, -0.16),
        ]
        parts.append(_lofted(rings, pack, power=0.6))
    return join(parts).placed(0, 0, scale=outfit.height_m / 1.75)


def _head(outfit: Outfit) -> list[Mesh]:
    skin, hair = Paint("skin", outfit.skin, warmth=2.0), Paint("hair", outfit.hair)
    skull = ellipsoid((0, 1.64, 0.0), (0.078, 0.115, 0.098), skin, sides=18)
    middle = skull.points.mean(axis=1)
    # Hair grows above a line that falls from the forehead to the neck.
    covered = middle[:, 1] - 1.60 > 0.95 * np.maximum(middle[:, 2] + 0.01, -0.08)
    scalp = ellipsoid((0, 1.645, -0.004), (0.084, 0.120, 0.104), hair, sides=18)
    neck = tube([(0, 1.42, -0.01), (0, 1.58, 0.0)], (0.058, 0.05), skin)
    nose = ellipsoid((0, 1.625, 0.100), (0.012, 0.020, 0.014), skin, sides=6)
    return [neck, skull, nose, scalp.picked(covered).ranked(1)]


def _torso(outfit: Outfit) -> Mesh:
    """Rings from the hem to the neck: (height, half width, half depth, forward)."""
    rings = [
        (0.86, 0.150, 0.105, 0.0),
        (0.93, 0.168, 0.118, -0.01),
        (1.05, 0.150, 0.105, 0.0),
        (1.18, 0.162, 0.110, 0.01),
        (1.30, 0.182, 0.118, 0.01),
        (1.39, 0.190, 0.105, 0.0),
        (1.445, 0.150, 0.085, -0.01),
        (1.475, 0.078, 0.065, -0.01),
        (1.50, 0.060, 0.056, 0.0),
    ]
    if outfit.coat:
        rings = [(0.52, 0.215, 0.185, 0.0), (0.70, 0.19, 0.15, 0.0), *rings]
    cloth = Paint("cloth", outfit.top, warmth=-outfit.insulated)
    return _lofted(rings, cloth, power=0.8, heat=True)


def _lofted(
    rings: list[tuple[float, float, float, float]],
    paint: Paint,
    *,
    power: float,
    heat: bool = False,
) -> Mesh:
    """A skin over upright rings (height, half width, half depth, forward).

    Args:
        rings: from below to above.
        paint: what covers it.
        power: 1 for round rings, less for squarish ones; shoulders are no ellipse.
        heat: whether it is worn: warmth escapes at the collar, the hem hangs off the body.
    """
    height, wide, deep, shift = (np.array(column)[:, None] for column in zip(*rings, strict=True))
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    cos, sin = (np.sign(w) * np.abs(w) ** power for w in (np.cos(angle), np.sin(angle)))
    grid = np.stack(np.broadcast_arrays(wide * cos, height, deep * sin + shift), axis=2)
    worn = np.interp(height, (0.5, 0.9, 1.25, 1.42, 1.5), (-4.0, -1.0, 0.5, 1.5, 5.0))
    warmth = np.broadcast_to(heat * worn, grid.shape[:2]).astype(np.float32)
    return surface(grid.astype(np.float32), paint, warmth=warmth)


def _leg(outfit: Outfit, side: float) -> list[Mesh]:
    swing = 0.42 * outfit.stride * side
    bend = 0.12 + 0.55 * max(0.0, -swing)
    hip = np.array([0.088 * side, 0.92, 0.0])
    knee = hip + 0.43 * np.array([0.01 * side, -np.cos(swing), np.sin(swing)])
    ankle = knee + 0.42 * np.array([0.0, -np.cos(swing - bend), np.sin(swing - bend)])
    drop = np.array([0.0, min(0.0, 0.085 - ankle[1]), 0.0])
    middle = 0.5 * (knee + ankle) + np.array([0.0, 0.05, -0.015])
    cloth = Paint("cloth", outfit.legs, warmth=-0.5)
    path = np.stack([hip, 0.5 * (hip + knee), knee, middle, ankle]) + drop
    shoe = Paint("cloth", (0.03, 0.028, 0.026), warmth=-6.0)
    foot = ankle + drop + np.array([0.0, -0.035, 0.06])
    return [
        tube(path, (0.095, 0.085, 0.062, 0.062, 0.048), cloth, sides=12).ranked(-1),
        ellipsoid(foot, (0.048, 0.05, 0.135), shoe, sides=10),
    ]


def _arm(outfit: Outfit, side: float) -> list[Mesh]:
    swing = -0.5 * outfit.stride * side
    shoulder = np.array([0.195 * side, 1.40, 0.0])
    elbow = shoulder + 0.28 * np.array([0.09 * side, -np.cos(swing), np.sin(swing)])
    reach = swing + 0.35
    wrist = elbow + 0.25 * np.array([0.02 * side, -np.cos(reach), np.sin(reach)])
    sleeve = Paint("cloth", outfit.top, warmth=-0.8 - outfit.insulated)
    start = shoulder + np.array([-0.05 * side, 0.03, 0.0])
    path = np.stack([start, shoulder, 0.5 * (shoulder + elbow), elbow, wrist])
    hand = wrist + 0.07 * np.array([0.0, -np.cos(reach), np.sin(reach)])
    return [
        ellipsoid(shoulder + np.array([-0.012 * side, -0.008, 0]), (0.060, 0.056, 0.062), sleeve),
        tube(path, (0.05, 0.062, 0.054, 0.046, 0.038), sleeve),
        ellipsoid(hand, (0.024, 0.062, 0.036), Paint("skin", outfit.skin, warmth=-1.5), sides=8),
    ]


def deer(*, size: float = 1.0, colour: Colour = (0.16, 0.10, 0.055)) -> Mesh:
    """A roe deer, head up, about 1.2 m to the ears."""
    fur, muzzle = Paint("fur", colour), Paint("muzzle", (0.06, 0.045, 0.035))
    back = _body(
        [
            (-0.53, 0.72, 0.01, 0.02),
            (-0.51, 0.72, 0.09, 0.12),
            (-0.36, 0.74, 0.15, 0.18),
            (-0.1, 0.71, 0.155, 0.185),
            (0.18, 0.71, 0.15, 0.19),
            (0.36, 0.76, 0.115, 0.155),
            (0.46, 0.82, 0.07, 0.10),
            (0.50, 0.83, 0.01, 0.02),
        ],
        fur,
    )
    neck = tube([(0, 0.76, 0.34), (0, 0.93, 0.47), (0, 1.07, 0.55)], (0.135, 0.085, 0.06), fur)
    head = tube(
        [(0, 1.10, 0.50), (0, 1.11, 0.56), (0, 1.08, 0.66), (0, 1.05, 0.75)],
        (0.03, 0.068, 0.052, 0.03),
        fur,
    )
    nose = ellipsoid((0, 1.045, 0.755), (0.028, 0.026, 0.03), muzzle, sides=8)
    ears = [
        tube(
            [(0.05 * s, 1.14, 0.53), (0.10 * s, 1.22, 0.52), (0.13 * s, 1.30, 0.51)],
            (0.02, 0.035, 0.004),
            Paint("fur", colour, warmth=5.0),
            sides=6,
        )
        for s in (-1, 1)
    ]
    eyes = [
        ellipsoid((0.05 * s, 1.115, 0.60), (0.012, 0.014, 0.014), muzzle, sides=6) for s in (-1, 1)
    ]
    legs = [_shank(x, z, 0.62, fur) for x in (-0.09, 0.09) for z in (-0.36, 0.32)]
    return join([back, neck, head, nose, *ears, *eyes, *legs]).placed(0, 0, scale=size)


def dog(*, size: float = 1.0, colour: Colour = (0.10, 0.075, 0.05)) -> Mesh:
    """A middling dog on all fours, tail up."""
    fur, muzzle = Paint("fur", colour), Paint("muzzle", (0.03, 0.025, 0.02))
    back = _body(
        [
            (-0.36, 0.47, 0.01, 0.01),
            (-0.34, 0.47, 0.06, 0.08),
            (-0.26, 0.48, 0.10, 0.12),
            (0.0, 0.46, 0.10, 0.12),
            (0.2, 0.46, 0.115, 0.15),
            (0.32, 0.50, 0.07, 0.10),
            (0.36, 0.51, 0.01, 0.01),
        ],
        fur,
    )
    neck = tube([(0, 0.49, 0.26), (0, 0.60, 0.36), (0, 0.66, 0.40)], (0.09, 0.07, 0.06), fur)
    head = tube(
        [(0, 0.69, 0.34), (0, 0.69, 0.42), (0, 0.66, 0.50), (0, 0.635, 0.58)],
        (0.04, 0.075, 0.05, 0.03),
        fur,
    )
    nose = ellipsoid((0, 0.64, 0.59), (0.022, 0.02, 0.02), muzzle, sides=6)
    ears = [
        tube(
            [(0.05 * s, 0.73, 0.38), (0.075 * s, 0.78, 0.38), (0.08 * s, 0.72, 0.41)],
            (0.03, 0.025, 0.008),
            fur,
            sides=6,
        )
        for s in (-1, 1)
    ]
    tail = tube([(0, 0.50, -0.32), (0, 0.58, -0.44), (0, 0.70, -0.47)], (0.03, 0.025, 0.012), fur)
    legs = [_shank(x, z, 0.40, fur) for x in (-0.07, 0.07) for z in (-0.24, 0.2)]
    return join([back, neck, head, nose, tail, *ears, *legs]).placed(0, 0, scale=size)


def _body(rings: list[tuple[float, float, float, float]], paint: Paint) -> Mesh:
    """A barrel along z from (z, height, half width, half height) rings."""
    z, height, wide, tall = (np.array(column)[:, None] for column in zip(*rings, strict=True))
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    across, rise = wide * np.cos(angle), height + tall * np.sin(angle)
    grid: Floats = np.stack(np.broadcast_arrays(across, rise, z), axis=2).astype(np.float32)
    # The belly is bare and warm, the back thick.
    warmth = np.broadcast_to(-2.0 * np.sin(angle), grid.shape[:2]).astype(np.float32)
    return surface(grid, paint, warmth=warmth)


def _shank(x: float, z: float, height: float, paint: Paint) -> Mesh:
    path = [(x, height, z), (x, 0.55 * height, z + 0.03), (x, 0.3 * height, z - 0.03), (x, 0.0, z)]
    return tube(
        path, (0.14 * height, 0.075 * height, 0.05 * height, 0.045 * height), paint, sides=8
    )
