"""House fronts: windows set back into the wall, rooms behind some of them, shops below."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.materials import INDEX
from thermeld.data.stage.mesh import Colour, Floats
from thermeld.data.stage.noise import dice, smoothstep
from thermeld.data.stage.spots import Spots

ROOM_COLOURS: tuple[Colour, ...] = (
    (1.0, 0.62, 0.28),
    (1.0, 0.74, 0.44),
    (1.0, 0.86, 0.66),
    (0.80, 0.92, 1.0),
    (1.0, 0.52, 0.20),
)


@dataclass(frozen=True)
class Facade:
    """One way to build a front; lengths in metres.

    Attributes:
        floor_m: height of a storey.
        bay_m: distance from window to window.
        window_m: (width, height) of a window.
        sill_m: height of its lower edge above the floor.
        inset_m: how deep the glass lies behind the wall.
        lit: share of the windows with light behind them.
        shop: whether the ground floor is glazed.
        trim: colour of frames and surrounds.
        seed: which windows are lit, and by what.
    """

    floor_m: float = 3.1
    bay_m: float = 2.6
    window_m: tuple[float, float] = (1.15, 1.6)
    sill_m: float = 0.85
    inset_m: float = 0.2
    lit: float = 0.35
    shop: bool = False
    trim: Colour = (0.42, 0.40, 0.36)
    seed: int = 0


def glaze(spots: Spots, facades: tuple[Facade, ...], *, night: bool) -> None:
    """Put windows into all walls; a wall of variant k is built as `facades[k - 1]`."""
    walls = spots.of("brick", "plaster", "stone")
    for number, facade in enumerate(facades, start=1):
        where = walls[spots.variant[walls] == number]
        if len(where):
            _front(spots, where, facade, night=night)


def _front(spots: Spots, where: NDArray[np.int64], facade: Facade, *, night: bool) -> None:
    u, v = spots.u[where], spots.v[where]
    bay = np.floor(u / facade.bay_m).astype(np.int32)
    storey = np.floor(v / facade.floor_m).astype(np.int32)
    across = u - (bay + 0.5).astype(np.float32) * facade.bay_m
    up = v - storey * np.float32(facade.floor_m) - facade.sill_m
    wide, tall = (np.full_like(u, side) for side in facade.window_m)
    if facade.shop:
        shop = storey == 0
        wide[shop], tall[shop] = 0.86 * facade.bay_m, 0.78 * facade.floor_m
        up[shop] = v[shop] - 0.35
    slide_x, slide_y = _parallax(spots, where, facade.inset_m)
    inner_x, inner_y = across + slide_x, up + slide_y
    opening = (np.abs(across) < wide / 2) & (up > 0) & (up < tall)
    pane = opening & (np.abs(inner_x) < wide / 2) & (inner_y > 0) & (inner_y < tall)
    _wall_details(spots, where, facade, (across, up, wide, tall))
    reveal = where[opening & ~pane]
    spots.tint(reveal, facade.trim, np.full(len(reveal), 0.7, np.float32))
    spots.albedo[:, reveal] *= 0.6
    spots.warmth[reveal] += 1.2
    frame = pane & _bars(inner_x, inner_y, wide, tall)
    spots.tint(where[frame], facade.trim, np.ones(int(frame.sum()), np.float32))
    glass = pane & ~frame
    _panes(spots, where[glass], facade, (bay[glass], storey[glass]), night=night)
    if night:
        rooms = (inner_x[glass] / wide[glass], inner_y[glass] / tall[glass])
        _rooms(spots, where[glass], facade, (bay[glass], storey[glass]), rooms)


def _parallax(spots: Spots, where: NDArray[np.int64], deep: float) -> tuple[Floats, Floats]:
    """How far the line of sight moves along the wall on its way to the glass."""
    view, normal = spots.view[:, where], spots.normal[:, where]
    into = np.maximum(-np.sum(view * normal, axis=0), 0.05)
    along = -view[0] * normal[2] + view[2] * normal[0]
    return along * deep / into, view[1] * deep / into


def _bars(x: Floats, y: Floats, wide: Floats, tall: Floats) -> NDArray[np.bool_]:
    """Window frame: the border, a middle post and a transom."""
    border = (np.abs(x) > wide / 2 - 0.06) | (y < 0.06) | (y > tall - 0.06)
    return np.asarray(border | (np.abs(x) < 0.03) | (np.abs(y - 0.7 * tall) < 0.03))


def _wall_details(
    spots: Spots,
    where: NDArray[np.int64],
    facade: Facade,
    opening: tuple[Floats, Floats, Floats, Floats],
) -> None:
    """Surround, sill, grime under the sill, and the warm line where a floor meets the wall."""
    across, up, wide, tall = opening
    near = (np.abs(across) < wide / 2 + 0.12) & (up > -0.12) & (up < tall + 0.2)
    spots.tint(where, facade.trim, 0.8 * near.astype(np.float32))
    below = (np.abs(across) < wide / 2) & (up < -0.12)
    grime = np.where(below, 0.25 * np.exp(np.minimum(up + 0.12, 0) / 0.5), 0.0)
    spots.albedo[:, where] *= (1.0 - grime).astype(np.float32)
    v = spots.v[where]
    off_floor = v - np.round(v / facade.floor_m) * np.float32(facade.floor_m)
    spots.warmth[where] += 1.3 * np.exp(-((off_floor / 0.16) ** 2))
    escape = (np.abs(across) < wide / 2 + 0.1) & (up > tall)
    spots.warmth[where] += np.where(escape, 1.6 * np.exp(-(up - tall) / 0.25), 0.0)


def _panes(
    spots: Spots,
    glass: NDArray[np.int64],
    facade: Facade,
    cell: tuple[NDArray[np.int32], NDArray[np.int32]],
    *,
    night: bool,
) -> None:
    """Glass in the dark: a dim room, by day with a curtain here and there."""
    spots.material[glass] = INDEX["glass"]
    spots.gloss[glass] = 0.07
    curtain = dice(*cell, facade.seed + 5) > 0.55
    spots.albedo[:, glass] = np.where(curtain, 0.22, 0.025)
    leak = dice(*cell, facade.seed + 9)
    spots.warmth[glass] += (2.5 if night else 1.0) * (leak - 0.3)


def _rooms(
    spots: Spots,
    glass: NDArray[np.int64],
    facade: Facade,
    cell: tuple[NDArray[np.int32], NDArray[np.int32]],
    within: tuple[Floats, Floats],
) -> None:
    """Light behind the glass: brighter above, curtains at the sides, shelves in shops."""
    bay, storey = cell
    x, y = within
    lit = dice(bay, storey, facade.seed) < facade.lit
    shop = (storey == 0) & facade.shop
    lit |= shop
    power = 0.25 + 0.75 * dice(bay, storey, facade.seed + 1) ** 1.5
    pick = (dice(bay, storey, facade.seed + 2) * len(ROOM_COLOURS)).astype(np.int32)
    tone = np.array(ROOM_COLOURS, np.float32)[np.minimum(pick, len(ROOM_COLOURS) - 1)].T
    drawn = 0.12 + 0.3 * dice(bay, storey, facade.seed + 3)
    curtain = 1.0 - 0.65 * smoothstep(0.0, 0.06, np.abs(x) - (0.5 - drawn))
    folds = 1.0 + 0.15 * np.sin(x * 90) * (curtain < 0.8)
    blind = (dice(bay, storey, facade.seed + 4) > 0.6) & (y > 0.55) & ~shop
    room = (0.55 + 0.6 * smoothstep(0.1, 0.95, y)) * curtain * folds * np.where(blind, 0.5, 1.0)
    goods = dice(np.floor(x * 14).astype(np.int32) + 31 * bay, (y * 7).astype(np.int32), 3)
    goods = np.where(y < 0.62, 0.35 + 0.65 * goods, 1.0) * (1.0 - 0.5 * (np.mod(y * 7, 1) < 0.12))
    room = np.where(shop, 1.25 * goods * (0.7 + 0.5 * smoothstep(0.3, 1, y)), room)
    spots.glow[:, glass] = np.where(lit, 0.55 * power * room, 0.0) * tone
    spots.warmth[glass] += np.where(lit, 1.5, 0.0)
