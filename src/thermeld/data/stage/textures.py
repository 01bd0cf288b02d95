"""Patterns on surfaces: asphalt and its markings, slabs, bricks, grass, cloth, leaves, signs."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.materials import MATERIALS
from thermeld.data.stage.mesh import Floats
from thermeld.data.stage.noise import dice, fractal, read, smoothstep
from thermeld.data.stage.spots import Spots

Places = NDArray[np.int64]
WHITE = (0.62, 0.61, 0.57)


@dataclass(frozen=True)
class Street:
    """The road, which runs along z with its middle at x = 0; metres.

    Attributes:
        half_m: half the width of the carriageway.
        pavement_m: width of the pavement on either side.
        crossing_m: where a zebra crossing begins, None for none.
        wet: 0 dry to 1 rain-wet.
        seed: where patches and cracks are.
    """

    half_m: float = 3.8
    pavement_m: float = 2.8
    crossing_m: float | None = 17.0
    wet: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Tiles:
    """Two noise tiles that every pattern reads at its own scale."""

    coarse: Floats
    fine: Floats

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Tiles":
        """Fresh ones."""
        return cls(fractal(rng), fractal(rng, coarsest=16, gain=0.85))


def dress(spots: Spots, street: Street, tiles: Tiles, signs: Floats) -> None:
    """Paint every textured material; `signs` is the sheet of lettering (S, h, w)."""
    _road(spots, street, tiles)
    _slabs(spots, street, tiles)
    _grass(spots, tiles)
    _bricks(spots, tiles)
    _walls(spots, tiles)
    _grain(spots, tiles)
    _signs(spots, signs)
    _mottle(spots, tiles)


def _scale(spots: Spots, where: Places, factor: NDArray[np.floating]) -> None:
    spots.albedo[:, where] *= np.maximum(factor, 0.05)


def _near(spots: Spots, where: Places, reach_m: float) -> Floats:
    """1 close by, falling with distance: detail finer than a pixel must fade, not flicker."""
    return np.asarray(np.minimum(1.0, reach_m / spots.depth[where]), np.float32)


def _road(spots: Spots, street: Street, tiles: Tiles) -> None:
    where = spots.textured("road")
    x, z = spots.position[0, where], spots.position[2, where]
    broad = read(tiles.coarse, x, z, 14.0)
    grit = read(tiles.fine, x, z, 1.6) * _near(spots, where, 6.0)
    lane = np.abs(x) - street.half_m / 2
    ruts = np.exp(-(((np.abs(lane) - 0.75) / 0.28) ** 2))
    tone = 1.0 + 0.09 * broad + 0.13 * grit - 0.12 * ruts
    patch = dice(
        np.floor(x / 1.9).astype(np.int32), np.floor(z / 4.7).astype(np.int32), street.seed
    )
    tone *= np.where(patch > 0.9, 0.72, 1.0)
    line = np.abs(read(tiles.coarse, x + 0.3 * broad, z, 9.0))
    tone *= 1.0 - 0.5 * (1 - smoothstep(0.0, 0.035, line)) * _near(spots, where, 12.0)
    gutter = smoothstep(street.half_m - 0.5, street.half_m, np.abs(x))
    _scale(spots, where, tone * (1.0 - 0.35 * gutter))
    paint = _markings(x, z, street)
    worn = smoothstep(-2.2, -0.6, 0.7 * broad + grit + read(tiles.fine, x, z, 0.9))
    spots.tint(where, WHITE, 0.88 * paint * worn)
    spots.warmth[where] += 0.5 * ruts - 0.9 * paint * worn
    pool = smoothstep(-0.6, 1.5, broad + 0.6 * gutter + 0.4 * ruts)
    spots.gloss[where] *= np.float32(0.25) + street.wet * (0.5 + 2.5 * pool)
    spots.albedo[:, where] *= 1.0 - 0.35 * street.wet * pool


def _markings(x: Floats, z: Floats, street: Street) -> Floats:
    """Share of road paint: dashed middle, edge lines, zebra with its stop lines."""
    # The blur of an edge over one pixel grows with distance.
    soft = 0.01 + 0.0012 * z
    middle = smoothstep(0.06, 0.0, np.abs(x) - 0.06 - soft) * (np.mod(z, 6.0) < 3.0)
    edge = smoothstep(0.06, 0.0, np.abs(np.abs(x) - street.half_m + 0.3) - 0.06 - soft)
    paint = np.maximum(middle, edge)
    if street.crossing_m is not None:
        into = z - street.crossing_m
        clear = (into > -3.0) & (into < 4.5)
        paint = np.where(clear, 0.0, paint)
        bars = (np.mod(x + 0.25, 1.0) < 0.5) & (into > 0) & (into < 3.4)
        stop = (into > -1.7) & (into < -1.3) & (x > 0.1)
        inside = np.abs(x) < street.half_m - 0.15
        paint = np.maximum(paint, ((bars | stop) & inside).astype(np.float32))
    return np.asarray(paint, np.float32)


def _slabs(spots: Spots, street: Street, tiles: Tiles) -> None:
    where = spots.textured("slabs")
    x, z = spots.position[0, where], spots.position[2, where]
    column = np.floor(x / 0.6).astype(np.int32)
    shifted = z + 0.45 * (column % 2)
    row = np.floor(shifted / 0.9).astype(np.int32)
    gap_x, gap_z = np.mod(x, 0.6), np.mod(shifted, 0.9)
    edge = np.minimum(np.minimum(gap_x, 0.6 - gap_x), np.minimum(gap_z, 0.9 - gap_z))
    joint = smoothstep(0.03, 0.008, edge) * _near(spots, where, 9.0)
    tone = 0.84 + 0.3 * dice(column, row, 7) * _near(spots, where, 14.0)
    tone += 0.09 * read(tiles.coarse, x, z, 6.0) + 0.1 * read(tiles.fine, x, z, 1.1)
    _scale(spots, where, tone * (1.0 - 0.45 * joint))
    spots.warmth[where] += 0.5 * joint + 0.5 * (dice(column, row, 8) - 0.5)
    pool = smoothstep(-0.5, 2.0, read(tiles.coarse, x, z, 5.0))
    spots.gloss[where] *= np.float32(0.2) + street.wet * (0.5 + 1.8 * pool)


def _grass(spots: Spots, tiles: Tiles) -> None:
    where = spots.textured("grass")
    x, z = spots.position[0, where], spots.position[2, where]
    broad = read(tiles.coarse, x, z, 17.0)
    tuft = read(tiles.fine, x, z, 2.2) * _near(spots, where, 16.0)
    blade = read(tiles.fine, 3.0 * x, z, 1.3) * _near(spots, where, 7.0)
    _scale(spots, where, 1.0 + 0.2 * broad + 0.25 * tuft + 0.25 * blade)
    spots.tint(where, (0.16, 0.12, 0.05), 0.6 * smoothstep(0.8, 2.0, broad + 0.5 * tuft))
    spots.warmth[where] += 0.9 * broad + 0.6 * tuft


def _bricks(spots: Spots, tiles: Tiles) -> None:
    where = spots.textured("brick")
    u, v = spots.u[where], spots.v[where]
    row = np.floor(v / 0.085).astype(np.int32)
    shifted = u + 0.125 * (row % 2)
    column = np.floor(shifted / 0.25).astype(np.int32)
    fade = _near(spots, where, 7.0) ** 2
    mortar = (np.mod(v, 0.085) < 0.014) | (np.mod(shifted, 0.25) < 0.014)
    tone = 1.0 + (0.6 * dice(column, row, 3) - 0.3) * fade
    tone += 0.12 * read(tiles.coarse, u, v, 9.0) + 0.08 * read(tiles.fine, u, v, 2.0)
    _scale(spots, where, tone)
    spots.tint(where, (0.36, 0.33, 0.29), 0.55 * mortar * fade + 0.08 * (1 - fade))
    spots.warmth[where] += 0.35 * mortar * fade


def _walls(spots: Spots, tiles: Tiles) -> None:
    for texture, depth in (("plaster", 0.1), ("stone", 0.13)):
        where = spots.textured(texture)
        u, v = spots.u[where], spots.v[where]
        streak = read(tiles.coarse, 4.0 * u, 0.5 * v, 11.0)
        rough = read(tiles.fine, u, v, 2.4)
        _scale(spots, where, 1.0 + depth * (0.8 * streak + 0.5 * rough))
    where = spots.textured("tiles")
    u, v = spots.u[where], spots.v[where]
    course = np.mod(v, 0.3) / 0.3
    slate = dice(np.floor(u / 0.25).astype(np.int32), np.floor(v / 0.3).astype(np.int32), 2)
    _scale(spots, where, 0.7 + 0.35 * course + 0.25 * slate)


def _grain(spots: Spots, tiles: Tiles) -> None:
    """Bark runs along the trunk; cloth folds, leaves and fur are merely uneven."""
    for texture, stretch, period, depth in (
        ("bark", 5.0, 1.6, 0.28),
        ("cloth", 1.0, 1.2, 0.11),
        ("leaf", 1.0, 3.0, 0.22),
        ("fur", 2.0, 0.7, 0.16),
    ):
        where = spots.textured(texture)
        x, y, z = spots.position[:, where]
        tone = read(tiles.coarse, stretch * (x + z), y, period)
        tone += 0.6 * read(tiles.fine, stretch * (x - z), y, period)
        _scale(spots, where, 1.0 + depth * tone)


def _signs(spots: Spots, sheet: Floats) -> None:
    """Lettering: the sheet says how much of a sign glows or is bright; (u, v) in 0..1."""
    where = spots.textured("sign")
    height, width = sheet.shape[1:]
    for number in np.unique(spots.variant[where]):
        here = where[spots.variant[where] == number]
        column = np.clip(spots.u[here] * width, 0, width - 1).astype(np.int32)
        row = np.clip((1.0 - spots.v[here]) * height, 0, height - 1).astype(np.int32)
        ink = sheet[number, row, column]
        spots.albedo[:, here] *= 0.05 + 0.95 * ink
        spots.glow[:, here] *= 0.02 + 0.98 * ink


def lettering(words: tuple[str, ...]) -> Floats:
    """One sign per word, white on black, in 0..1 (S, 64, 256)."""
    sheet = []
    for word in words:
        plate = np.zeros((64, 256), np.uint8)
        (wide, tall), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 1.0, 3)
        size = min(228 / wide, 40 / tall)
        where = (round(128 - wide * size / 2), round(32 + tall * size / 2))
        cv2.putText(plate, word, where, cv2.FONT_HERSHEY_DUPLEX, size, 255, 4, cv2.LINE_AA)
        sheet.append(cv2.GaussianBlur(plate, (0, 0), 1.0).astype(np.float32) / 255)
    return np.stack(sheet)


def _mottle(spots: Spots, tiles: Tiles) -> None:
    """No surface has one temperature."""
    spread = np.array([material.mottle_celsius for material in MATERIALS], np.float32)
    x, y, z = spots.position
    uneven = 0.75 * read(tiles.coarse, x + 0.7 * y, z - 1.3 * y, 5.0)
    uneven += (
        0.65 * read(tiles.coarse, z + 1.1 * y, x + 0.9 * y, 1.3) * np.minimum(1, 15 / spots.depth)
    )
    uneven += 0.5 * read(tiles.fine, x + 0.8 * z, y + 0.6 * z, 2.3) * np.minimum(1, 8 / spots.depth)
    spots.warmth[:] += spread[spots.material] * uneven
