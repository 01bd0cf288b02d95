"""Sliding windows: what a metric sees around every pixel."""

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from math import nan
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Real: TypeAlias = NDArray[np.float64]

STRIP_PIXELS = 16384  # 128 KB a map


class Local(NamedTuple):
    """Mean and (biased) variance under a window around every pixel."""

    mean: Real
    var: Real


class Means(NamedTuple):
    """Means of two sources, the fused image and their six products around every pixel."""

    one: Real
    other: Real
    fused: Real
    one_one: Real
    one_other: Real
    one_fused: Real
    other_other: Real
    other_fused: Real
    fused_fused: Real


def gaussian(size: int, sigma: float) -> Real:
    """One side of a separable Gaussian window: samples at whole offsets, summing to 1."""
    offsets = np.arange(size) - size // 2
    taps = np.exp(-(offsets**2) / (2.0 * sigma**2))
    return np.asarray(taps / taps.sum())


GAUSS = gaussian(11, 1.5)  # the window of SSIM and its descendants


def smoothed(values: Real, taps: Real, *, border: int = cv2.BORDER_REPLICATE) -> Real:
    """Correlate with the outer product of odd-sized `taps`; same size."""
    return np.asarray(cv2.sepFilter2D(values, -1, taps, taps, borderType=border), np.float64)


def local_moments(values: Real, taps: Real) -> Local:
    """Mean and variance under a Gaussian window, borders replicated; same size."""
    mean = smoothed(values, taps)
    square = smoothed(values * values, taps)
    return Local(mean, less_product(square, mean, mean))


def local_means(blur: Callable[[Real], Real], one: Real, other: Real, fused: Real) -> Means:
    """Means as `blur` takes them, for rules that need every moment of a triple."""
    images = one, other, fused
    products = (x * y for x, y in combinations_with_replacement(images, 2))
    return Means(*(blur(values) for values in (*images, *products)))


def box_sums(values: Real, side_px: int) -> Real:
    """Sums over every side x side window that fits; exact where the values are integers.

    Returns:
        (H - side + 1, W - side + 1), empty where no window fits.
    """
    sums = cv2.boxFilter(values, -1, (side_px, side_px), normalize=False)
    return fitting(np.asarray(sums, np.float64), side_px)


def fitting(whole: Real, side_px: int) -> Real:
    """Of one value per pixel, those whose side x side window lies inside the image (a view)."""
    first = side_px // 2
    rows, cols = (max(length - side_px + 1, 0) for length in whole.shape)
    return whole[first : first + rows, first : first + cols]


def average(values: Real) -> float:
    """Mean; NaN where no window fits a tiny image."""
    return float(values.mean()) if values.size else nan


def strips(*maps: Real) -> Iterator[tuple[Real, ...]]:
    """The same few rows of several maps at a time.

    Temporaries then stay in the processor's cache, which makes long formulas two to three
    times faster than on whole images.
    """
    rows, cols = maps[0].shape
    step = max(1, STRIP_PIXELS // max(cols, 1))
    for start in range(0, rows, step):
        yield tuple(whole[start : start + step] for whole in maps)


def less_product(products: Real, one: Real, other: Real) -> Real:
    """From means of products to covariances, in place: less the product of the means."""
    for product, x, y in strips(products, one, other):
        product -= x * y
    return products


def sum_of(rule: Callable[..., Real], *maps: Real) -> float:
    """Sum over all pixels of a pixel-wise rule."""
    return float(sum(float(rule(*rows).sum()) for rows in strips(*maps)))


def mean_of(rule: Callable[..., Real], *maps: Real) -> float:
    """Mean over all pixels of a pixel-wise rule; NaN where no window fits a tiny image."""
    return sum_of(rule, *maps) / maps[0].size if maps[0].size else nan
