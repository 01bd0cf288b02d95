"""Models of the eye: contrast preserved, and differences it would notice."""

from functools import lru_cache
from math import nan

import cv2
import numpy as np

from thermeld.metrics.plane import Plane, sobel
from thermeld.metrics.windows import Real, mean_of, smoothed, strips
from thermeld.registry import metric

CENTRE_SIGMA_PX, SURROUND_SIGMA_PX = 2.0, 4.0
BLOCK_PX = 16


@metric(
    "Qcb",
    better="higher",
    range="0..1",
    formula="mean of (C_A^2 q_A + C_B^2 q_B) / (C_A^2 + C_B^2); C = masked local contrast after "
    "a contrast sensitivity filter, q = smaller over larger contrast of source and fused",
    source="Chen & Blum, Image and Vision Computing 27(10), 2009",
    conventions={"vifb": "per channel, each stretched to 0..255"},
    why="only VIFB has it",
    fooled_by="a copy of the source with more contrast; the stretching hides any loss of range",
)
def contrast_preserved(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Share of the visible local contrast that is kept; NaN if any image is constant."""
    spread = [plane.stretched for plane in (ir, vis, fused)]
    contrasts = [plane.once(_masked_contrast) for plane in spread if plane is not None]
    if len(contrasts) < len(spread):
        return nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean_of(_kept, *contrasts)


def _kept(ir: Real, vis: Real, fused: Real) -> Real:
    """Share of the contrast that is kept at every pixel."""
    ir_power, vis_power = ir * ir, vis * vis
    ir_kept = ir_power * (np.minimum(ir, fused) / np.maximum(ir, fused))
    vis_kept = vis_power * (np.minimum(vis, fused) / np.maximum(vis, fused))
    return (ir_kept + vis_kept) / (ir_power + vis_power)


def _masked_contrast(plane: Plane) -> Real:
    """C of every pixel: |centre / surround - 1| of the filtered image, then masked."""
    seen = _through(plane.values, _sensitivity(*plane.levels.shape))
    masked = np.empty_like(seen)
    centre, surround = _blurred(seen, CENTRE_SIGMA_PX), _blurred(seen, SURROUND_SIGMA_PX)
    with np.errstate(divide="ignore", invalid="ignore"):
        for inner, outer, out in strips(centre, surround, masked):
            contrast = np.abs(inner / outer - 1.0)
            square = contrast * contrast
            np.divide(contrast * square, square + 1e-4, out=out)
    return masked


def _blurred(values: Real, sigma_px: float) -> Real:
    """Under a Gaussian cut to 31 x 31 and not renormalised; zeros outside."""
    offsets = np.arange(-15, 16)
    taps = np.exp(-(offsets**2) / (2.0 * sigma_px**2)) / (np.sqrt(2.0 * np.pi) * sigma_px)
    return smoothed(values, taps, border=cv2.BORDER_CONSTANT)


def _through(values: Real, response: Real) -> Real:
    """Filter by a real response over the half plane of frequencies that a real image needs."""
    return np.fft.irfft2(np.fft.rfft2(values) * response, s=values.shape)


def _frequency(rows: int, cols: int, per: float) -> Real:
    """Distance from zero frequency: 1 at the image's Nyquist counts as its side / `per`."""
    down = np.fft.fftfreq(rows)[:, None] * (2.0 * rows / per)
    across = np.fft.rfftfreq(cols)[None, :] * (2.0 * cols / per)
    return np.asarray(np.hypot(across, down))


@lru_cache(maxsize=4)
def _sensitivity(rows: int, cols: int) -> Real:
    """Difference of Gaussians over frequency."""
    r = _frequency(rows, cols, 30.0)
    return np.asarray(np.exp(-((r / 15.3870) ** 2)) - 0.7622 * np.exp(-((r / 1.3456) ** 2)))


@lru_cache(maxsize=4)
def _detection(rows: int, cols: int) -> Real:
    """Mannos & Sakrison's sensitivity over frequency."""
    r = _frequency(rows, cols, 8.0)
    return np.asarray(2.6 * (0.0192 + 0.144 * r) * np.exp(-((0.144 * r) ** 1.1)))


@metric(
    "Qcv",
    better="lower",
    range="0 and up, squared grey levels",
    formula="sum(l_A D_A + l_B D_B) / sum(l_A + l_B) over 16x16 blocks; l = sum of Sobel "
    "magnitudes^5, D = mean square of the filtered difference source - fused",
    source="Chen & Varshney, Information Fusion 8(2), 2007",
    conventions={"vifb": "per channel, each stretched to 0..255"},
    why="only VIFB has it",
    fooled_by="a copy of the source with the strongest edges; the fifth power lets a few blocks "
    "decide everything",
)
def visible_difference(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Differences an eye would see, where the sources have edges; NaN for constant images."""
    target = _spread(fused)
    error = weight = 0.0
    if target is None:
        return nan
    for plane in (ir, vis):
        source = _spread(plane)
        if source is None:
            return nan
        salience = source.once(_salience)
        seen = _through(source.values - target.values, _detection(*source.levels.shape))
        error += float(np.vdot(salience, _block_sums(seen * seen))) / BLOCK_PX**2
        weight += float(salience.sum())
    return error / weight if weight else nan


def _spread(plane: Plane) -> Plane | None:
    """Stretched; black stays black, any other constant has no stretch (0/0)."""
    return plane.stretched or (None if plane.levels.any() else plane)


def _salience(plane: Plane) -> Real:
    along_x, along_y = sobel(plane, cv2.BORDER_CONSTANT)
    energy = along_x * along_x + along_y * along_y  # magnitude^5 = energy^2 * sqrt(energy)
    return _block_sums(energy * energy * np.sqrt(energy))


def _block_sums(values: Real) -> Real:
    """Sums over 16 x 16 blocks; zeros beyond the right and the bottom."""
    rows, cols = values.shape
    padded = np.pad(values, ((0, -rows % BLOCK_PX), (0, -cols % BLOCK_PX)))
    blocks = padded.reshape(padded.shape[0] // BLOCK_PX, BLOCK_PX, -1, BLOCK_PX)
    return np.asarray(blocks.sum(axis=(1, 3)))
