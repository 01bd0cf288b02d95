"""Light: sky, sun, lamps and headlights, their shadows, and the air they shine through."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.materials import MATERIALS
from thermeld.data.stage.mesh import Colour, Floats, Mesh
from thermeld.data.stage.noise import read, smoothstep
from thermeld.data.stage.raster import Camera, Interpolator, paint
from thermeld.data.stage.spots import Spots

SHADOW_SLACK_M = 0.05  # a surface must not shade itself through rounding
SUN_M = 400.0  # a sun this far away throws parallel shadows for all one can see


@dataclass(frozen=True)
class Light:
    """A small lamp.

    Attributes:
        position: metres.
        colour: strength at one metre, linear RGB.
        aim: middle of its cone.
        cone: cosines at which the cone has gone dark and at which it is full; (-2, -2) shines
            all round.
        reach_m: where it ends.
        shadows: whether things throw shadows in it.
        shadow_px: side of the depth picture that decides about shadows.
    """

    position: tuple[float, float, float]
    colour: Colour
    aim: tuple[float, float, float] = (0.0, -1.0, 0.0)
    cone: tuple[float, float] = (-2.0, -2.0)
    reach_m: float = 22.0
    shadows: bool = False
    shadow_px: int = 640


@dataclass(frozen=True)
class Sky:
    """What surrounds everything.

    Attributes:
        zenith, horizon: radiance, linear RGB.
        bounce: light from below.
        cloud: radiance of clouds; (0, 0, 0) with `cover` 0 for none.
        cover: how much cloud, -2 none to 2 overcast.
        ambient: share of the sky's light that reaches a spot between houses.
        sun: a light, or None.
    """

    zenith: Colour
    horizon: Colour
    bounce: Colour
    cloud: Colour
    cover: float
    ambient: float = 1.0
    sun: Light | None = None

    def radiance(self, direction: Floats, tile: Floats, *, clouds: bool = True) -> Floats:
        """What one sees in these directions (3, M)."""
        height = np.clip(direction[1], 0.0, 1.0)
        share = 1.0 - np.exp(-height / 0.22)
        low, high = np.array(self.horizon, np.float32), np.array(self.zenith, np.float32)
        colour = low[:, None] + share * (high - low)[:, None]
        if not clouds:
            return np.asarray(colour, np.float32)
        spread = 1.0 / (height + 0.12)
        shape = read(tile, direction[0] * spread, direction[2] * spread, 5.0)
        shape += 0.35 * read(tile, direction[0] * spread, direction[2] * spread, 1.3)
        veil = smoothstep(-0.4, 1.6, shape + self.cover)
        white = np.array(self.cloud, np.float32)[:, None]
        return np.asarray(
            colour + 0.85 * veil * (white * (0.75 + 0.25 * share) - colour), np.float32
        )


def illuminate(
    spots: Spots, mesh: Mesh, *, lights: Sequence[Light], sky: Sky, tile: Floats, open_: Floats
) -> tuple[Floats, Floats, Floats]:
    """Light falling on each spot, light mirrored towards the camera, and share of the sun.

    Args:
        spots: dressed spots, in the order of their z.
        mesh: what throws the shadows.
        lights: all lamps.
        sky: what surrounds the scene.
        tile: noise for clouds that are mirrored in windows.
        open_: share of the sky that a spot sees (N,).

    Returns:
        diffuse (3, N), gleam (3, N), sun on each spot 0..1 (N,).
    """
    up = 0.5 + 0.5 * spots.normal[1]
    over = np.array(sky.zenith, np.float32) * 0.6 + np.array(sky.horizon, np.float32) * 0.4
    under = np.array(sky.bounce, np.float32)
    dome = over[:, None] * up + under[:, None] * (1 - up)
    diffuse = np.float32(sky.ambient) * open_ * dome
    gleam = _mirrored(spots, sky, tile) * open_
    for light in lights:
        _add_light(spots, mesh, light, diffuse, gleam)
    sunlit = np.zeros(len(spots.pixels), np.float32)
    if sky.sun is not None:
        before = diffuse[1].copy()
        _add_light(spots, mesh, sky.sun, diffuse, gleam)
        strength = sky.sun.colour[1] / SUN_M**2
        sunlit = np.clip((diffuse[1] - before) / np.float32(strength), 0.0, 1.0)
    return diffuse, gleam, sunlit


def fresnel(spots: Spots, where: NDArray[np.int64]) -> Floats:
    """Share of light mirrored towards us, rising at a slant."""
    slant = np.einsum("kn,kn->n", spots.view[:, where], spots.normal[:, where])
    share = 1.0 + 9.0 * (1.0 - np.clip(-slant, 0.0, 1.0)) ** 5
    return np.asarray(spots.gloss[where] * share, np.float32)


def _mirrored(spots: Spots, sky: Sky, tile: Floats) -> Floats:
    """Sky seen in car bodies and windows; what the ground mirrors is seen to elsewhere."""
    result = np.zeros_like(spots.albedo)
    where = spots.of("paint", "car glass", "car lens", "glass", "rim")
    view, normal = spots.view[:, where], spots.normal[:, where]
    bounced = view - 2.0 * np.einsum("kn,kn->n", view, normal) * normal
    above = smoothstep(-0.15, 0.2, bounced[1])
    under = np.array(sky.bounce, np.float32)[:, None]
    seen = sky.radiance(bounced, tile) * above + under * (1 - above) * 0.4
    result[:, where] = fresnel(spots, where) * seen
    return result


def _add_light(spots: Spots, mesh: Mesh, light: Light, diffuse: Floats, gleam: Floats) -> None:
    """Add one lamp's share to both kinds of light."""
    place = np.array(light.position, np.float32)[:, None]
    reach = (light.position[2] - light.reach_m, light.position[2] + light.reach_m)
    near = slice(*np.searchsorted(spots.position[2], reach))
    if near.start == near.stop:
        return
    toward = place - spots.position[:, near]
    squared = np.einsum("kn,kn->n", toward, toward)
    toward /= np.sqrt(squared)
    normal = spots.normal[:, near]
    cosine = np.einsum("kn,kn->n", toward, normal)
    through = np.array([kind.through for kind in MATERIALS], np.float32)[spots.material[near]]
    fall = _falloff(light, toward, squared)
    if light.shadows:
        fall *= _lit(light, mesh, spots.position[:, near] + np.float32(0.04) * normal)
    colour = np.array(light.colour, np.float32)[:, None]
    received = np.maximum(cosine, 0) + through * np.maximum(-cosine, 0)
    diffuse[:, near] += colour * (fall * received)
    shiny = np.flatnonzero((spots.gloss[near] > 0.004) & (cosine > 0) & (fall > 1e-5))
    spot = shiny + near.start
    strength = _highlight(spots, spot, toward[:, shiny]) * fall[shiny] * cosine[shiny]
    gleam[:, spot] += colour * strength


def _falloff(light: Light, toward: Floats, squared: Floats) -> Floats:
    """Inverse square, the cone, and a soft end."""
    edge = np.clip(1.0 - (squared / np.float32(light.reach_m**2)) ** 2, 0.0, 1.0)
    fall = edge / (squared + np.float32(0.2))
    if light.cone[0] > -1.5:
        aim = np.array(light.aim, np.float32)
        aim /= np.linalg.norm(aim)
        fall *= smoothstep(*light.cone, -(aim @ toward))
    return np.asarray(fall, np.float32)


def _highlight(spots: Spots, where: NDArray[np.int64], toward: Floats) -> Floats:
    """Blinn's highlight, normalised; at a slant it draws out to the streaks of a wet road."""
    view, normal = spots.view[:, where], spots.normal[:, where]
    half = toward - view
    half /= np.maximum(np.sqrt(np.einsum("kn,kn->n", half, half)), 1e-6)
    peak = np.clip(np.einsum("kn,kn->n", half, normal), 0.0, 1.0)
    shine = np.array([kind.shine for kind in MATERIALS], np.float32)[spots.material[where]]
    slant = 1.0 - np.clip(-np.einsum("kn,kn->n", half, view), 0.0, 1.0)
    gloss = spots.gloss[where]
    fresnel = gloss + (1 - gloss) * slant**5
    return np.asarray(fresnel * (shine + 8) / 25.1 * peak**shine, np.float32)


def _lit(light: Light, mesh: Mesh, position: Floats) -> Floats:
    """Share of the lamp that a spot sees, from a depth picture taken at the lamp."""
    side = light.shadow_px
    aim = np.array(light.aim, float)
    start = np.array(light.position, float)
    target = (start + aim / np.linalg.norm(aim)).astype(np.float32)
    half_angle = np.arccos(np.clip(light.cone[0], 0.5, 0.99999))
    focal = side / 2 / np.tan(half_angle)
    size = (side, side)
    camera = Camera.towards(start.astype(np.float32), target, focal_px=focal, size=size)
    seen = paint(mesh, camera)
    nearest = np.full(side * side, np.inf, np.float32)
    pixels = np.flatnonzero(seen.face.ravel() >= 0)
    if not len(pixels):
        return np.ones(position.shape[1], np.float32)
    nearest[pixels] = Interpolator(seen, pixels).depth
    local = camera.axes @ (position - camera.eye[:, None])
    depth = local[2]
    column, row = (
        local[k] / np.maximum(depth, 0.1) * np.float32(focal) + np.float32(side / 2) for k in (0, 1)
    )
    slack = SHADOW_SLACK_M + 3.0 * depth / np.float32(focal)
    limit = depth - slack
    share = np.zeros(position.shape[1], np.float32)
    # Four taps on a turned square: with four samples per output pixel enough for a soft edge.
    for right, down in ((-1.3, -0.5), (0.5, -1.3), (1.3, 0.5), (-0.5, 1.3)):
        x = np.clip(column + right, 0, side - 1).astype(np.int32)
        y = np.clip(row + down, 0, side - 1).astype(np.int32)
        share += nearest[y * side + x] > limit
    return np.asarray(share / 4, np.float32)


def airlight(camera: Camera, depth: Floats, lights: Sequence[Light], *, density: float) -> Floats:
    """Glow of lamps in haze: light scattered once towards the camera, along each line of sight.

    The integral of 1 / r^2 along a ray from the eye to the surface has a closed form (Sun et
    al., "A Practical Analytic Single Scattering Model", 2005, without its absorption).

    Args:
        camera: a small copy of the camera, a few pixels wide; glow is smooth.
        depth: distance along the axis for its pixels (H, W).
        lights: all lamps.
        density: scattering per metre.
    """
    rays = camera.rays().reshape(3, -1)
    length = np.linalg.norm(rays, axis=0)
    rays /= length
    end = depth.ravel() * length
    total = np.zeros_like(rays)
    for light in lights:
        offset = np.array(light.position, np.float32) - camera.eye
        along = offset @ rays
        beside = np.sqrt(np.maximum(offset @ offset - along * along, 0.02))
        span = np.arctan((end - along) / beside) + np.arctan(along / beside)
        glow = np.float32(density) * span / beside
        if light.cone[0] > -1.5:
            # A cone lights less of the air; where the ray passes closest stands for all of it.
            closest = rays * np.clip(along, 0.0, end) - offset[:, None]
            closest /= np.maximum(np.linalg.norm(closest, axis=0), 1e-3)
            aim = np.array(light.aim, np.float32)
            inside = smoothstep(
                light.cone[0] - 0.3, light.cone[1], aim @ closest / np.linalg.norm(aim)
            )
            glow *= 0.12 + 0.88 * inside
        total += np.array(light.colour, np.float32)[:, None] * glow
    return np.asarray(total.reshape(3, *camera.size), np.float32)


def contact(position: Floats, feet: Sequence[tuple[float, float, float, float, float]]) -> Floats:
    """Share of the sky that a spot sees: things standing on the ground darken it around them.

    Args:
        position: world (3, N).
        feet: (x, z, half width, half length, turn) of what stands there.
    """
    scale, left, near = 16.0, -24.0, 0.0
    plan = np.zeros((int(70 * scale), int(48 * scale)), np.float32)
    for x, z, wide, deep, turn in feet:
        middle = ((x - left) * scale, (z - near) * scale)
        box = cv2.boxPoints((middle, (2 * wide * scale, 2 * deep * scale), -np.degrees(turn)))
        cv2.fillPoly(plan, [np.rint(box).astype(np.int32)], 1.0)
    tight = cv2.blur(plan, (9, 9))
    plan = 0.6 * np.maximum(tight, plan) + 0.4 * cv2.GaussianBlur(plan, (0, 0), 10)
    column = np.clip((position[0] - left) * scale, 0, plan.shape[1] - 1).astype(np.int32)
    row = np.clip((position[2] - near) * scale, 0, plan.shape[0] - 1).astype(np.int32)
    ground = np.clip(1.0 - position[1] / 0.3, 0.0, 1.0)
    low = 0.75 + 0.25 * np.clip(position[1] / 0.6, 0.0, 1.0)
    return np.asarray(
        (1.0 - 0.85 * plan[row, column] * ground) * np.maximum(low, ground), np.float32
    )
