"""Kinds of cars: their side outlines and finishes."""

from dataclasses import dataclass

from thermeld.data.stage.mesh import Colour

FINISHES: tuple[Colour, ...] = (
    (0.42, 0.43, 0.44),
    (0.030, 0.032, 0.036),
    (0.20, 0.21, 0.23),
    (0.21, 0.020, 0.018),
    (0.020, 0.042, 0.125),
    (0.60, 0.60, 0.57),
    (0.03, 0.10, 0.07),
)


@dataclass(frozen=True)
class Body:
    """A side outline. Lists run from nose to tail along z; metres.

    Attributes:
        length_m, half_m: overall length and half the width.
        hood, deck: (z, height) along the top without and with the cabin.
        glass: z where the windscreen starts and ends, and the rear window likewise.
        pillars: z of the side pillars.
        axles: z of the wheels.
        wheel_m: radius of the wheels.
    """

    length_m: float
    half_m: float
    hood: tuple[tuple[float, float], ...]
    deck: tuple[tuple[float, float], ...]
    glass: tuple[float, float, float, float]
    pillars: tuple[float, ...]
    axles: tuple[float, float]
    wheel_m: float = 0.325


SALOON = Body(
    4.6,
    0.90,
    hood=(
        (2.30, 0.60),
        (2.2, 0.72),
        (1.9, 0.80),
        (0.95, 0.93),
        (-1.5, 0.98),
        (-2.2, 0.95),
        (-2.30, 0.78),
    ),
    deck=(
        (2.30, 0.60),
        (2.2, 0.72),
        (1.9, 0.80),
        (0.98, 0.93),
        (0.15, 1.38),
        (-0.2, 1.43),
        (-0.75, 1.42),
        (-1.05, 1.36),
        (-1.75, 1.01),
        (-2.2, 0.97),
        (-2.30, 0.78),
    ),
    glass=(0.95, 0.12, -1.02, -1.72),
    pillars=(-0.25, -1.1),
    axles=(1.42, -1.36),
)
HATCH = Body(
    4.0,
    0.87,
    hood=(
        (2.0, 0.62),
        (1.92, 0.76),
        (1.6, 0.86),
        (0.95, 0.97),
        (-1.7, 1.0),
        (-1.95, 0.95),
        (-2.0, 0.75),
    ),
    deck=(
        (2.0, 0.62),
        (1.92, 0.76),
        (1.6, 0.86),
        (1.0, 0.97),
        (0.25, 1.43),
        (-0.1, 1.49),
        (-1.1, 1.47),
        (-1.5, 1.40),
        (-1.88, 1.02),
        (-1.97, 0.95),
        (-2.0, 0.75),
    ),
    glass=(0.97, 0.22, -1.48, -1.86),
    pillars=(-0.2, -1.15),
    axles=(1.25, -1.22),
)
VAN = Body(
    4.7,
    0.96,
    hood=(
        (2.35, 0.65),
        (2.27, 0.85),
        (2.0, 1.02),
        (1.5, 1.12),
        (-2.2, 1.12),
        (-2.33, 1.1),
        (-2.35, 0.7),
    ),
    deck=(
        (2.35, 0.65),
        (2.27, 0.85),
        (2.0, 1.02),
        (1.52, 1.14),
        (0.85, 1.82),
        (0.5, 1.93),
        (-1.8, 1.93),
        (-2.15, 1.88),
        (-2.3, 1.25),
        (-2.34, 1.0),
        (-2.35, 0.7),
    ),
    glass=(1.5, 0.82, -2.14, -2.30),
    pillars=(0.1, -1.0),
    axles=(1.5, -1.45),
    wheel_m=0.34,
)
BODIES = (SALOON, HATCH, VAN)
