"""How sure a difference is: bootstrap intervals and the paired signed-rank test.

Nothing but NumPy and `math`, so that a report needs no statistics package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 60  # pairs; beyond it the normal approximation is good to three digits
RESAMPLES = 4000


@dataclass(frozen=True)
class Difference:
    """A method against another, on the images both have.

    Attributes:
        mean: of method minus other.
        low: lower end of its bootstrap 95 % interval.
        high: upper end.
        p: two-sided, of the Wilcoxon signed-rank test.
        pairs: how many images.
    """

    mean: float
    low: float
    high: float
    p: float
    pairs: int


def difference(method: Mapping[str, float], other: Mapping[str, float]) -> Difference | None:
    """Compare two methods image by image; None if they share no image.

    Args:
        method: image to value.
        other: image to value.
    """
    shared = sorted(method.keys() & other.keys())
    if not shared:
        return None
    gaps = np.array([method[image] - other[image] for image in shared])
    low, high = bootstrap_interval(gaps)
    return Difference(float(gaps.mean()), low, high, signed_rank_p(gaps), len(shared))


def bootstrap_interval(
    values: Sequence[float] | NDArray[np.float64], *, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the mean: percentiles 2.5 and 97.5 over resampled images.

    Args:
        values: one per image.
        seed: the same seed gives the same interval.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13.
    """
    given = np.asarray(values, np.float64)
    chosen = np.random.default_rng(seed).integers(0, given.size, (RESAMPLES, given.size))
    low, high = np.percentile(given[chosen].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def signed_rank_p(gaps: Sequence[float] | NDArray[np.float64]) -> float:
    """Two-sided p of the Wilcoxon signed-rank test; 1 if all differences are zero.

    Zero differences are left out and equal ones share their average rank. Up to
    `EXACT_UP_TO` pairs all assignments of signs are counted, with ties too; beyond, the normal
    approximation with the tie correction and no continuity correction.

    Source: Wilcoxon, Biometrics Bulletin 1(6), 1945; Hollander & Wolfe, "Nonparametric
    Statistical Methods", section 3.1.
    """
    given = np.asarray(gaps, np.float64)
    given = given[given != 0.0]
    if not given.size:
        return 1.0
    doubled = _doubled_ranks(np.abs(given))
    positive = int(doubled[given > 0].sum())
    if given.size <= EXACT_UP_TO:
        return _exact_p(doubled, positive)
    # Var of the sum of ranks is the sum of their squares / 4, which holds the tie correction.
    centre, spread = doubled.sum() / 2, sqrt(float((doubled.astype(np.float64) ** 2).sum()) / 4)
    return erfc(abs(positive - centre) / spread / sqrt(2.0))


def _doubled_ranks(sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the average ranks, which are whole numbers."""
    _, first, group, counts = np.unique(
        np.sort(sizes), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(np.argsort(sizes, kind="stable"), kind="stable")
    of_sorted = (2 * first + counts + 1)[group]
    return np.asarray(of_sorted[order], np.int64)


def _exact_p(doubled: NDArray[np.int64], positive: int) -> float:
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(ways)
        shifted[rank:] = ways[: ways.size - rank]
        ways += shifted
    ways /= ways.sum()
    return float(min(1.0, 2.0 * min(ways[: positive + 1].sum(), ways[positive:].sum())))


def holm(chances: Sequence[float]) -> list[float]:
    """The p values of one family, adjusted so that all below 0.05 may be believed together.

    Source: Holm, Scandinavian Journal of Statistics 6, 1979.
    """
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    adjusted, highest = [0.0] * len(chances), 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[at]))
        adjusted[at] = highest
    return adjusted
