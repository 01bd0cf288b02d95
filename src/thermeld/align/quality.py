"""How good a warp is, told from the pictures alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermeld.align.bend import laid_bent
from thermeld.align.search import Correlator
from thermeld.align.structure import Edges, Level, agreement, edges
from thermeld.align.warp import Matrix
from thermeld.image import Gray

SIGMA = 1.0
AROUND_PX = 10.0
SHIFT = 0.3  # of the sides, over which chance is looked at
# Set by hand: pictures of different places reach 7.7.
EVEN, STEP = 7.2, 0.5  # significance at even odds, and what multiplies the odds by e
NEAR_SHARE = 0.04  # of the width: shifts below this are neighbours, not chance


@dataclass(frozen=True)
class Verdict:
    """What speaks for a warp.

    Attributes:
        score: agreement of edge directions where both cameras look, -1 to 1.
        significance: by how many standard deviations that exceeds the agreement at other shifts,
            which is what chance gives on these very pictures.
    """

    score: float
    significance: float


class Judge:
    """Judges warps of one pair, at one size."""

    def __init__(self, pair: Level) -> None:
        self._pair = pair
        whole = np.ones(pair.vis.shape, np.float32)
        self._vis = edges(pair.vis, whole, sigma=SIGMA, around_px=AROUND_PX)
        self._correlate = Correlator(self._vis, SHIFT)

    def __call__(self, matrix: Matrix) -> Verdict:
        """The verdict on a full-size warp."""
        ir = _edges(self._pair.laid(self._pair.inward(matrix)))
        surface = self._correlate(ir)
        row, column = self._correlate.middle
        near = max(2, round(NEAR_SHARE * max(self._pair.vis.shape)))
        chance = np.ones(surface.shape, np.bool_)
        chance[max(0, row - near) : row + near + 1, max(0, column - near) : column + near + 1] = 0
        elsewhere = surface[chance]
        spread = float(elsewhere.std()) if elsewhere.size else 0.0
        beyond = (float(surface[row, column]) - float(elsewhere.mean())) / spread if spread else 0.0
        return Verdict(agreement(self._vis, ir), beyond)

    def bent(self, matrix: Matrix, local: NDArray[np.float32]) -> float:
        """The score of a full-size warp with local displacements."""
        pair = self._pair
        factor = np.array([pair.to_vis[0, 0], pair.to_vis[1, 1]], np.float32)
        laid = laid_bent(pair, pair.inward(matrix), local * factor)
        return agreement(self._vis, _edges(laid))


def _edges(laid: tuple[Gray, Gray]) -> Edges:
    return edges(*laid, sigma=SIGMA, around_px=AROUND_PX)


def confidence(significance: float) -> float:
    """How far a warp of this significance is to be trusted, 0 to 1; a scale set by hand."""
    return float(1.0 / (1.0 + np.exp(-(significance - EVEN) / STEP)))
