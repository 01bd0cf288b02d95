"""Shades by rank: a thermal picture whose grey levels are spent where the values are."""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting

Levels: TypeAlias = NDArray[np.float64]

BINS = 1024  # finer than the 256 shades a screen shows
ENDS = (0.02, 99.98)  # percentiles; a few dead pixels must not stretch the bins


@dataclass(frozen=True, eq=False)
class Curve:
    """A rising map from stored values to [0, 1], straight between its knots.

    Attributes:
        values: (N,), rising; what lies outside is clipped.
        shades: (N,) in [0, 1], not falling.
    """

    values: Levels
    shades: Levels
    percentile: ClassVar[bool] = False

    def on(self, pixels: NDArray[np.generic]) -> "Curve":
        """This curve: it depends on no image."""
        return self

    def shade(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Pixels of any shape as float32 in [0, 1]."""
        return np.interp(pixels.astype(np.float64), self.values, self.shades).astype(np.float32)


@dataclass(frozen=True)
class Equalise:
    """Plateau equalisation: shades follow the ranks of the values, up to a limit.

    Full histogram equalisation gives nearly all shades to the background, because that is most
    of the picture; here no bin of the histogram counts for more than `plateau` times the mean
    of those in use, so small warm things keep theirs. It is one curve for the whole image:
    equal values stay equal, warmer never becomes darker, and there are no halos or tile seams.

    Attributes:
        plateau: the limit; at 1 or below every value that occurs gets the same share of the
            shades, large values approach full equalisation.

    Source: Vickers, "Plateau equalization algorithm for real-time display of high-quality
    infrared imagery", Optical Engineering 35(7), 1996.
    """

    plateau: float = 2.0
    percentile: ClassVar[bool] = True  # it needs an image, as percentiles do

    def __post_init__(self) -> None:
        if not self.plateau > 0:
            raise BadSetting(f"plateau must be positive, got {self.plateau:g}")

    def on(self, pixels: NDArray[np.generic]) -> Curve:
        """The curve for this image; a constant image becomes 0."""
        values = np.asarray(pixels, np.float64).ravel()
        low, high = np.percentile(values, ENDS)
        if not low < high:
            return Curve(np.array([low, np.nextafter(low, np.inf)]), np.array([0.0, 1.0]))
        found, edges = np.histogram(np.clip(values, low, high), _edges(pixels, low, high))
        limit = self.plateau * found[found > 0].mean()
        shares = np.cumsum(np.minimum(found, limit))
        return Curve(edges.astype(np.float64), np.concatenate([[0.0], shares / shares[-1]]))


def _edges(pixels: NDArray[np.generic], low: float, high: float) -> Levels:
    """One bin per count where there are few, so that no bin is empty for want of a count."""
    if np.issubdtype(pixels.dtype, np.integer) and high - low < BINS:
        return np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.0)
    return np.linspace(low, high, BINS + 1)
