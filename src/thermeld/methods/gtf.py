"""Gradient transfer fusion: `gtf`.

The fused image has the intensities of the infrared image and the gradients of the visible one,

    min |F - ir|_1 + weight * |grad F - grad vis|_1,

which with U = F - vis is total-variation denoising of S = ir - vis under an l1 distance.

Source: Ma, Chen, Li & Huang, "Infrared and visible image fusion via gradient transfer and total
variation minimization", Information Fusion 31, 2016, eqs. 3 to 7; solved as published by
iteratively reweighted norms, Rodriguez & Wohlberg, IEEE Trans. Image Process. 18(2), 2009.
"""

from typing import cast

import numpy as np

from thermeld.image import Image
from thermeld.methods.planes import Plane, clipped
from thermeld.registry import method

_BINS = 1000
_FIT_SHARE, _GRADIENT_SHARE = 0.05, 0.01  # of pixels whose weight is capped
_FIRST_FIT = 2.0 * np.sqrt(0.1)
_SOLVER_GAIN = 5.0  # each round ends when the residual has shrunk this much
_SOLVER_STEPS = 500
_NOT_ZERO = 1e-10


@method(
    "gtf",
    family="variational",
    source="Ma, Chen, Li & Huang, Information Fusion 31, 2016",
    joint=True,
    reach_px=None,  # thresholds and solver look at the whole image
)
def gtf(ir: Image, vis: Image, *, weight: float = 4.0, rounds: int = 5) -> Image:
    """Infrared intensities with visible gradients, by total variation.

    Args:
        ir: (H, W) or (H, W, 3) in [0, 1]. Three channels are one problem: their gradients at a
            pixel are one vector, whose length counts.
        vis: same shape as `ir`.
        weight: of the gradients against the intensities (lambda).
        rounds: of reweighting.
    """
    return clipped(vis + l1_tv(ir - vis, weight, rounds))


def l1_tv(target: Plane, weight: float, rounds: int) -> Plane:
    """U near the minimum of |U - target|_1 + weight * |grad U|_1, from U = target on.

    (H, W) or (H, W, 3). With three channels the gradient at a pixel is one vector.
    The result is defined by these few inexact rounds; a better solver gives another image.
    """
    plane = target
    fit = np.full_like(target, _FIRST_FIT)
    for turn in range(rounds):
        if turn > 0:
            fit = _fit_weight(np.abs(plane - target))
        scaled = target / fit
        solved = _solve(plane / fit, scaled, fit, _gradient_weight(plane), weight)
        if solved is None:
            break
        plane = fit * solved
    return plane


def _fit_weight(residual: Plane) -> Plane:
    """Inverse square root of the weight of each |U - target|."""
    at, centres = _threshold(residual, _FIT_SHARE)
    least = max(centres[min(at + 1, _BINS - 1)], _NOT_ZERO)
    return cast(Plane, np.sqrt(np.maximum(residual, residual.dtype.type(least)) / 2))


def _gradient_weight(plane: Plane) -> Plane:
    """Weight of the squared gradient at each pixel, the same for all its channels."""
    squared = np.zeros_like(plane)
    squared[:, :-1] += np.diff(plane, axis=1) ** 2
    squared[:-1] += np.diff(plane, axis=0) ** 2
    if plane.ndim == 3:
        squared = squared.sum(axis=2, keepdims=True)
    at, centres = _threshold(squared, _GRADIENT_SHARE)
    least = centres[at] if centres[at] > 0 else centres[min(at + 1, _BINS - 1)]
    capped = np.maximum(squared, squared.dtype.type(max(least, _NOT_ZERO)))
    return cast(Plane, 2 / np.sqrt(capped))


def _threshold(values: Plane, share: float) -> tuple[int, Plane]:
    """The first of 1000 bins below whose upper edge lie more than `share` of the values."""
    low, high = float(values.min()), float(values.max())
    centres = np.linspace(low, high, _BINS)
    if low == high:
        return 0, centres
    half = 0.5 * (centres[1] - centres[0])
    counts, _ = np.histogram(values, _BINS, (low - half, high + half))
    return int(np.argmax(np.cumsum(counts) > share * values.size)), centres


def _solve(start: Plane, target: Plane, fit: Plane, gradient: Plane, weight: float) -> Plane | None:
    """Conjugate gradients for (1 + weight * fit * D' gradient D * fit) v = target.

    None if `start` solves it already.
    """
    scaled = fit * fit.dtype.type(weight)
    solution = start.copy()
    residual = target - _stiffness(start, fit, scaled, gradient)
    direction = residual.copy()
    energy = np.vdot(residual, residual)
    goal = energy / _SOLVER_GAIN**2
    if energy == 0:
        return None
    for _ in range(_SOLVER_STEPS):
        pushed = _stiffness(direction, fit, scaled, gradient)
        step = energy / np.vdot(direction, pushed)
        solution += step * direction
        residual -= step * pushed
        previous, energy = energy, np.vdot(residual, residual)
        if energy <= goal:
            break
        direction *= energy / previous
        direction += residual
    return solution


def _stiffness(plane: Plane, fit: Plane, scaled: Plane, gradient: Plane) -> Plane:
    """Plane + scaled * D' gradient D (fit * plane), D the forward differences."""
    inner = fit * plane
    across = np.diff(inner, axis=1)
    across *= gradient[:, :-1]
    along = np.diff(inner, axis=0)
    along *= gradient[:-1]
    spread = np.zeros_like(plane)
    spread[:, 1:] += across
    spread[:, :-1] -= across
    spread[1:] += along
    spread[:-1] -= along
    spread *= scaled
    spread += plane
    return spread
