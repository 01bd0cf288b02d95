"""The Laplacian pyramid as OpenCV builds it: `laplacian`, `laplacian-4`.

`lp` is the same idea by the letter of a published toolbox; these two are its quick relatives.

Source: Burt & Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Trans. Commun.
31(4), 1983; choice by magnitude after Burt & Kolczynski, ICCV 1993.
"""

from typing import cast

import cv2

from thermeld.image import Gray
from thermeld.methods.choose import base_rule, larger, require_levels
from thermeld.methods.planes import Plane, from_levels, halvings, to_levels
from thermeld.registry import method

_SOURCE = "Burt & Adelson, IEEE Trans. Commun. 31(4), 1983; Burt & Kolczynski, ICCV 1993"


def pyramid(plane: Plane, levels: int) -> list[Plane]:
    """Bands from fine to coarse, the low-pass last; band k has ceil(size / 2**k) samples."""
    bands = []
    for _ in range(levels):
        low = cast(Plane, cv2.pyrDown(plane))
        bands.append(plane - expand(low, plane))
        plane = low
    return [*bands, plane]


def collapse(bands: list[Plane]) -> Plane:
    """The plane whose `pyramid` these bands are."""
    plane = bands[-1]
    for band in reversed(bands[:-1]):
        plane = band + expand(plane, band)
    return plane


def expand(low: Plane, like: Plane) -> Plane:
    """One octave up, to the size of `like`."""
    return cast(Plane, cv2.pyrUp(low, dstsize=(like.shape[1], like.shape[0])))


def reach(levels: int) -> int:
    """How far a result looks: 5 taps down and 5 taps up at each of the octaves."""
    return int(4 * (2**levels - 1))


@method("laplacian", family="pyramid", source=_SOURCE, reach_px=reach(7), align_px=2**7)
def laplacian(ir: Gray, vis: Gray, *, levels: int = 7, base: str = "mean") -> Gray:
    """Stronger detail at each of seven octaves, averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        levels: octaves; fewer on an image whose shorter side is below 2**levels.
        base: rule for the coarsest band, "mean" or "max".

    Raises:
        BadSetting: `levels` or `base` has no such value.
    """
    require_levels(levels)
    depth = min(levels, halvings((ir.shape[0], ir.shape[1])))
    ours, theirs = (pyramid(to_levels(plane), depth) for plane in (ir, vis))
    fused = [larger(*bands) for bands in zip(ours[:-1], theirs[:-1], strict=True)]
    fused.append(base_rule(base, ours[-1], theirs[-1]))
    return from_levels(collapse(fused))


@method("laplacian-4", family="pyramid", source=_SOURCE, reach_px=reach(4), align_px=2**4)
def laplacian_4(ir: Gray, vis: Gray, *, levels: int = 4, base: str = "max") -> Gray:
    """Stronger detail at each of four octaves, brighter base; keeps more of hot targets.

    Settings and errors are those of `laplacian`.
    """
    return laplacian(ir, vis, levels=levels, base=base)
