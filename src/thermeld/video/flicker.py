"""How much brighter or darker a video gets from one frame to the next."""

import cv2
import numpy as np

from thermeld.image import Gray, Stored, luminance, unit


class Flicker:
    """Mean absolute change of luminance between consecutive frames, fused against inputs.

    A ratio of 1 says that the fused video is as unsteady as the less steady of its sources;
    what a method or a window adds by itself lies above.
    """

    def __init__(self) -> None:
        self._before: tuple[Gray, ...] = ()
        self._sums = np.zeros(3)
        self._steps = 0

    def add(self, ir: Stored, vis: Stored, fused: Stored) -> None:
        """The next frame of all three; any depth, infrared as it is fused."""
        now = tuple(plane(image) for image in (ir, vis, fused))
        if self._before:
            pairs = zip(self._before, now, strict=True)
            self._sums += [cv2.norm(old, new, cv2.NORM_L1) / new.size for old, new in pairs]
            self._steps += 1
        self._before = now

    @property
    def changes(self) -> tuple[float, float, float]:
        """Of infrared, visible and fused, in [0, 1] per frame."""
        ir, vis, fused = self._sums / max(1, self._steps)
        return float(ir), float(vis), float(fused)

    @property
    def ratio(self) -> float | None:
        """The fused video's change by the larger of the inputs'; None while nothing moved."""
        ir, vis, fused = self.changes
        larger = max(ir, vis)
        return fused / larger if larger > 0.0 else None


def plane(image: Stored) -> Gray:
    """Luminance of stored pixels (H, W), (H, W, 3) RGB or (H, W, 4), in [0, 1]."""
    pixels = unit(image)
    return luminance(pixels[:, :, :3] if pixels.ndim == 3 else pixels)
