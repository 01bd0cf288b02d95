"""A stream read ahead in a thread of its own, a few frames and no more."""

import time
from collections import deque
from collections.abc import Iterator
from threading import Condition, Event, Thread

from thermeld.errors import FusionError
from thermeld.io.video import Facts, Frame, Source
from thermeld.video.job import TOLD

AHEAD = 4  # frames; 4 MB each at 1280x1024 in colour


class ReadAhead:
    """Frames of a source, decoded while the last ones are worked on.

    A recording waits until its frames are taken; of a live source the oldest is dropped instead.
    The source is closed when it ends or when this is closed.

    Args:
        source: to be read by nobody else.
        stop: once set, the frames end.
    """

    def __init__(self, source: Source, stop: Event) -> None:
        self.facts: Facts = source.facts
        self.problems: list[str] = []
        self.broken = 0
        self.dropped = 0
        self.busy_s = 0.0
        self._source = source
        self._stop = stop
        self._closed = False
        self._ended = False
        self._failure: FusionError | None = None
        self._frames: deque[Frame] = deque()
        self._change = Condition()
        self._thread = Thread(target=self._read, name=f"reading {source.facts.name}", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self._take()) is not None:
            yield frame

    def close(self) -> None:
        """End the reading; waits for the frame that is being decoded."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join(timeout=15.0)  # a dead network camera ends by its own time limit

    def _take(self) -> Frame | None:
        with self._change:
            while not self._frames:
                if self._failure is not None:
                    raise self._failure
                if self._ended or self._stop.is_set():
                    return None
                self._change.wait(0.2)  # also to see `stop`
            frame = self._frames.popleft()
            self._change.notify_all()
            return frame

    def _read(self) -> None:
        try:
            frames = iter(self._source)
            while not self._closed:
                begun = time.perf_counter()
                frame = next(frames, None)
                self.busy_s += time.perf_counter() - begun
                if frame is None:
                    break
                self._note(frame)
                self._put(frame)
        except FusionError as error:
            self._failure = error
        finally:
            self._source.close()
            with self._change:
                self._ended = True
                self._change.notify_all()

    def _note(self, frame: Frame) -> None:
        if frame.pixels is None:
            self.broken += 1
            if len(self.problems) < TOLD:
                self.problems.append(frame.problem)

    def _put(self, frame: Frame) -> None:
        with self._change:
            while len(self._frames) >= AHEAD and not self._closed:
                if self.facts.live:
                    self._frames.popleft()
                    self.dropped += 1
                else:
                    self._change.wait(1.0)
            self._frames.append(frame)
            self._change.notify_all()
