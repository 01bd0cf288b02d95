"""Which infrared frame and which visible frame belong together, at the rate of the result."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from thermeld.io.video import Frame


@dataclass(frozen=True)
class Moment:
    """What both streams show at one instant.

    Attributes:
        ir: infrared frame nearest in time.
        vis: visible frame nearest in time.
        again: both are those of the moment before.
    """

    ir: Frame
    vis: Frame
    again: bool = False


class Matching:
    """Moments at a steady rate, each of the two frames nearest to it in time.

    The first moment is the first instant that both streams show; the last one is the last. A
    stream's last frame lasts half a frame beyond its time.

    Args:
        ir: infrared frames in order of time.
        vis: visible frames.
        fps: moments per second.
        rates: frames per second of the two streams.
        offset: an infrared frame of second t belongs to second t + offset of the visible stream.
    """

    def __init__(
        self,
        ir: Iterator[Frame],
        vis: Iterator[Frame],
        *,
        fps: Fraction,
        rates: tuple[Fraction, Fraction],
        offset: float = 0.0,
    ) -> None:
        self._ir = Nearest(ir, 1.0 / float(rates[0]), offset)
        self._vis = Nearest(vis, 1.0 / float(rates[1]))
        self._fps = fps
        self.ended: tuple[str, ...] = ()
        self.seconds = 0.0  # of the result so far

    def __iter__(self) -> Iterator[Moment]:
        if self._ir.first is None or self._vis.first is None:
            self._note_end(self._ir.first, self._vis.first)
            return
        begun = max(self._ir.first, self._vis.first)
        before: tuple[Frame, Frame] | None = None
        number = 0
        while True:
            at = begun + float(number / self._fps)
            ir, vis = self._ir.at(at), self._vis.at(at)
            if ir is None or vis is None:
                self._note_end(ir, vis)
                return
            again = before is not None and before[0] is ir and before[1] is vis
            yield Moment(ir, vis, again)
            before = (ir, vis)
            number += 1
            self.seconds = float(number / self._fps)

    def _note_end(self, ir: object, vis: object) -> None:
        streams = (("infrared", ir), ("visible", vis))
        self.ended = tuple(name for name, frame in streams if frame is None)


class Nearest:
    """The frame of a stream nearest to instants that only ever move on; holds two frames."""

    def __init__(self, frames: Iterator[Frame], lasts: float, offset: float = 0.0) -> None:
        self._frames = frames
        self._half = 0.5 * lasts + 1e-6
        self._offset = offset
        self._now = next(frames, None)
        self._next = next(frames, None)

    @property
    def first(self) -> float | None:
        """When the stream begins; None if it holds nothing."""
        return None if self._now is None else self._now.seconds + self._offset

    def at(self, seconds: float) -> Frame | None:
        """The frame nearest to that instant; None when the stream has ended before it."""
        seconds -= self._offset
        while self._next is not None and self._now is not None:
            if abs(self._next.seconds - seconds) > abs(self._now.seconds - seconds):
                return self._now
            self._now, self._next = self._next, next(self._frames, None)
        over = self._now is None or seconds > self._now.seconds + self._half
        return None if over else self._now
