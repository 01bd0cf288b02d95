"""The pulse-coupled neural network whose parameters come from the band it looks at.

One neuron a coefficient. It gathers the coefficient's magnitude F, more when its neighbours
fire, and fires when that exceeds a threshold, which then jumps up and decays again:

    U = q U + F (1 + linking * (W * Y))      Y = U > E      E = decay E + jump Y

What counts is how often each neuron has fired after 110 turns.

Source: Chen, Park, Ma & Ala, "A new automatic parameter setting method of a simplified PCNN for
image segmentation", IEEE Trans. Neural Netw. 22(6), 2011, eqs. 12 to 19; Yin, Liu, Liu & Chen,
"Medical image fusion with parameter-adaptive pulse coupled neural network in nonsubsampled
shearlet transform domain", IEEE Trans. Instrum. Meas. 68(1), 2019.
"""

from math import exp, log10
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import FULL, Plane

Counts: TypeAlias = NDArray[np.uint8]

TURNS = 110
_BINS = 256
_AROUND = np.array([1.0, 2.0, 1.0])  # in halves: 1/2 at corners, 1 at sides


class Parameters(NamedTuple):
    """How neurons remember, link and recover."""

    memory: float  # q
    linking: float  # lambda
    decay: float
    jump: float  # V


def firings(band: Plane) -> Counts:
    """How often each neuron has fired, at most 110 times; never in a band too weak to split."""
    magnitude = np.abs(band)
    parameters = adapted(magnitude)
    if parameters is None:
        return np.zeros(band.shape, np.uint8)
    return _run(magnitude, parameters)


def adapted(magnitude: Plane) -> Parameters | None:
    """Parameters from spread, Otsu's threshold and maximum; None if the threshold is zero."""
    threshold = otsu(magnitude)
    if threshold == 0:
        return None
    wide = magnitude.astype(np.float64)
    forget = log10(1 / float(np.std(wide, ddof=1)))
    memory, ratio = exp(-forget), float(wide.max()) / threshold
    jump = memory + ratio
    gathered = (1 - memory**3) / (1 - memory) + (ratio - 1) * memory
    return Parameters(memory, (ratio - 1) / 6, threshold * gathered / jump, jump)


def otsu(magnitude: Plane) -> float:
    """Threshold in [0, 1] that parts 8-bit grey levels best; 0 if all are equal.

    Source: Otsu, IEEE Trans. Syst. Man Cybern. 9(1), 1979; of several best the mean.
    """
    grey = np.floor(np.clip(magnitude.astype(np.float64), 0.0, 1.0) * FULL + 0.5).astype(np.uint8)
    share = np.bincount(grey.ravel(), minlength=_BINS) / grey.size
    below, moment = np.cumsum(share), np.cumsum(share * np.arange(1, _BINS + 1))
    inside = (below > 0) & (below < 1)
    spread = np.where(inside, below * (1 - below), 1.0)
    between = np.where(inside, (moment[-1] * below - moment) ** 2 / spread, -1.0)
    if between.max() <= 0:
        return 0.0
    return float(np.mean(np.flatnonzero(between == between.max()))) / FULL


def _run(magnitude: Plane, parameters: Parameters) -> Counts:
    memory, linking, decay, jump = parameters
    gathered, threshold = np.zeros_like(magnitude), np.ones_like(magnitude)
    raised = np.full_like(magnitude, jump)
    counts = np.zeros(magnitude.shape, np.uint8)
    fired, linked = np.zeros_like(counts), np.empty_like(counts)
    fed = np.empty_like(magnitude)
    for _ in range(TURNS):
        _around(fired, linked)
        cv2.multiply(linked, magnitude, dst=fed, scale=linking / 2, dtype=_depth(magnitude))
        cv2.scaleAdd(gathered, memory, fed, dst=gathered)
        cv2.add(gathered, magnitude, dst=gathered)
        over = cv2.compare(gathered, threshold, cv2.CMP_GT)  # 255 where it fires
        threshold *= threshold.dtype.type(decay)
        cv2.accumulate(raised, threshold, mask=over)
        np.bitwise_and(over, 1, out=fired)
        counts += fired
    return counts


def _around(fired: Counts, linked: Counts) -> None:
    """Twice the weighted number of neighbours that fired, at most 12."""
    cv2.sepFilter2D(fired, -1, _AROUND, _AROUND, dst=linked, borderType=cv2.BORDER_CONSTANT)
    linked -= 4 * fired


def _depth(plane: Any) -> int:
    return int(cv2.CV_64F if plane.dtype == np.float64 else cv2.CV_32F)
