"""The guided filter and the true mean in a window, as `gff` and `wls` need them.

Source: He, Sun & Tang, "Guided Image Filtering", TPAMI 35(6), 2013, eqs. 5, 6, 8.
"""

from typing import cast

import cv2
import numpy as np

from thermeld.methods.planes import Plane


class Window:
    """Means over the part of a square window that lies inside planes of one size."""

    def __init__(self, like: Plane, radius: int) -> None:
        """Prepare for planes of the size and precision of `like`; side 2 * radius + 1."""
        self.side = (2 * radius + 1, 2 * radius + 1)
        self.share = 1.0 / self._sum(np.ones_like(like))

    def mean(self, plane: Plane) -> Plane:
        """Mean of the pixels of the window that exist."""
        total = self._sum(plane)
        total *= self.share
        return total

    def _sum(self, plane: Plane) -> Plane:
        summed = cv2.boxFilter(
            plane, -1, self.side, normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return cast(Plane, summed)


def guided_filter(guide: Plane, target: Plane, window: Window, eps: float) -> Plane:
    """Smooth `target` while keeping the edges of `guide`.

    Args:
        guide: (H, W) in [0, 1]; its edges survive.
        target: same size as `guide`.
        window: over which `target` is a line in `guide`.
        eps: flatness threshold in squared intensity. 1e-4 keeps faint edges, 1e-1 blurs them.
    """
    # In place, for making new planes takes longer than filling them.
    mean_guide, mean_target = window.mean(guide), window.mean(target)
    variance = window.mean(guide * guide)
    variance -= mean_guide * mean_guide
    variance += guide.dtype.type(eps)
    slope = window.mean(guide * target)
    slope -= mean_guide * mean_target
    slope /= variance
    mean_guide *= slope
    mean_target -= mean_guide
    smooth = window.mean(slope)
    smooth *= guide
    smooth += window.mean(mean_target)
    return smooth
