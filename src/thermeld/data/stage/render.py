"""From a laid-out street to a pair of pictures and the truth behind them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.facade import glaze
from thermeld.data.stage.layout import WORDS, Layout
from thermeld.data.stage.light import SUN_M, Light, Sky, airlight, contact, fresnel, illuminate
from thermeld.data.stage.materials import INDEX, MATERIALS
from thermeld.data.stage.mesh import Floats, Mesh, assemble
from thermeld.data.stage.raster import Camera
from thermeld.data.stage.sensors import bloom, thermal_camera, thermal_signal, visible_camera
from thermeld.data.stage.spots import Spots, see
from thermeld.data.stage.textures import Tiles, dress, lettering

FINER = 2  # samples per pixel and direction
FIELD = 0.95  # focal length in picture widths: 55 degrees across
HORIZON_M = 400.0
THERMAL_BLUR = 0.0011  # deviation of the thermal lens in picture widths


@dataclass(frozen=True)
class Hour:
    """What differs between night and day.

    Attributes:
        sky: light from above.
        exposure: gain of the colour camera.
        grain: its noise.
        spill: share of light that its lens spreads about.
        sky_celsius: apparent temperature overhead and at the horizon.
        around_celsius: temperature of what upright surfaces mirror.
        column: the field of `Material` that holds the temperature.
    """

    sky: Sky
    exposure: float
    grain: float
    spill: float
    sky_celsius: tuple[float, float]
    around_celsius: float
    column: str


NIGHT = Hour(
    sky=Sky(
        zenith=(0.0022, 0.0034, 0.0070),
        horizon=(0.019, 0.017, 0.018),
        bounce=(0.006, 0.005, 0.004),
        cloud=(0.016, 0.014, 0.014),
        cover=-0.2,
        ambient=0.9,
    ),
    exposure=3.4,
    grain=0.85,
    spill=0.10,
    sky_celsius=(-38.0, 0.0),
    around_celsius=6.0,
    column="night_celsius",
)
_SUN_FROM = (0.60, 0.62, -0.50)  # over the right shoulder
DAY = Hour(
    sky=Sky(
        zenith=(0.16, 0.33, 0.72),
        horizon=(0.74, 0.82, 0.90),
        bounce=(0.20, 0.18, 0.15),
        cloud=(1.0, 0.98, 0.95),
        cover=-0.1,
        ambient=0.85,
        sun=Light(
            (_SUN_FROM[0] * SUN_M, _SUN_FROM[1] * SUN_M, _SUN_FROM[2] * SUN_M + 28.0),
            (3.1 * SUN_M**2, 2.7 * SUN_M**2, 2.15 * SUN_M**2),
            (-_SUN_FROM[0], -_SUN_FROM[1], -_SUN_FROM[2]),
            (0.9930, 0.9931),
            reach_m=1e9,
            shadows=True,
            shadow_px=2048,
        ),
    ),
    exposure=0.72,
    grain=0.35,
    spill=0.03,
    sky_celsius=(-28.0, 10.0),
    around_celsius=19.0,
    column="day_celsius",
)


@dataclass(frozen=True)
class Rendered:
    """Both pictures with and without noise, and the truth; see `thermeld.data.scene.Scene`."""

    ir: Floats
    vis: Floats
    clean_ir: Floats
    clean_vis: Floats
    temperature: Floats
    labels: NDArray[np.uint8]
    albedo: Floats


def render(
    plan: Layout, rng: np.random.Generator, *, size: tuple[int, int], fog: float
) -> Rendered:
    """Draw a street as both cameras see it.

    Args:
        plan: what stands where.
        rng: for textures and noise.
        size: (H, W).
        fog: 0 to 1; only the colour camera is hindered.
    """
    hour = NIGHT if plan.night else DAY
    tiles = Tiles.drawn(rng)
    camera = _camera(plan, size)
    spots = _dressed(plan, assemble([plan.ground, plan.houses, plan.things]), camera, tiles)
    solid = assemble([[], plan.houses, plan.things])
    leaving, sunlit = _lit(plan, hour, spots, solid, camera, tiles)
    picture = hour.sky.radiance(_directions(camera), tiles.coarse)
    picture[:, spots.pixels] = leaving
    picture = _through_air(picture.reshape(3, *camera.size), camera, spots, plan, fog=fog)
    picture = bloom(np.stack([_shrunk(plane, size) for plane in picture]), strength=hour.spill)
    vis, clean_vis = visible_camera(rng, picture, exposure=hour.exposure, noise=hour.grain)
    celsius, signal = _heat(hour, camera, spots, sunlit)
    blur = max(THERMAL_BLUR * size[1], 0.3)
    ir, clean_ir = thermal_camera(rng, _shrunk(signal, size), blur_px=blur)
    labels = _filled(camera, spots, _column("label")[spots.material])
    albedo = [_shrunk(_filled(camera, spots, plane), size) for plane in spots.albedo]
    return Rendered(
        ir=ir,
        vis=vis,
        clean_ir=clean_ir,
        clean_vis=clean_vis,
        temperature=_shrunk(celsius, size),
        labels=np.ascontiguousarray(labels[::FINER, ::FINER].astype(np.uint8)),
        albedo=np.stack(albedo, axis=2),
    )


def _column(name: str) -> Floats:
    return np.array([getattr(material, name) for material in MATERIALS], np.float32)


def _filled(camera: Camera, spots: Spots, values: Floats) -> Floats:
    """A picture that is 0 where nothing is seen."""
    plane = np.zeros(camera.size, np.float32)
    plane.ravel()[spots.pixels] = values
    return plane


def _camera(plan: Layout, size: tuple[int, int]) -> Camera:
    fine = (size[0] * FINER, size[1] * FINER)
    return Camera.towards(
        np.array(plan.eye, np.float32),
        np.array(plan.target, np.float32),
        # A tall narrow picture must not look down between one's own feet.
        focal_px=FIELD * max(fine[1], 0.8 * fine[0]),
        size=fine,
    )


def _directions(camera: Camera) -> Floats:
    rays = camera.rays().reshape(3, -1)
    return np.asarray(rays / np.linalg.norm(rays, axis=0), np.float32)


def _shrunk(plane: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _dressed(plan: Layout, mesh: Mesh, camera: Camera, tiles: Tiles) -> Spots:
    spots = see(mesh, camera)
    dress(spots, plan.street, tiles, lettering(WORDS))
    glaze(spots, tuple(plan.facades), night=plan.night)
    return spots


def _lit(
    plan: Layout, hour: Hour, spots: Spots, solid: Mesh, camera: Camera, tiles: Tiles
) -> tuple[Floats, Floats]:
    """Light that leaves every spot towards us (3, N), and the share of sun it gets (N,)."""
    few, speaker = spots.thinned(camera.size)
    open_ = contact(few.position, plan.feet)
    diffuse, gleam, sunlit = (
        part[..., speaker]
        for part in illuminate(
            few, solid, lights=plan.lights, sky=hour.sky, tile=tiles.coarse, open_=open_
        )
    )
    floor = spots.of("road", "pavement")
    image = _upside_down(plan, hour, solid, camera, tiles)
    for channel in range(3):
        large = cv2.resize(image[channel], camera.size[::-1], interpolation=cv2.INTER_LINEAR)
        gleam[channel, floor] += fresnel(spots, floor) * large.ravel()[spots.pixels[floor]]
    return spots.albedo * diffuse + gleam + spots.glow, sunlit


def _upside_down(plan: Layout, hour: Hour, solid: Mesh, camera: Camera, tiles: Tiles) -> Floats:
    """What a mirror in place of the ground would show, as rough and coarse as a wet road is."""
    flip = np.array([1, -1, 1], np.float32)
    below = replace(camera, eye=camera.eye * flip, axes=camera.axes * flip).smaller(4)
    leaf = solid.material == INDEX["leaf"]
    sparse = solid.picked(~leaf | (np.arange(len(solid)) % 3 == 0))  # seen this small, it will do
    spots = _dressed(plan, sparse, below, tiles).in_order()
    lamps = [replace(light, shadows=False) for light in plan.lights]
    sun = hour.sky.sun
    sky = hour.sky if sun is None else replace(hour.sky, sun=replace(sun, shadows=False))
    open_ = np.ones(len(spots.pixels), np.float32)
    diffuse, gleam, _ = illuminate(
        spots, solid, lights=lamps, sky=sky, tile=tiles.coarse, open_=open_
    )
    picture = sky.radiance(_directions(below), tiles.coarse)
    # One bright pixel would leave a column of light; a lamp is not that large.
    picture[:, spots.pixels] = np.minimum(spots.albedo * diffuse + gleam + spots.glow, 4.0)
    height = below.size[0]
    return np.stack(
        [
            cv2.GaussianBlur(
                plane, (0, 0), sigmaX=0.002 * height + 0.4, sigmaY=0.022 * height + 0.4
            )
            for plane in picture.reshape(3, *below.size)
        ]
    )


def _through_air(
    picture: Floats, camera: Camera, spots: Spots, plan: Layout, *, fog: float
) -> Floats:
    """Haze dims what is far, and glows around lamps."""
    depth = np.full(camera.size[0] * camera.size[1], HORIZON_M, np.float32)
    depth[spots.pixels] = spots.depth
    depth = depth.reshape(camera.size)
    density = 0.0012 + 0.15 * fog**1.5
    small = camera.smaller(4)
    low = _shrunk(depth, small.size)
    glow = airlight(small, low, plan.lights, density=0.09 * density / (1 + 4 * fog))
    reach = np.exp(-density * depth)
    veil = np.array((NIGHT if plan.night else DAY).sky.horizon, np.float32) * 0.85
    for channel in range(3):
        plane = picture[channel]
        plane -= veil[channel]
        plane *= reach
        plane += veil[channel]
        plane += cv2.resize(glow[channel], camera.size[::-1], interpolation=cv2.INTER_LINEAR)
    return picture


def _heat(hour: Hour, camera: Camera, spots: Spots, sunlit: Floats) -> tuple[Floats, Floats]:
    """Temperature of all pixels, degrees Celsius, and what they radiate, both (H, W)."""
    base, sun, emissivity = (
        _column(name)[spots.material] for name in (hour.column, "sun_celsius", "emissivity")
    )
    cold, warm = hour.sky_celsius
    up = np.clip(_directions(camera)[1], 0, 1)
    celsius = (cold + (warm - cold) * np.exp(-up / np.float32(0.16))).astype(np.float32)
    celsius[spots.pixels] = base + sun * sunlit + spots.warmth
    emits, mirrored = np.ones_like(celsius), np.zeros_like(celsius)
    emits[spots.pixels] = emissivity
    above = np.clip(spots.normal[1] * 0.5 + 0.3, 0, 1)
    mirrored[spots.pixels] = above * cold + (1 - above) * hour.around_celsius
    signal = thermal_signal(celsius, emits, mirrored)
    return celsius.reshape(camera.size), signal.reshape(camera.size)
