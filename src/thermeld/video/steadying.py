"""A thermal window that follows a video slowly, so that fused frames do not flicker."""

from fractions import Fraction

from thermeld.fuse import Fuser
from thermeld.image import SteadyWindow, Stored, Window


class Steady:
    """The fuser for each next frame: one whose percentile window moves slowly, if it has one.

    Windows in stored values, and 8 bits taken as they are, are steady by themselves.
    """

    def __init__(self, fuser: Fuser, fps: Fraction) -> None:
        self._fuser = fuser
        self._fps = float(fps)
        self._held: SteadyWindow | None = None

    def for_frame(self, ir: Stored) -> Fuser:
        """The fuser for this infrared frame, the next of its stream.

        Raises:
            BadImage: NaN or infinite values.
        """
        window = self._fuser.window(ir.dtype)
        if not isinstance(window, Window) or not window.percentile:
            return self._fuser
        if self._held is None:
            self._held = SteadyWindow(window, fps=self._fps)
        return self._fuser.with_window(Window(*self._held.limits(ir)))
