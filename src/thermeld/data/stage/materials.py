"""What things are made of: how they look, how warm they are, how well they radiate.

Temperatures are of a clear night at about 7 degrees Celsius and a sunny day at about 20, of the
surface itself. Emissivities are of the 8 to 14 micrometre band, rounded from the usual tables
(skin and soil near 0.97, glass 0.85, bare metal far lower).
"""

from dataclasses import dataclass
from enum import IntEnum


class Label(IntEnum):
    """The classes of `Scene.labels`."""

    SKY = 0
    ROAD = 1
    PAVEMENT = 2
    GRASS = 3
    BUILDING = 4
    WINDOW = 5
    TREE = 6
    CAR = 7
    PERSON = 8
    ANIMAL = 9
    LAMP = 10
    SIGN = 11
    FURNITURE = 12


@dataclass(frozen=True)
class Material:
    """One kind of surface.

    Attributes:
        name: how builders ask for it.
        label: the class its pixels get.
        night_celsius: surface temperature on a clear night.
        day_celsius: the same on a sunny day, in the shade.
        sun_celsius: what full sun adds.
        emissivity: share of black-body radiation it emits; the rest of what it sends is
            reflected sky.
        mottle_celsius: spread of temperature over the surface.
        gloss: reflectance at normal incidence.
        shine: exponent of the highlight; larger is sharper.
        texture: the pattern painted on it, "" for none.
        through: share of light from behind that passes (leaves).
    """

    name: str
    label: Label
    night_celsius: float
    day_celsius: float
    sun_celsius: float = 8.0
    emissivity: float = 0.95
    mottle_celsius: float = 0.4
    gloss: float = 0.0
    shine: float = 20.0
    texture: str = ""
    through: float = 0.0


MATERIALS: tuple[Material, ...] = (
    Material("road", Label.ROAD, 10.0, 27.0, 9.0, 0.95, 0.22, 0.035, 70.0, "road"),
    Material("pavement", Label.PAVEMENT, 8.8, 24.0, 7.0, 0.94, 0.4, 0.02, 40.0, "slabs"),
    Material("kerb", Label.PAVEMENT, 8.4, 24.0, 6.0, 0.94, 0.3, 0.01, 20.0, "stone"),
    Material("grass", Label.GRASS, 4.5, 19.0, 4.0, 0.98, 0.9, texture="grass"),
    Material("blades", Label.GRASS, 4.5, 19.0, 3.0, 0.98, 0.5, texture="leaf", through=0.4),
    Material("brick", Label.BUILDING, 9.2, 21.0, 9.0, 0.93, 0.4, texture="brick"),
    Material("plaster", Label.BUILDING, 8.4, 20.5, 6.0, 0.92, 0.35, texture="plaster"),
    Material("stone", Label.BUILDING, 7.6, 20.5, 6.0, 0.92, 0.3, texture="stone"),
    Material("roof", Label.BUILDING, 3.0, 24.0, 16.0, 0.93, 0.4, texture="tiles"),
    Material("glass", Label.WINDOW, 9.5, 20.0, 3.0, 0.86, 0.2, 0.07, 400.0),
    Material("leaf", Label.TREE, 6.8, 19.0, 2.5, 0.97, 0.5, 0.01, 12.0, "leaf", 0.45),
    Material("bark", Label.TREE, 8.6, 19.5, 4.0, 0.95, 0.6, texture="bark"),
    Material("paint", Label.CAR, 8.4, 23.0, 18.0, 0.90, 0.15, 0.05, 220.0),
    Material("car glass", Label.CAR, 8.0, 24.0, 6.0, 0.84, 0.1, 0.08, 500.0),
    Material("tyre", Label.CAR, 9.0, 24.0, 8.0, 0.95, 0.3, 0.02, 12.0),
    Material("rim", Label.CAR, 8.0, 24.0, 4.0, 0.7, 0.2, 0.3, 40.0),
    Material("car lens", Label.CAR, 6.5, 23.0, 6.0, 0.88, 0.1, 0.08, 300.0),
    Material("skin", Label.PERSON, 31.5, 33.5, 0.5, 0.98, 0.3, 0.02, 20.0),
    Material("cloth", Label.PERSON, 17.0, 27.5, 3.0, 0.95, 1.1, texture="cloth"),
    Material("hair", Label.PERSON, 20.0, 29.5, 3.0, 0.96, 0.5, 0.02, 25.0, "cloth"),
    Material("fur", Label.ANIMAL, 17.0, 27.0, 3.0, 0.96, 0.9, texture="fur"),
    Material("muzzle", Label.ANIMAL, 28.0, 32.0, 0.5, 0.97, 0.3),
    Material("pole", Label.LAMP, 6.4, 21.0, 6.0, 0.90, 0.1, 0.03, 40.0),
    Material("lamp lens", Label.LAMP, 9.0, 21.0, 4.0, 0.88, 0.1),
    Material("sign", Label.SIGN, 7.6, 20.5, 4.0, 0.92, 0.1, 0.02, 60.0, "sign"),
    Material("metal", Label.FURNITURE, 6.0, 22.0, 8.0, 0.88, 0.1, 0.04, 40.0),
    Material("wood", Label.FURNITURE, 6.8, 21.0, 8.0, 0.94, 0.3, texture="bark"),
)

INDEX = {material.name: place for place, material in enumerate(MATERIALS)}
