"""Street scenes from nothing: registered infrared and visible pictures with their truth.

A small renderer. Things are built of quadrilaterals with a material, a temperature and a colour,
painted back to front at twice the size, lit by lamps, sky and sun for the visible picture and by
their own heat for the infrared one, then passed through two imperfect cameras. What only one of
them can see is on both sides: people in the dark and warm engines here, lamps, lettering and
lit windows there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.demo import demo_layout
from thermeld.data.stage.materials import Label
from thermeld.data.stage.plans import random_layout
from thermeld.data.stage.render import render
from thermeld.errors import BadSetting
from thermeld.image import Gray, Image

__all__ = ["Label", "Scene", "demo_scene", "render_scene"]

SMALLEST_PX = 32


@dataclass(frozen=True)
class Scene:
    """One pair and everything that is known about it.

    Attributes:
        ir: what the thermal camera shows, (H, W) in [0, 1].
        vis: what the colour camera shows, (H, W, 3) RGB in [0, 1].
        clean_ir: `ir` without noise.
        clean_vis: `vis` without noise.
        temperature: of the surfaces, degrees Celsius (H, W).
        labels: values of `Label` (H, W).
        albedo: share of light the surfaces send back, linear RGB (H, W, 3); 0 for the sky.
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
    rendered = render(random_layout(rng, night), rng, size=(height, width), fog=fog)
    return Scene(**vars(rendered))


def demo_scene(
    *, height: int = 480, width: int = 640, night: bool = True, fog: float = 0.0
) -> Scene:
    """The street composed by hand, always the same: shops on the left, a dark park on the right.

    Arguments and errors are those of `render_scene`.
    """
    _check(height, width, fog)
    rng = np.random.default_rng(2024)
    return Scene(**vars(render(demo_layout(night), rng, size=(height, width), fog=fog)))


def _check(height: int, width: int, fog: float) -> None:
    for name, value in (("height", height), ("width", width)):
        if value < SMALLEST_PX:
            raise BadSetting(f"{name} must be at least {SMALLEST_PX} pixels, got {value}")
    if not 0.0 <= fog <= 1.0:
        raise BadSetting(f"fog must be 0 (clear) to 1 (dense), got {fog:g}")
