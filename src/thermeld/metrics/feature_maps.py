"""What feature mutual information compares: edges, cosine and wavelet coefficients."""

from functools import lru_cache

import numpy as np

from thermeld.metrics.plane import Plane, unit_sobel
from thermeld.metrics.windows import Real

# Half of the symmetric 61 taps of the discrete Meyer low-pass filter "dmey", centre last.
MEYER = np.array(
    [
        -1.009999956941423e-12, 8.519459636796214e-09, -1.111944952595278e-08,
        -1.0798819539621958e-08, 6.066975741351135e-08, -1.0866516536735883e-07,
        8.200680650386481e-08, 1.1783004497663934e-07, -5.506340565252278e-07,
        1.1307947017916706e-06, -1.489549216497156e-06, 7.367572885903746e-07,
        3.20544191334478e-06, -1.6312699734552807e-05, 6.554305930575149e-05,
        -0.0006011502343516092, -0.002704672124643725, 0.002202534100911002,
        0.006045814097323304, -0.006387718318497156, -0.011061496392513451,
        0.015270015130934803, 0.017423434103729693, -0.03213079399021176,
        -0.024348745906078023, 0.0637390243228016, 0.030655091960824263,
        -0.13284520043622938, -0.035087555656258346, 0.44459300275757724,
        0.7445855923188063,
    ]
)  # fmt: skip


DMEY_LOW = np.concatenate([[0.0], MEYER, MEYER[-2::-1]])
DMEY_HIGH = DMEY_LOW[::-1] * (-1.0) ** (np.arange(62) + 1)
LEVEL = 800.0 * np.finfo(np.float64).eps  # MATLAB's allowance for equal slopes, 8 x 100 eps
STRIPE_PX = 64  # columns at a time, so that the sums stay in the processor's cache
RASTER = [(row, col) for row in range(3) for col in range(3)]


def octave_edges(plane: Plane) -> Real:
    """Sobel edges, 0 or 1, thinned as GNU Octave's `edge` does.

    An edge is stronger than both horizontal or both vertical neighbours; zeros lie outside.
    """
    strength = _strong(*unit_sobel(plane, RASTER, edge=True))
    around = np.pad(strength, 1)
    left, right, above, below = _neighbours(around)
    along_x = (strength > left) & (strength > right)
    along_y = (strength > above) & (strength > below)
    return (along_x | along_y).astype(np.float64)


def matlab_edges(plane: Plane) -> Real:
    """Sobel edges, 0 or 1, thinned about as MATLAB's `edge` does.

    Each pixel is compared across its own direction only; the left or upper neighbour may be
    as strong; the border holds no edge.
    """
    along_x, along_y = unit_sobel(plane, RASTER, edge=True)
    strength = _strong(along_x, along_y)
    left, right, above, below = _neighbours(np.pad(strength, 1))
    steep_x, steep_y = np.abs(along_x), np.abs(along_y)
    across = (steep_x > steep_y - LEVEL) & (strength >= left) & (strength > right)
    down = (steep_y > steep_x - LEVEL) & (strength >= above) & (strength > below)
    edges = np.zeros_like(strength)
    inner = (slice(1, -1), slice(1, -1))
    edges[inner] = ((across | down) & (strength > 0))[inner]
    return edges


def _strong(along_x: Real, along_y: Real) -> Real:
    """Squared Sobel magnitude, zero where not above four times its mean."""
    strength = along_x * along_x + along_y * along_y
    strength[strength <= 4.0 * strength.mean()] = 0.0
    return strength


def _neighbours(around: Real) -> tuple[Real, Real, Real, Real]:
    """Left, right, upper and lower neighbour of every pixel inside a frame of one."""
    return around[1:-1, :-2], around[1:-1, 2:], around[:-2, 1:-1], around[2:, 1:-1]


def cosines(plane: Plane) -> Real:
    """Orthonormal two-dimensional cosine transform (DCT-II) of the whole plane."""
    rows, cols = plane.levels.shape
    return np.asarray(_cosine_basis(rows) @ plane.values @ _cosine_basis(cols).T)


@lru_cache(maxsize=8)
def _cosine_basis(length: int) -> Real:
    """(length, length); a row per frequency. OpenCV's own transform takes even sizes only."""
    frequency, place = np.arange(length)[:, None], np.arange(length)[None, :]
    basis = np.cos(np.pi * (2 * place + 1) * frequency / (2 * length)) * np.sqrt(2.0 / length)
    basis[0] = np.sqrt(1.0 / length)
    return np.asarray(basis)


def wavelets(plane: Plane) -> Real:
    """One level of the discrete Meyer transform, tiled [cA cH; cV cD], spread over 0..1.

    Over flat parts of an image what is left of the details is rounding error, and windows of
    it count like all others. So the products are summed in PyWavelets' order, and spread like
    the values that published code compares.
    """
    down_low, down_high = _split(plane.values)
    # cV is high-pass along the rows, cH down the columns.
    approximate, vertical = _split(down_low.T)
    horizontal, diagonal = _split(down_high.T)
    tiled = np.block([[approximate.T, horizontal.T], [vertical.T, diagonal.T]])
    low, high = tiled.min(), tiled.max()
    return np.asarray((tiled - low) / (high - low)) if high > low else tiled


def _split(values: Real) -> tuple[Real, Real]:
    """Low and high pass down the columns, every second row kept.

    Output k reads the samples 2 k + 1 - tap, in the order of the taps. Samples beyond an end
    are those of the mirror image, edge repeated.
    """
    count = (len(values) + 61) // 2
    around = np.pad(values, ((61, 62), (0, 0)), mode="symmetric")
    parts = np.empty((2, count, values.shape[1]))
    for start in range(0, values.shape[1], STRIPE_PX):
        stripe = slice(start, start + STRIPE_PX)
        halves = around[0::2, stripe].copy(), around[1::2, stripe].copy()
        low, high, product = np.zeros((3, count, halves[0].shape[1]))
        for tap in range(62):
            first = 62 - tap
            met = halves[first % 2][first // 2 :][:count]
            low += np.multiply(DMEY_LOW[tap], met, out=product)
            high += np.multiply(DMEY_HIGH[tap], met, out=product)
        parts[:, :, stripe] = low, high
    parts[:, len(values) // 2 :] = _tail(around, len(values))
    return parts[0], parts[1]


def _tail(around: Real, length: int) -> tuple[Real, Real]:
    """Outputs that reach beyond the end: what lies there is summed first, outwards."""
    last = 2 * np.arange(length // 2, (length + 61) // 2)[:, None] + 1
    beyond, step = last - length + 1, np.arange(62)[None, :]
    taps = np.where(step < beyond, beyond - 1 - step, step)
    low, high = np.zeros((2, len(last), around.shape[1]))
    for tap, sample in zip(taps.T, (last - taps).T + 61, strict=True):
        low += DMEY_LOW[tap, None] * around[sample]
        high += DMEY_HIGH[tap, None] * around[sample]
    return low, high
