"""Activity: contrast and gradients of the fused image alone. None of these sees the sources."""

from math import sqrt

import cv2
import numpy as np

from thermeld.metrics.fidelity import covariance, total
from thermeld.metrics.plane import Levels, Plane, sobel
from thermeld.metrics.windows import Real, mean_of, sum_of
from thermeld.registry import metric

SEES_NO_SOURCE = "noise, halos and sharpening; it never looks at the sources"


@metric(
    "SD",
    better="higher",
    range="0..127.5 grey levels (0..15.97 in tang2022)",
    formula="sqrt(mean((F - mean(F))^2)) on 0..255",
    source="Rao, Meas. Sci. Technol. 8(4), 1997",
    conventions={
        "tang": "population standard deviation of the gray image",
        "tang2022": "the same in saturating 8-bit arithmetic: near 9, comparable with nothing",
        "vifb": "per channel (called Variance there)",
        "cddfuse": "of its gray image",
    },
    why="the plain definition on one gray image",
    fooled_by="exaggerated contrast and clipping; it never looks at the sources",
    also=("Variance",),
)
def standard_deviation(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Contrast of the whole image."""
    if convention == "tang2022":
        return _saturating_deviation(fused)
    return sqrt(covariance(fused, fused)) / fused.levels.size


def _saturating_deviation(fused: Plane) -> float:
    """As unsigned bytes compute it: nothing below the mean counts, squares stop at 255."""
    mean = fused.once(total) / fused.levels.size
    above = np.clip(np.floor(np.arange(256) - mean + 0.5), 0.0, 255.0)
    squares = np.minimum(above**2, 255.0)
    return sqrt(float(fused.histogram @ squares) / fused.levels.size)


@metric(
    "SF",
    better="higher",
    range="0..361 grey levels (0..1.42 in tang2022)",
    formula="sqrt(RF^2 + CF^2): root mean squares of horizontal and of vertical differences",
    source="Eskicioglu & Fisher, IEEE Trans. Commun. 43(12), 1995",
    conventions={
        "tang": "mean over the differences that exist, levels 0..255",
        "tang2022": "the same on 0..1",
        "vifb": "the channels side by side as one wide image; both sums divided by all pixels",
        "cddfuse": "as tang on its gray image",
    },
    why="the plain definition on one gray image",
    fooled_by=SEES_NO_SOURCE,
    also=("Spatial_frequency",),
)
def spatial_frequency(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """How busy the fused image is: root mean square of its row and column differences."""
    image = fused.strip or fused if convention == "vifb" else fused
    along_x, along_y = (image.once(_difference_energy, axis) for axis in (1, 0))
    rows, cols = image.levels.shape
    if convention == "vifb":
        return sqrt((along_x + along_y) / (rows * cols))
    power = along_x / max(rows * (cols - 1), 1) + along_y / max((rows - 1) * cols, 1)
    return sqrt(power) / (255.0 if convention == "tang2022" else 1.0)


def _difference_energy(plane: Plane, axis: int) -> int:
    """Sum of the squared differences of neighbours; exact."""
    turned = np.moveaxis(plane.levels, axis, 0)
    return round(cv2.norm(turned[1:], turned[:-1], cv2.NORM_L2SQR)) if len(turned) > 1 else 0


@metric(
    "AG",
    better="higher",
    range="0..255 grey levels",
    formula="sum of sqrt((gx^2 + gy^2) / 2) / ((M-1)(N-1)), central differences",
    source="Cui, Feng, Xu, Li & Chen, Optics Communications 341, 2015",
    conventions={
        "tang": "divided by (M-1)(N-1)",
        "tang2022": "the same",
        "vifb": "the same per channel",
        "cddfuse": "divided by M N",
    },
    why="two of the three codes divide so; the third differs by 1/M + 1/N",
    fooled_by=SEES_NO_SOURCE,
    also=("Avg_gradient",),
)
def average_gradient(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Mean strength of the gradient; NaN for a single row or column, but not in cddfuse."""
    steepness = fused.once(_slope)
    rows, cols = fused.levels.shape
    count = rows * cols if convention == "cddfuse" else (rows - 1) * (cols - 1)
    return steepness / count if count else float("nan")


def _slope(fused: Plane) -> float:
    """Sum of sqrt((gx^2 + gy^2) / 2); the borders have one-sided differences."""
    doubled = [_doubled_gradient(fused.levels, axis) for axis in (1, 0)]
    return sum_of(lambda dx, dy: np.sqrt((dx * dx + dy * dy) / 8.0), *doubled)


def _doubled_gradient(levels: Levels, axis: int) -> Real:
    """Differences over two pixels; at the borders twice those over one."""
    orders = axis, 1 - axis
    around = cv2.Sobel(levels, cv2.CV_64F, *orders, ksize=1, borderType=cv2.BORDER_REPLICATE)
    gradient = np.asarray(around, np.float64)
    ends = np.moveaxis(gradient, axis, 0)[:: max(levels.shape[axis] - 1, 1)]
    ends *= 2.0
    return gradient


@metric(
    "EI",
    better="higher",
    range="0..1442 grey levels",
    formula="mean of sqrt((F * Sx)^2 + (F * Sy)^2), unscaled Sobel, borders replicated",
    source="Rajalingam & Priya, Int. J. Eng. Sci. Invention 7, 2018",
    conventions={"vifb": "per channel"},
    why="only VIFB has it",
    fooled_by=SEES_NO_SOURCE,
    also=("Edge_intensity",),
)
def edge_intensity(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Mean Sobel magnitude."""
    return mean_of(lambda dx, dy: np.sqrt(dx * dx + dy * dy), *sobel(fused, cv2.BORDER_REPLICATE))
