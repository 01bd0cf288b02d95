"""A live stream kept up: the newest frames and no others, and connected again when it stops."""

import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Event, Thread

from thermeld.errors import FusionError
from thermeld.io.video import Frame, Source

KEPT_S = 1.5  # from which the partner nearest in time is chosen
KEPT = 64  # frames at most, which is less than that of cameras above 43 fps
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 10.0  # a connection that held so long was a good one: wait little again


class Feed:
    """The newest frames of a stream, read in a thread of its own.

    Args:
        opening: opens the stream, and again when it has stopped.
        name: for people: "infrared" or "visible".
        stop: once set, the reading ends.
        again: open a stream that has stopped again, each time after twice the wait, at most
            half a minute; else its end is the end of the feed.
    """

    def __init__(
        self, opening: Callable[[], Source], *, name: str, stop: Event, again: bool
    ) -> None:
        self.name = name
        self.state = "connecting"
        self.frames = 0
        self.broken = 0
        self.connections = 0
        self._opening = opening
        self._stop = stop
        self._again = again
        self._kept: deque[Frame] = deque(maxlen=KEPT)
        self._change = Condition()
        self._thread = Thread(target=self._keep_up, name=f"{name} feed", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def join(self, timeout_s: float = 15.0) -> None:
        """Wait until the stream is closed; `stop` must have been set."""
        self._thread.join(timeout_s)

    @property
    def ended(self) -> bool:
        """Nothing will come any more."""
        return self.state.startswith("ended")

    def after(self, seconds: float, wait_s: float) -> Frame | None:
        """The newest frame if it is later than `seconds`, waiting for one for a while."""
        with self._change:
            self._change.wait_for(lambda: self.ended or self._newer(seconds), wait_s)
            return self._kept[-1] if self._newer(seconds) else None

    def nearest(self, seconds: float) -> Frame | None:
        """The kept frame nearest to that time; None before the first and while disconnected."""
        with self._change:
            return min(self._kept, key=lambda one: abs(one.seconds - seconds), default=None)

    def _newer(self, seconds: float) -> bool:
        return bool(self._kept) and self._kept[-1].seconds > seconds

    def _keep_up(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            begun = time.monotonic()
            reason = self._read_once()
            if not self._again:
                self._set(f"ended: {reason}", forget=False)
                return
            if time.monotonic() - begun > STEADY_S:
                wait_s = FIRST_WAIT_S
            self._set(f"lost: {reason}; connecting again in {wait_s:g} s", forget=True)
            self._stop.wait(wait_s)
            wait_s = min(2.0 * wait_s, LONGEST_WAIT_S)
        self._set("ended: stopped", forget=True)

    def _read_once(self) -> str:
        """Read until the stream stops, and say why it did."""
        try:
            source = self._opening()
        except FusionError as error:
            return str(error)
        reason = "it came to its end"
        try:
            self.connections += 1
            self._set("running", forget=False)
            for frame in source:
                if self._stop.is_set():
                    return "stopped"
                if frame.pixels is None:
                    self.broken += 1
                    reason = frame.problem
                else:
                    self._keep(frame)
                    reason = "it came to its end"
        except FusionError as error:
            return str(error)
        finally:
            source.close()
        return reason

    def _keep(self, frame: Frame) -> None:
        with self._change:
            self._kept.append(frame)
            while frame.seconds - self._kept[0].seconds > KEPT_S:
                self._kept.popleft()
            self.frames += 1
            self._change.notify_all()

    def _set(self, state: str, *, forget: bool) -> None:
        with self._change:
            self.state = state
            if forget:  # an old picture must not pass for a live one
                self._kept.clear()
            self._change.notify_all()
