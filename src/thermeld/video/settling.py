"""A method's choice between its sources, kept from jumping from frame to frame.

A method decides anew in every frame which source to show where. Along edges that move, and where
noise decides, it changes its mind, and the fused video moves more than either source. So what it
adds to the mean of the two, and only that, follows with a delay of about two frames. The sources'
own motion passes at once, so next to nothing trails.
"""

from math import exp

import cv2
import numpy as np

from thermeld.errors import BadSetting
from thermeld.fuse import Fuser, resized
from thermeld.image import Gray, Stored, luminance, unit

SETTLE_S = 0.08  # two frames at 30 a second; more, and moving people trail
CUT = 0.1  # mean jump of what is added, of full range: another scene. M2VD stays below 0.02


class Settling:
    """Settles fused frames in their order.

    Args:
        seconds: the delay (first-order low-pass); 0 leaves frames as they are.
        fps: frames per second.

    Raises:
        BadSetting: negative seconds.
    """

    def __init__(self, seconds: float, fps: float) -> None:
        if not 0.0 <= seconds < 10.0:
            raise BadSetting(f"a steadiness lies between 0 and 10 s, got {seconds:g}")
        self._pace = 1.0 - exp(-1.0 / (fps * seconds)) if seconds else 1.0
        self._held: Gray | None = None

    @property
    def needed(self) -> bool:
        """Whether frames change at all."""
        return self._pace < 1.0

    def __call__(self, fused: Stored, added: Gray) -> Stored:
        """The next fused frame, settled.

        Args:
            fused: as `Fuser` gives it; what is added to luminance is added to all its colours.
            added: by the method, as of `added_by_fusion`.
        """
        if not self.needed:
            return fused
        held = self._held
        if held is None or held.shape != added.shape:
            self._held = added.copy()
            return fused
        if cv2.norm(added, held, cv2.NORM_L1) > CUT * added.size:
            self._held = added.copy()
            return fused
        cv2.accumulateWeighted(added, held, self._pace)
        return _brightened(fused, held - added)


def added_by_fusion(fuser: Fuser, ir: Stored, vis: Stored, fused: Stored) -> Gray:
    """Luminance of the fused frame above the mean of its sources', (H, W) in [-1, 1]."""
    if fuser.aligner is not None:
        laid = fuser.aligner(ir, vis, fuser.infrared)
        ir, vis = laid.ir, laid.vis
    size = fused.shape[:2]
    mean = np.add(_plane(fuser.infrared(ir), size), _plane(vis, size), dtype=np.float32)
    return np.asarray(_plane(fused, size) - np.float32(0.5) * mean, np.float32)


def _plane(image: Stored, size: tuple[int, ...]) -> Gray:
    """Luminance in [0, 1], resized to (H, W)."""
    if image.dtype == np.uint8 and image.ndim == 3:  # in bytes it is 5 times as fast
        image = cv2.cvtColor(np.ascontiguousarray(image[:, :, :3]), cv2.COLOR_RGB2GRAY)
    pixels = unit(image)
    plane = luminance(pixels[:, :, :3] if pixels.ndim == 3 else pixels)
    return np.asarray(resized(plane, (size[0], size[1])), np.float32)


def _brightened(fused: Stored, by: Gray) -> Stored:
    """Add to all colours alike, within the range of the type."""
    whole = np.issubdtype(fused.dtype, np.integer)
    if whole:
        top = np.iinfo(fused.dtype).max  # type: ignore[type-var]
        by = np.multiply(by, top, dtype=np.float32)
    depth = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U}.get(fused.dtype.name, cv2.CV_32F)
    more = by if fused.ndim == 2 else cv2.merge([by] * 3)
    result = cv2.add(fused, more, dtype=depth)  # type: ignore[arg-type]
    return np.asarray(result if whole else np.clip(result, 0.0, 1.0).astype(fused.dtype))
