"""A blending map made at reduced scale, brought to full scale along the edges of the visible.

Source: He & Sun, "Fast Guided Filter", arXiv:1505.00996, 2015, algorithm 2: the linear model of
the guided filter (He, Sun & Tang, TPAMI 35(6), 2013, eqs. 5, 6, 8) is fitted at reduced scale,
its two coefficients are enlarged and applied to the guide at full scale.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from thermeld.image import Gray

EPSILON = 0.01  # squared intensity; of 1e-4, 1e-3 and 1e-2 the best on m3fd and llvip
SCALES = (1, 2, 3, 4)
FULL_SCALE_PIXELS = 640 * 512  # auto: a picture up to this size is worked on as it is


@dataclass(frozen=True)
class CoarseMap:
    """A map known at reduced scale: itself, or as share = slope * guide + offset.

    Attributes:
        known: float32 (h, w), the share; or (h, w, 2), slope and offset.
        step: full pixels, down and across, from one known place to the next.
        first: row and column, in full pixels, of the first known place.
    """

    known: Gray
    step: tuple[float, float]
    first: tuple[float, float] = (0.0, 0.0)

    def at(self, place: tuple[slice, slice], guide: Gray) -> Gray:
        """The map for one piece of the picture, in [0, 1].

        Args:
            place: rows and columns of the piece.
            guide: visible luminance of that piece.
        """
        top, left = place[0].start or 0, place[1].start or 0
        (down, across), (row, column) = self.step, self.first
        # From full pixels to places in `known`.
        back = np.array(
            [[1 / across, 0.0, (left - column) / across], [0.0, 1 / down, (top - row) / down]]
        )
        fine = cv2.warpAffine(
            self.known,
            back,
            guide.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if fine.ndim == 2:
            return np.asarray(fine, np.float32)
        slope, offset = cv2.split(fine)
        share: Gray = np.clip(slope * guide + offset, 0.0, 1.0)
        return share


def fitted(share: Gray, guide: Gray, *, size: tuple[int, int]) -> CoarseMap:
    """The linear model that gives `share` from `guide`, both at reduced scale.

    Args:
        share: (h, w), the map as the method made it.
        guide: (h, w), visible luminance.
        size: (H, W) at full scale.
    """
    step = (size[0] / share.shape[0], size[1] / share.shape[1])
    radius = max(1, round(max(step)) // 2)  # of the window in reduced pixels
    mean_guide, mean_share = _mean(guide, radius), _mean(share, radius)
    variance = _mean(guide * guide, radius) - mean_guide * mean_guide
    covariance = _mean(guide * share, radius) - mean_guide * mean_share
    slope: Gray = (covariance / (variance + EPSILON)).astype(np.float32)
    offset: Gray = (mean_share - slope * mean_guide).astype(np.float32)
    both = cv2.merge([_mean(slope, radius), _mean(offset, radius)])
    centre = (step[0] / 2 - 0.5, step[1] / 2 - 0.5)  # of the first reduced pixel
    return CoarseMap(np.asarray(both, np.float32), step, centre)


def scale_for(size: tuple[int, int]) -> int:
    """The least reduction that brings a picture (H, W) to about 640x512, or the largest."""
    pixels = size[0] * size[1]
    fit = (scale for scale in SCALES if pixels <= FULL_SCALE_PIXELS * scale * scale)
    return next(fit, SCALES[-1])


def _mean(plane: Gray, radius: int) -> Gray:
    side = 2 * radius + 1
    mean = cv2.boxFilter(plane, -1, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(mean, np.float32)
