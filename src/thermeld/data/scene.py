"""Street scenes from nothing: registered infrared and visible pictures with their truth.

A small renderer. Things are built of quadrilaterals with a material, a temperature and a colour,
painted back to front at twice the size, lit by lamps, sky and sun for the visible picture and by
their own heat for the infrared one, then passed through two imperfect cameras.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage import plans
from thermeld.data.stage.facade import glaze
from thermeld.data.stage.layout import WORDS, Layout
from thermeld.data.stage.light import SUN_M, Light, Sky, airlight, contact, illuminate
from thermeld.data.stage.materials import MATERIALS, Label
from thermeld.data.stage.mesh import Floats, Mesh, assemble
from thermeld.data.stage.raster import Camera
from thermeld.data.stage.sensors import bloom, thermal_camera, thermal_signal, visible_camera
from thermeld.data.stage.spots import Spots, see
from thermeld.data.stage.textures import Tiles, dress, lettering
from thermeld.errors import BadSetting
from thermeld.image import Gray, Image

FINER = 2  # samples per pixel and direction
SMALLEST_PX = 32
FIELD = 0.95  # focal length in picture widths: 55 degrees across

NIGHT = Sky(
    zenith=(0.0022, 0.0032, 0.0062),
    horizon=(0.020, 0.017, 0.016),
    bounce=(0.006, 0.005, 0.004),
    cloud=(0.017, 0.014, 0.013),
    cover=-0.2,
    ambient=0.9,
)
SUN = Light(
    (-0.62 * SUN_M, 0.62 * SUN_M, -0.30 * SUN_M + 20.0),
    (3.0 * SUN_M**2, 2.6 * SUN_M**2, 2.05 * SUN_M**2),
    (0.62, -0.62, 0.30),
    (0.99, 0.9905),
    reach_m=1e9,
    shadows=True,
)
DAY = Sky(
    zenith=(0.16, 0.33, 0.72),
    horizon=(0.74, 0.82, 0.90),
    bounce=(0.20, 0.18, 0.15),
    cloud=(1.0, 0.98, 0.95),
    cover=-0.1,
    ambient=0.85,
    sun=SUN,
)


@dataclass(frozen=True)
class Scene:
    """One pair and everything that is known about it.

    Attributes:
        ir: what the thermal camera shows, (H, W) in [0, 1].
        vis: what the colour camera shows, (H, W, 3) RGB in [0, 1].
        clean_ir, clean_vis: the same without noise.
        temperature: of the surfaces, degrees Celsius (H, W).
        labels: values of `Label`, uint8 (H, W).
        albedo: share of light the surfaces send back, linear RGB (H, W, 3).
    """

    ir: Gray
    vis: Image
    clean_ir: Gray
    clean_vis: Image
    temperature: NDArray[np.float32]
    labels: NDArray[np.uint8]
    albedo: Image


def render_scene(
    rng: np.random.Generator,
    *,
    height: int = 480,
    width: int = 640,
    night: bool = True,
    fog: float = 0.0,
) -> Scene:
    """A street made up from the generator's next numbers; the same seed gives the same bytes.

    Args:
        rng: decides what stands where, and every grain of noise.
        height: of both pictures, 32 pixels at least.
        width: the same.
        night: lamps and headlights instead of the sun.
        fog: 0 clear to 1 dense; hides things from the colour camera only.

    Raises:
        BadSetting: a size or fog out of range.
    """
    _check(height, width, fog)
    return _render(plans.drawn(rng, night), rng, size=(height, width), fog=fog)


def demo_scene(
    *, height: int = 480, width: int = 640, night: bool = True, fog: float = 0.0
) -> Scene:
    """The street composed by hand, always the same.

    Raises:
        BadSetting: see `render_scene`.
    """
    _check(height, width, fog)
    rng = np.random.default_rng(2024)
    return _render(plans.composed(night), rng, size=(height, width), fog=fog)


def _check(height: int, width: int, fog: float) -> None:
    for name, value in (("height", height), ("width", width)):
        if value < SMALLEST_PX:
            raise BadSetting(f"{name} must be at least {SMALLEST_PX} pixels, got {value}")
    if not 0.0 <= fog <= 1.0:
        raise BadSetting(f"fog must be 0 (clear) to 1 (dense), got {fog:g}")


def _render(plan: Layout, rng: np.random.Generator, *, size: tuple[int, int], fog: float) -> Scene:
    tiles = Tiles.drawn(rng)
    camera = _camera(plan, size)
    mesh = assemble([plan.ground, plan.houses, plan.things])
    spots = see(mesh, camera)
    sky = NIGHT if plan.night else DAY
    dress(spots, plan.street, tiles, lettering(WORDS))
    glaze(spots, tuple(plan.facades), night=plan.night)
    few, speaker = spots.thinned(camera.size)
    open_ = contact(few.position, plan.feet)
    diffuse, gleam, sunlit = (
        part[..., speaker]
        for part in illuminate(
            few, mesh, lights=plan.lights, sky=sky, tile=tiles.coarse, open_=open_
        )
    )
    light = spots.albedo * diffuse + gleam + spots.glow
    radiance = sky.radiance(_unit_rays(camera), tiles.coarse)
    radiance[:, spots.pixels] = light
    picture = radiance.reshape(3, *camera.size)
    picture = _through_air(picture, camera, spots, plan, fog=fog)
    picture = np.stack([_shrunk(channel, size) for channel in picture])
    picture = bloom(picture, strength=0.10 if plan.night else 0.03)
    vis, clean_vis = visible_camera(
        rng, picture, exposure=3.2 if plan.night else 0.75, noise=1.0 if plan.night else 0.35
    )
    celsius, signal = _heat(plan, camera, spots, sunlit)
    ir, clean_ir = thermal_camera(rng, _shrunk(signal, size), blur_px=size[1] / 640 * 0.7)
    labels = np.zeros(camera.size, np.uint8)
    table = np.array([material.label for material in MATERIALS], np.uint8)
    labels.ravel()[spots.pixels] = table[spots.material]
    albedo = np.zeros((3, camera.size[0] * camera.size[1]), np.float32)
    albedo[:, spots.pixels] = spots.albedo
    return Scene(
        ir=ir,
        vis=vis,
        clean_ir=clean_ir,
        clean_vis=clean_vis,
        temperature=_shrunk(celsius, size),
        labels=np.ascontiguousarray(labels[::FINER, ::FINER]),
        albedo=np.stack([_shrunk(c.reshape(camera.size), size) for c in albedo], axis=2),
    )


def _camera(plan: Layout, size: tuple[int, int]) -> Camera:
    fine = (size[0] * FINER, size[1] * FINER)
    return Camera.towards(
        np.array(plan.eye, np.float32),
        np.array(plan.target, np.float32),
        focal_px=FIELD * fine[1],
        size=fine,
    )


def _unit_rays(camera: Camera) -> Floats:
    rays = camera.rays().reshape(3, -1)
    return np.asarray(rays / np.linalg.norm(rays, axis=0), np.float32)


def _shrunk(plane: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _through_air(
    picture: Floats, camera: Camera, spots: Spots, plan: Layout, *, fog: float
) -> Floats:
    depth = np.full(camera.size[0] * camera.size[1], 400.0, np.float32)
    depth[spots.pixels] = spots.depth
    depth = depth.reshape(camera.size)
    density = 0.0012 + 0.085 * fog**1.5
    small = (max(camera.size[0] // 4, 8), max(camera.size[1] // 4, 8))
    coarse = Camera(
        camera.eye,
        camera.axes,
        camera.focal_px * small[1] / camera.size[1],
        small,
        (
            camera.centre[0] * small[1] / camera.size[1],
            camera.centre[1] * small[0] / camera.size[0],
        ),
    )
    low = cv2.resize(depth, small[::-1], interpolation=cv2.INTER_AREA)
    glow = airlight(coarse, low, plan.lights, density=0.09 * density / (1 + 4 * fog))
    reach = np.exp(-density * depth)
    sky = NIGHT if plan.night else DAY
    veil = np.array(sky.horizon, np.float32) * (0.9 if plan.night else 0.8)
    return np.stack(
        [
            picture[k] * reach
            + veil[k] * (1 - reach)
            + cv2.resize(glow[k], camera.size[::-1], interpolation=cv2.INTER_LINEAR)
            for k in range(3)
        ]
    )


def _heat(plan: Layout, camera: Camera, spots: Spots, sunlit: Floats) -> tuple[Floats, Floats]:
    """Temperature of all pixels and what they radiate."""
    columns = ("night_celsius" if plan.night else "day_celsius", "sun_celsius", "emissivity")
    base, sun, emissivity = (
        np.array([getattr(material, name) for material in MATERIALS], np.float32)[spots.material]
        for name in columns
    )
    rays = _unit_rays(camera)
    cold, warm = (-38.0, 0.0) if plan.night else (-28.0, 10.0)
    celsius = cold + (warm - cold) * np.exp(-np.clip(rays[1], 0, 1) / 0.16)
    celsius[spots.pixels] = base + sun * sunlit + spots.warmth
    signal = thermal_signal(celsius, np.ones_like(celsius), celsius)
    above = np.clip(spots.normal[1] * 0.5 + 0.3, 0, 1)
    mirrored = above * cold + (1 - above) * (6.0 if plan.night else 19.0)
    signal[spots.pixels] = thermal_signal(celsius[spots.pixels], emissivity, mirrored)
    return celsius.reshape(camera.size), signal.reshape(camera.size)
