"""Who is inside, who is in work: bounded places, and threads that do the work.

One process serves all cores: each request in work runs in one thread of a pool, its network on
one thread of its own. All counting happens in the event loop, so nothing is locked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from threading import Event
from typing import Any, TypeVar

from thermeld.serve.limits import Limits
from thermeld.serve.problems import ClientGone, Problem

T = TypeVar("T")
MOST_RETRY_S = 60


class Held:
    """Bytes of a request in memory, counted against those of all.

    Raises:
        Problem: 503, on adding more than there is room for.
    """

    def __init__(self, places: "Places") -> None:
        self._places = places
        self.size = 0

    def add(self, count: int) -> None:
        """Count so many more."""
        if self._places.held + count > self._places.limits.held_bytes:
            raise self._places.busy("holds as many pictures as it has memory for")
        self._places.held += count
        self.size += count


class Stop(Event):
    """Set when nobody waits for a piece of work any more."""

    def require_wanted(self) -> None:
        """Leave the work where it stands if so.

        Raises:
            ClientGone: nobody waits.
        """
        if self.is_set():
            raise ClientGone


class Visit:
    """One request inside: its bytes, and its work once there is any."""

    def __init__(self, places: "Places") -> None:
        self._places = places
        self.held = Held(places)
        self.work: Future[Any] | None = None

    async def run(
        self, job: Callable[[Stop], T], gone: Callable[[], Awaitable[Any]], *, seconds: float
    ) -> T:
        """Do a piece of work in a thread of the pool.

        Args:
            job: the work; it looks at the given `Stop` between its steps.
            gone: ends when the client has left.
            seconds: that it may wait and work.

        Raises:
            ClientGone: the client left; waiting work is dropped, begun work ends at its next step.
            Problem: 503, it took too long.
        """
        stop = Stop()
        submitted = self.work = self._places.submit(job, stop)
        working: asyncio.Future[T] = asyncio.wrap_future(submitted)
        leaving = asyncio.ensure_future(gone())
        try:
            done, _ = await asyncio.wait(
                {working, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if working in done:
                return working.result()
            if leaving in done:
                raise ClientGone
            raise self._places.busy(f"could not answer within {seconds:g} s", kind="TooSlow")
        finally:
            stop.set()
            leaving.cancel()
            if not working.done():
                working.add_done_callback(_look_at)
                submitted.cancel()


def _look_at(working: "asyncio.Future[Any]") -> None:
    """Work nobody waits for may end in any way; asyncio would complain of one not looked at."""
    if not working.cancelled():
        working.exception()


class Places:
    """The places of a service.

    Args:
        limits: how many there are.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0
        self.held = 0
        self.in_work = 0
        self._of: Counter[str] = Counter()
        self.usual_s = 0.2  # what a piece of work takes, as of late
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="fuse")

    @contextmanager
    def visit(self, client: str) -> Iterator[Visit]:
        """A place for one request; begun work holds it until the thread is free.

        Raises:
            Problem: 429 this client has too many already; 503 all places are taken, or what is
                under way would keep it waiting for too long.
        """
        most = self.limits.per_client
        if most and self._of[client] >= most:
            raise Problem(
                429,
                f"{most} requests of yours are being answered, the most for one client; wait for "
                "one to end",
                retry_s=self.retry_s(),
            )
        if self.inside >= self.limits.workers + self.limits.waiting:
            raise self.busy("is answering as many requests as it takes at once")
        if self.inside >= self.limits.workers and self._wait_s() > self.limits.request_s:
            raise self.busy("has more under way than it could answer in time")
        self.inside += 1
        self._of[client] += 1
        visit = Visit(self)
        loop = asyncio.get_running_loop()
        try:
            yield visit
        finally:
            if visit.work is None or visit.work.done():
                self._leave(client, visit)
            else:
                visit.work.add_done_callback(
                    lambda _: loop.call_soon_threadsafe(self._leave, client, visit)
                )

    def submit(self, job: Callable[[Stop], T], stop: Stop) -> Future[T]:
        """Work for the pool, first come, first served."""
        loop = asyncio.get_running_loop()

        def timed() -> T:
            loop.call_soon_threadsafe(self._begin)
            begun = time.perf_counter()
            try:
                stop.require_wanted()
                return job(stop)
            finally:
                loop.call_soon_threadsafe(self._ended, time.perf_counter() - begun)

        return self._pool.submit(timed)

    def busy(self, what: str, *, kind: str = "Busy") -> Problem:
        """503: the service ...; try again later."""
        retry = self.retry_s()
        return Problem(503, f"the service {what}; try again in {retry} s", retry_s=retry, kind=kind)

    def retry_s(self) -> int:
        """When there is likely to be a place again."""
        return min(max(1, ceil(self._wait_s())), MOST_RETRY_S)

    def close(self) -> None:
        """Wait for begun work and end the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _wait_s(self) -> float:
        """How long a request that came now would take, by what others took."""
        return self.usual_s * (self.inside + 1) / self.limits.workers

    def _begin(self) -> None:
        self.in_work += 1

    def _ended(self, seconds: float) -> None:
        self.in_work -= 1
        self.usual_s += 0.2 * (seconds - self.usual_s)

    def _leave(self, client: str, visit: Visit) -> None:
        self.inside -= 1
        self.held -= visit.held.size
        self._of[client] -= 1
        if not self._of[client]:
            del self._of[client]  # or every address ever seen would be kept
