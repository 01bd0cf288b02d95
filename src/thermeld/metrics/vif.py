"""Visual information fidelity in the pixel domain."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from thermeld.metrics.plane import Plane
from thermeld.metrics.windows import Real, fitting, gaussian, less_product, smoothed, strips
from thermeld.registry import metric

NOISE = 2.0  # variance of the visual system's own noise, in squared grey levels
TINY = 1e-10
SIDES_PX = (17, 9, 5, 3)  # of the window at each of the four scales


class Scale(NamedTuple):
    """One image at one scale: its pixels, and its moments under the window of that scale."""

    values: Real
    mean: Real
    var: Real


@metric(
    "VIF",
    better="higher",
    range="0 and up; 2 for three equal images, more if the fused one has stronger contrast",
    formula="VIF(A,F) + VIF(B,F); VIF(X,F) = sum log(1 + g^2 v_X / (t + 2)) / "
    "sum log(1 + v_X / 2) over four scales, F = g X + noise of variance t in every window",
    source="Sheikh & Bovik, IEEE Trans. Image Processing 15(2), 2006; pixel domain, summed over "
    "the sources as in Han, Cai, Cao & Xu, Information Fusion 14(2), 2013",
    conventions={
        "tang": "of the gray images, 0..255",
        "tang2022": "squares saturate at 255 at the first scale: 0.05 to 0.65 too high",
        "cddfuse": "as tang on its gray images (called VIFF there); 1 for 0/0",
    },
    why="two codes agree on it, and published VIF columns since 2023 have its scale",
    fooled_by="amplified contrast: sharpening and stretching raise it above the sources' own",
    also=("VIFF",),
)
def visual_information_fidelity(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """How much of what an eye would see in the sources it can see in the fused image."""
    saturated = convention == "tang2022"
    known = np.zeros((2, 2))  # source x (seen through the fused image, seen directly)
    pyramids = (_pyramid(plane, saturated) for plane in (ir, vis, fused))
    for scale, (a, b, f) in enumerate(zip(*pyramids, strict=True)):
        for row, source in zip(known, (a, b), strict=True):
            both = _product(source.values, f.values, saturated and scale == 0)
            product = _valid(both, _taps(scale))
            for part in strips(source.mean, source.var, f.mean, f.var, product):
                row += _information(*part)
    empty = 1.0 if convention == "cddfuse" else np.nan
    return sum(through / directly if directly else empty for through, directly in known.tolist())


def _taps(scale: int) -> Real:
    return gaussian(SIDES_PX[scale], SIDES_PX[scale] / 5.0)


def _valid(values: Real, taps: Real) -> Real:
    return fitting(smoothed(values, taps), len(taps)) if values.size else values


def _product(one: Real, other: Real, saturated: bool) -> Real:
    product = one * other
    return np.minimum(product, 255.0) if saturated else product


def _pyramid(plane: Plane, saturated: bool) -> Iterator[Scale]:
    values = plane.values
    for scale in range(len(SIDES_PX)):
        taps = _taps(scale)
        if scale:
            values = np.ascontiguousarray(_valid(values, taps)[::2, ::2])
        mean = _valid(values, taps)
        square = _valid(_product(values, values, saturated and scale == 0), taps)
        var = less_product(square, mean, mean)
        yield Scale(values, mean, np.maximum(var, 0.0, out=var))


def _information(
    mean: Real, var: Real, fused_mean: Real, fused_var: Real, product: Real
) -> tuple[float, float]:
    """Sums of what is seen of the source through the fused image, and directly."""
    cross = product - mean * fused_mean
    gain = cross / (var + TINY)
    noise = fused_var - gain * cross
    seen = var
    flat, blank = var < TINY, fused_var < TINY
    if flat.any():
        gain[flat], noise[flat] = 0.0, fused_var[flat]
        seen = np.where(flat, 0.0, var)
    gain[blank] = noise[blank] = 0.0
    against = gain < 0.0
    gain[against], noise[against] = 0.0, fused_var[against]
    np.maximum(noise, TINY, out=noise)
    gain *= gain
    gain *= seen
    gain /= noise + NOISE
    return float(np.log(1.0 + gain).sum()), float(np.log(1.0 + seen / NOISE).sum())
