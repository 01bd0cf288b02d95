"""A street with everything on it, and the ways to put things there."""

from dataclasses import dataclass, field

import numpy as np

from thermeld.data.stage import street as kit
from thermeld.data.stage.bodies import Body
from thermeld.data.stage.facade import Facade
from thermeld.data.stage.figures import Outfit, person
from thermeld.data.stage.light import Light
from thermeld.data.stage.mesh import BLACK, Colour, Mesh, Paint, join, times
from thermeld.data.stage.textures import Street
from thermeld.data.stage.vehicles import Running, car

SODIUM: Colour = (1.0, 0.56, 0.22)
WARM: Colour = (1.0, 0.76, 0.48)
COOL: Colour = (0.82, 0.93, 1.0)
WORDS = ("CAFE", "HOTEL", "BOOKS", "BAR", "PHARMACY", "24 H", "CINEMA", "BAKERY", "TAXI", "PIZZA")
NEON: tuple[Colour, ...] = (
    (1.0, 0.16, 0.10),
    (0.15, 0.55, 1.0),
    (0.2, 1.0, 0.45),
    (1.0, 0.72, 0.3),
)
DRIVING_CELSIUS = 13.0  # how much warmer than its roof the bonnet of a running car is
WALLS: tuple[tuple[str, Colour], ...] = (
    ("brick", (0.23, 0.085, 0.055)),
    ("plaster", (0.38, 0.33, 0.25)),
    ("brick", (0.30, 0.19, 0.12)),
    ("plaster", (0.28, 0.30, 0.29)),
    ("stone", (0.33, 0.30, 0.26)),
    ("plaster", (0.40, 0.25, 0.17)),
)


@dataclass
class Layout:
    """A street with everything on it.

    Attributes:
        street: the road.
        night: whether lamps are on.
        eye: where the camera is; metres.
        target: what it looks at.
        ground, houses, things: objects, in the order they are painted.
        lights: lamps that shine.
        feet: (x, z, half width, half length, turn) of what darkens the ground.
        facades: variants of walls with windows, from 1.
    """

    street: Street
    night: bool
    eye: tuple[float, float, float] = (1.2, 1.6, 0.0)
    target: tuple[float, float, float] = (2.8, 1.9, 30.0)
    ground: list[Mesh] = field(default_factory=list)
    houses: list[Mesh] = field(default_factory=list)
    things: list[Mesh] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    feet: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    facades: list[Facade] = field(default_factory=list)

    def stand(
        self,
        mesh: Mesh,
        x: float,
        z: float,
        *,
        turn: float = 0.0,
        foot: tuple[float, float] = (0.2, 0.2),
    ) -> None:
        """Put something on the ground; off the road it stands a kerb higher."""
        placed = mesh.placed(x, z, turn=turn)
        if abs(x) > self.street.half_m:
            placed.points[..., 1] += kit.KERB_M
        self.things.append(placed)
        self.feet.append((x, z, *foot, turn))

    def walk(self, outfit: Outfit, x: float, z: float, turn: float) -> None:
        """A person, heading `turn` (0 away from us)."""
        self.stand(person(outfit), x, z, turn=turn, foot=(0.26, 0.22))

    def drive(
        self,
        body: Body,
        finish: Colour,
        x: float,
        z: float,
        *,
        turn: float = 0.0,
        parked: float | None = None,
    ) -> None:
        """A car that drives, at night with its lamps on, or stands.

        Args:
            body: its shape.
            finish: its colour.
            x: across the street, metres.
            z: along the street, metres.
            turn: heading, 0 away from us.
            parked: degrees by which a standing car is still warm at the bonnet.
        """
        on = self.night and parked is None
        away = np.cos(turn) > 0  # then we do not look into its headlamps
        running = Running(
            head=34.0 if on and not away else 0.0,
            tail=5.0 if on else 0.0,
            engine=DRIVING_CELSIUS if parked is None else parked,
        )
        self.stand(
            car(body, finish, running),
            x,
            z,
            turn=turn,
            foot=(0.9 * body.half_m, 0.47 * body.length_m),
        )
        if on:
            self._beams(body, x, z, turn)

    def _beams(self, body: Body, x: float, z: float, turn: float) -> None:
        ahead = np.array([np.sin(turn), np.cos(turn)])
        nose = np.array([x, z]) + ahead * (body.length_m / 2 + 0.1)
        tail = np.array([x, z]) - ahead * (body.length_m / 2 + 0.5)
        aim = (float(ahead[0]), -0.055, float(ahead[1]))
        self.lights.append(
            Light(
                (float(nose[0]), 0.68, float(nose[1])),
                (92.0, 86.0, 76.0),
                aim,
                (0.90, 0.985),
                reach_m=45.0,
            )
        )
        self.lights.append(
            Light((float(tail[0]), 0.8, float(tail[1])), (0.9, 0.05, 0.03), reach_m=9.0)
        )

    def lamp(self, side: float, z: float, *, colour: Colour = WARM, shadows: bool = False) -> None:
        """A street lamp at the kerb."""
        x = side * (self.street.half_m + 0.55)
        glow = times(colour, 26.0) if self.night else BLACK
        self.stand(kit.street_lamp(side=side, glow=glow), x, z)
        if self.night:
            head = (x - side * 1.68, 6.2, z)
            down, cone = (0.0, -1.0, 0.0), (0.05, 0.72)
            self.lights.append(Light(head, times(colour, 30.0), down, cone, 24.0, shadows))

    def house(self, plot: kit.Plot, kind: int, facade: Facade, *, gable: bool = False) -> None:
        """A house of wall `kind`; its shop, if it has one, lights the pavement."""
        material, colour = WALLS[kind]
        self.facades.append(facade)
        wall = Paint(material, colour, variant=len(self.facades))
        self.houses.append(kit.house(plot, wall, facade.trim, gable=gable))
        side, middle = float(np.sign(plot.front_m)), (plot.near_m + plot.far_m) / 2
        long = (plot.far_m - plot.near_m) / 2
        self.feet.append((plot.front_m + side, middle, 1.0, long, 0.0))
        if facade.shop and self.night:
            place = (plot.front_m - 0.7 * side, 1.9, middle)
            self.lights.append(Light(place, (2.6, 1.9, 1.15), reach_m=11.0))

    def sign(self, plot: kit.Plot, word: str, colour: Colour, *, share: float = 0.5) -> None:
        """Glowing letters above a shop, and a board that juts out over the pavement."""
        side = float(np.sign(plot.front_m))
        pale = (0.25 + 0.5 * colour[0], 0.25 + 0.5 * colour[1], 0.25 + 0.5 * colour[2])
        glow = times(colour, 1.7) if self.night else BLACK
        paint = Paint("sign", pale, glow, variant=WORDS.index(word))
        z = plot.near_m + share * (plot.far_m - plot.near_m)
        width = 2.6 * (0.6 + 0.07 * len(word))
        x = plot.front_m - side * 0.12
        start, along = (z - width / 2, width) if side < 0 else (z + width / 2, -width)
        board = kit.shop_sign(
            np.array([x, 3.25, start]), np.array([0, 0, along]), height_m=0.8, paint=paint
        )
        self.houses[-1] = join([self.houses[-1], board])
        jut = np.array([x + 0.1 if side < 0 else x - 1.2, 3.9, z])
        self.things.append(kit.shop_sign(jut, np.array([1.1, 0, 0]), height_m=0.5, paint=paint))
        if self.night:
            place = (x - 0.8 * side, 3.7, z - 0.4)
            self.lights.append(Light(place, times(colour, 1.1), reach_m=9.0))
