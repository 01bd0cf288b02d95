"""One image fused and scored; many at a time."""

import math
import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from itertools import islice
from multiprocessing.connection import wait as wait_for
from threading import Thread, current_thread, main_thread
from typing import Any

import cv2
import numpy as np

from thermeld.data.results import DONE
from thermeld.data.sets import labels_of
from thermeld.errors import FusionError
from thermeld.evaluate.journal import line_of
from thermeld.evaluate.plan import Task
from thermeld.fuse import Fuser, resized
from thermeld.image import (
    Stored,
    eight_bits,
    require_same_size,
    thermal_window,
    to_depth,
    unit,
)
from thermeld.io import read_image
from thermeld.metrics import score
from thermeld.registry import find_metric

# A method is on trial here: if its arithmetic breaks down on one image, that is a result.
BREAKDOWNS = (ArithmeticError, ValueError, IndexError, cv2.error)


def work_through(tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Measure tasks, `jobs` at a time, giving each with its line of the journal as it ends.

    Raises:
        FusionError: a worker process died.
    """
    if jobs == 1:
        yield from ((task, measure(task)) for task in tasks)
        return
    waiting = iter(tasks)
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker)
    running: dict[Future[dict[str, Any]], Task] = {}
    try:
        with _undisturbed():
            running |= {pool.submit(measure, task): task for task in islice(waiting, 2 * jobs)}
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield running.pop(future), future.result()
                with _undisturbed():
                    running |= {pool.submit(measure, task): task for task in islice(waiting, 1)}
    except BrokenProcessPool as error:
        raise FusionError(
            "a worker process died, perhaps for want of memory; what was done is kept, "
            "run the same command again with --jobs 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait until a worker that is being started has been sent all it needs."""
    if current_thread() is not main_thread():  # signals are heard in the main thread alone
        yield
        return
    came: list[int] = []
    wishes = (signal.SIGINT, signal.SIGTERM)
    usual = {which: signal.signal(which, lambda number, _: came.append(number)) for which in wishes}
    try:
        yield
    finally:
        for which, handler in usual.items():
            signal.signal(which, handler or signal.SIG_DFL)
        for number in came:
            signal.raise_signal(number)


def _start_worker() -> None:
    """One thread a process, and an end when the parent ends, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def measure(task: Task) -> dict[str, Any]:
    """Fuse and score one image: a line of the journal, also where it fails."""
    record = line_of(task)
    try:
        ir, vis = _sources(task)
        fused, record["seconds"] = _fused(task, ir, vis)
        record["pixels"] = fused.shape[0] * fused.shape[1]
        shown = to_depth(unit(ir, window=thermal_window(task.window)(ir.dtype)), np.uint8)
        values = _values(task, shown, eight_bits(vis), fused)
    except (FusionError, MemoryError) as error:
        reason = str(error) or "not enough memory; use fewer processes (--jobs 1)"
        return {**record, "error": " ".join(reason.split())}
    finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
    return {**record, "state": DONE, "values": finite}


def _values(task: Task, ir: Stored, vis: Stored, fused: Stored) -> dict[str, float]:
    """All that the task asks; not a number for what needs labels where there are none."""
    needing = {name for name in task.metrics if find_metric(name).card.labelled}
    path = labels_of(task.pair) if needing else None
    labels = None if path is None else read_image(path).pixels
    names = [name for name in task.metrics if labels is not None or name not in needing]
    known = score(ir, vis, fused, labels=labels, metrics=names, convention=task.convention)
    return {name: known.get(name, math.nan) for name in task.metrics}


def _sources(task: Task) -> tuple[Stored, Stored]:
    """Both sources as stored, without alpha, of one size."""
    ir, vis = read_image(task.pair.ir).pixels, read_image(task.pair.vis).pixels
    if task.fit == "vis":
        ir = resized(ir, vis.shape[:2])
    elif task.fit == "ir":
        vis = resized(vis, ir.shape[:2])
    require_same_size(ir, vis)
    return ir, vis


def _fused(task: Task, ir: Stored, vis: Stored) -> tuple[Stored, float | None]:
    entrant = task.entrant
    if entrant.given:
        return eight_bits(read_image(entrant.file(task.set, task.pair.stem)).pixels), None
    fuser = _fuser(entrant.method, entrant.color, task.window)
    begun = time.process_time()  # of this process alone, so that other work hardly counts
    try:
        fused = fuser(ir, vis)
    except BREAKDOWNS as error:
        name = type(error).__name__
        raise FusionError(f"{entrant.label} broke down on it: {name}: {error}") from error
    return eight_bits(fused), time.process_time() - begun


@cache
def _fuser(method: str, color: str, window: str) -> Fuser:
    return Fuser(method, color=color, window=window, threads=1)
