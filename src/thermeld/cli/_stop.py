"""Ctrl-C and SIGTERM as a wish to end well, not as an end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came: what Ctrl-C would do, with another exit code."""


def heed_sigterm() -> None:
    """Let SIGTERM end a command as Ctrl-C does, so that files are closed and workers ended."""
    if current_thread() is main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(which: int, frame: FrameType | None) -> None:
    raise Terminated


class Wish(Event):
    """Set when the user or the system asks to stop; `signal` says how."""

    signal: int = 0


@contextmanager
def stop_wish() -> Iterator[Wish]:
    """Within, the first SIGINT or SIGTERM sets the event; a second one acts as usual."""
    wish = Wish()
    if current_thread() is not main_thread():  # only there does Python take signals
        yield wish
        return
    usual = {which: signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)}

    def heed(which: int, frame: FrameType | None) -> None:
        wish.signal = which
        wish.set()
        for one, handler in usual.items():
            signal.signal(one, handler)

    for which in usual:
        signal.signal(which, heed)
    try:
        yield wish
    finally:
        for which, handler in usual.items():
            signal.signal(which, handler)
