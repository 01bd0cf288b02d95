"""Two live streams through one Fuser, always the newest pair: what is too late is left out."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from threading import Event
from typing import Any

import numpy as np

from thermeld.errors import BadSetting, FusionError
from thermeld.fuse import Fuser
from thermeld.image import Stored
from thermeld.io.video import Frame, Source
from thermeld.video.aligning import fixed_alignment
from thermeld.video.feed import Feed
from thermeld.video.steadying import Steady

STALE_S = 1.0  # a partner further away in time is no partner
WAIT_S = 0.25  # after which a wish to stop is seen
REMEMBERED = 30  # frames over which rate and latency are told
FEW_FPS = Fraction(10)  # assumed for the slowness of the window; cameras vary


@dataclass(frozen=True)
class LiveFrame:
    """One fused picture.

    Attributes:
        pixels: as `Fuser` gives them.
        number: how many were fused before it.
        latency_ms: from the arrival of the later of its two frames until now.
        apart_ms: between the arrivals of the two, offset taken into account.
    """

    pixels: Stored
    number: int
    latency_ms: float
    apart_ms: float


class Live:
    """Fuses the newest frames of two streams, one pair after the other.

    Args:
        fuser: does the fusing.
        ir: opens the infrared stream, whose frames are stamped with this machine's clock.
        vis: opens the visible stream.
        offset: seconds that the infrared frame shown with a visible one must arrive before it.
        again: whether each stream, infrared and visible, is opened again when it stops.
        stop: once set, all ends.
    """

    def __init__(
        self,
        fuser: Fuser,
        ir: Callable[[], Source],
        vis: Callable[[], Source],
        *,
        offset: float = 0.0,
        again: tuple[bool, bool] = (True, True),
        stop: Event | None = None,
    ) -> None:
        if not abs(offset) <= 1.0:
            raise BadSetting(f"live streams may be at most 1 s apart, got {offset:g} s")
        self.stop = stop or Event()
        self.ir = Feed(ir, name="infrared", stop=self.stop, again=again[0])
        self.vis = Feed(vis, name="visible", stop=self.stop, again=again[1])
        self.failed = 0
        self.problem = ""
        self.note = ""  # how the two were aligned, if that was found here
        self._offset = offset
        self._fuser = fuser
        self._steady: Steady | None = None
        self._recent: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)  # when, latency
        self._number = 0

    def __iter__(self) -> Iterator[LiveFrame]:
        """Fused pictures as they come, until both cannot go on or `stop` is set.

        A pair that cannot be fused is counted and left out.
        """
        self.ir.start()
        self.vis.start()
        shown = -1.0
        try:
            while not self.stop.is_set():
                newest = self.vis.after(shown, WAIT_S)
                pair = None if newest is None else self._pair(newest.seconds)
                if newest is not None and pair is not None:
                    shown = newest.seconds
                    yield from self._fused(*pair)
                elif (newest is None and self.vis.ended) or self.ir.ended:
                    return
                elif newest is not None:
                    self.stop.wait(0.01)  # a visible frame, but no infrared yet
        finally:
            self.stop.set()
            self.ir.join()
            self.vis.join()

    def _pair(self, now: float) -> tuple[Frame, Frame] | None:
        """The frames to be shown together at this time; None while the infrared has none."""
        vis = self.vis.nearest(now - max(0.0, -self._offset))
        ir = self.ir.nearest(now - max(0.0, self._offset))
        if vis is None or ir is None or abs(self._apart_s(ir, vis)) > STALE_S:
            return None
        return ir, vis

    def _apart_s(self, ir: Frame, vis: Frame) -> float:
        return vis.seconds - ir.seconds - self._offset

    def _fused(self, ir: Frame, vis: Frame) -> Iterator[LiveFrame]:
        assert ir.pixels is not None
        assert vis.pixels is not None
        try:
            if self._steady is None:
                fuser, self.note = fixed_alignment(self._fuser, ir.pixels, vis.pixels)
                self._steady = Steady(fuser, FEW_FPS)
            fused = self._steady.for_frame(ir.pixels)(ir.pixels, vis.pixels)
        except FusionError as error:
            self.failed += 1
            self.problem = str(error)
            return
        now = time.monotonic()
        latency_s = now - max(ir.seconds, vis.seconds)
        self._recent.append((now, latency_s))
        yield LiveFrame(fused, self._number, 1e3 * latency_s, 1e3 * self._apart_s(ir, vis))
        self._number += 1

    def status(self) -> dict[str, Any]:
        """How it goes, as plain values."""
        recent = tuple(self._recent)
        spans = np.diff([when for when, _ in recent])
        latency = np.median([late for _, late in recent]) if recent else None
        return {
            "fps": round(float(1.0 / spans.mean()), 2) if len(spans) else None,
            "latency_ms": None if latency is None else round(1e3 * float(latency), 1),
            "fused": self._number,
            "failed": self.failed,
            "problem": self.problem,
            "note": self.note,
            "infrared": _state(self.ir),
            "visible": _state(self.vis),
        }


def _state(feed: Feed) -> dict[str, Any]:
    return {
        "state": feed.state,
        "frames": feed.frames,
        "broken": feed.broken,
        "connections": feed.connections,
    }
