"""Two streams through one Fuser into a video: decoding, fusing and encoding side by side.

Every stage holds a few frames, so memory does not grow with length. Frames keep their order.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from threading import Event

from thermeld.errors import BadSetting, FusionError, UnreadableFile
from thermeld.fuse import Fuser
from thermeld.image import Gray, Stored
from thermeld.io.video import Source, VideoWriter, is_endless, open_source, require_video_target
from thermeld.video.aligning import fixed_alignment
from thermeld.video.flicker import Flicker
from thermeld.video.job import VideoJob, VideoReport
from thermeld.video.matching import Matching, Moment
from thermeld.video.offset import Offset, estimate_offset, motion
from thermeld.video.reading import ReadAhead
from thermeld.video.settling import Settling, added_by_fusion
from thermeld.video.steadying import Steady

QUEUED = 2  # fused frames that wait for the encoder
NOTHING_YET = "stopped before the first frame; there is no result"


def fuse_video(
    fuser: Fuser,
    job: VideoJob,
    *,
    stop: Event | None = None,
    on_start: Callable[[int | None], None] | None = None,
    on_frame: Callable[[VideoReport], None] | None = None,
) -> VideoReport:
    """Fuse two streams frame by frame.

    A frame that cannot be read or fused is counted, and the fused frame before it shown again.

    Args:
        fuser: does the fusing; called from `job.workers` threads.
        job: what to make.
        stop: once set, the video is ended properly with what is there.
        on_start: told how many frames to expect, None if unknown.
        on_frame: told after every frame.

    Raises:
        FusionError: before any work: see `VideoJob.require_apart` and `VideoWriter`; a stream
            cannot be opened, the offset not estimated, the first good pair not fused. Later: no
            pair was good, or the result cannot be written.
    """
    begun = time.perf_counter()
    stop = stop or Event()
    job.require_apart()
    require_video_target(job.out, job.overwrite)
    offset = _offset(job, stop)
    with ExitStack() as opened:
        ir, vis = _read_both(job, opened, stop, gray=fuser.color != "per-channel")
        fps = job.fps or vis.facts.fps
        rates = (ir.facts.fps, vis.facts.fps)
        writer = VideoWriter(job.out, fps, overwrite=job.overwrite, backend=job.backend)
        report = VideoReport(job.out, writer.codec, fps, offset=offset)
        if on_start:
            on_start(_expected(job, ir, vis, fps, offset.seconds))
        matching = Matching(iter(ir), iter(vis), fps=fps, rates=rates, offset=offset.seconds)
        run = _Run(fuser, job, report, writer, on_frame)
        run.through(_limited(matching, job, stop))
        report.stopped = stop.is_set()
        report.busy_s = {"decode": ir.busy_s + vis.busy_s} | report.busy_s
        _tell(report, matching, {"infrared": ir, "visible": vis})
    report.seconds = time.perf_counter() - begun
    return report


def _offset(job: VideoJob, stop: Event) -> Offset:
    if job.offset is not None:
        return Offset(job.offset, 1.0)
    if is_endless(job.ir) or is_endless(job.vis):
        raise BadSetting("--offset auto needs recordings; for cameras state --offset SECONDS")
    motions = []
    for source in _sources(job, gray=True):
        try:
            motions.append(motion(takewhile(lambda _: not stop.is_set(), source)))
        finally:
            source.close()
    if stop.is_set():
        raise UnreadableFile(NOTHING_YET)
    return estimate_offset(*motions)


def _sources(job: VideoJob, *, gray: bool) -> Iterator[Source]:
    """Infrared (as one plane if `gray`) and visible, opened one after the other."""
    rate = job.frames_fps or _rate_of_the_video(job)
    live = is_endless(job.ir) or is_endless(job.vis)
    for where, one_plane in ((job.ir, gray), (job.vis, False)):
        yield open_source(
            where, gray=one_plane, frames_fps=rate, realtime=live, backend=job.backend
        )


def _rate_of_the_video(job: VideoJob) -> Fraction | None:
    """The rate of the one stream that states one, if the other is a folder of frames."""
    folders = [Path(where).is_dir() for where in (job.ir, job.vis)]
    if sum(folders) != 1:
        return None
    source = open_source(job.vis if folders[0] else job.ir, backend=job.backend)
    source.close()
    return source.facts.fps


def _read_both(
    job: VideoJob, opened: ExitStack, stop: Event, *, gray: bool
) -> tuple[ReadAhead, ReadAhead]:
    ahead = []
    for source in _sources(job, gray=gray):
        ahead.append(ReadAhead(source, stop))
        opened.callback(ahead[-1].close)
    return ahead[0], ahead[1]


def _expected(
    job: VideoJob, ir: ReadAhead, vis: ReadAhead, fps: Fraction, offset: float
) -> int | None:
    limits = [] if job.most_s is None else [job.most_s]
    irs, viss = (float((one.facts.count or 0) / one.facts.fps) for one in (ir, vis))
    if irs and viss:
        limits.append(min(viss, irs + offset) - max(0.0, offset))
    return max(0, round(min(limits) * float(fps))) if limits else None


def _limited(matching: Matching, job: VideoJob, stop: Event) -> Iterator[Moment]:
    for moment in matching:
        if stop.is_set() or (job.most_s is not None and matching.seconds >= job.most_s):
            return
        yield moment


@dataclass(frozen=True)
class _Fused:
    """A fused frame and what it was made from."""

    pixels: Stored
    added: Gray | None
    ir: Stored
    vis: Stored
    fuser: Fuser
    seconds: float


@dataclass(frozen=True)
class _Pending:
    """A moment in work: being fused, in trouble, or (neither) the same as before."""

    future: Future[_Fused] | None = None
    problem: str = ""


class _Run:
    """The moving parts of one run."""

    def __init__(
        self,
        fuser: Fuser,
        job: VideoJob,
        report: VideoReport,
        writer: VideoWriter,
        on_frame: Callable[[VideoReport], None] | None,
    ) -> None:
        self._job = job
        self._report = report
        self._writer = writer
        self._on_frame = on_frame
        self._fuser = fuser
        self._steady: Steady | None = None
        self._settling = Settling(job.settle_s, float(report.fps))
        self._flicker = Flicker()
        self._pool = ThreadPoolExecutor(job.workers, thread_name_prefix="fusing")
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoding")
        self._encoding: deque[Future[None]] = deque()
        self._last: Stored | None = None
        self._fuse_s = 0.0
        self._encode_s = 0.0

    def through(self, moments: Iterable[Moment]) -> None:
        """Fuse and write all moments."""
        with self._writer, self._encoder, self._pool:
            pending: deque[_Pending] = deque()
            for moment in moments:
                pending.append(self._start(moment))
                if len(pending) > self._job.workers:
                    self._finish(pending.popleft())
            for late in pending:
                self._finish(late)
            while self._encoding:
                self._encoding.popleft().result()
            self._report.notes += self._writer.notes
        self._report.flicker = self._flicker.ratio if self._job.flicker else None
        self._report.busy_s = {"fuse": self._fuse_s, "encode": self._encode_s}

    def _start(self, moment: Moment) -> _Pending:
        for name, frame in (("infrared", moment.ir), ("visible", moment.vis)):
            if frame.pixels is None:
                return _Pending(problem=f"{name}: {frame.problem}")
        if moment.again:
            return _Pending()
        ir, vis = moment.ir.pixels, moment.vis.pixels
        assert ir is not None
        assert vis is not None
        try:
            fuser = self._prepared(ir, vis).for_frame(ir)
        except FusionError as error:
            return _Pending(problem=f"infrared: {error}")
        return _Pending(self._pool.submit(self._fuse, ir, vis, fuser))

    def _prepared(self, ir: Stored, vis: Stored) -> Steady:
        if self._steady is None:
            fuser, note = fixed_alignment(self._fuser, ir, vis)
            self._report.notes += [note] if note else []
            self._steady = Steady(fuser, self._report.fps)
        return self._steady

    def _fuse(self, ir: Stored, vis: Stored, fuser: Fuser) -> _Fused:
        begun = time.perf_counter()
        fused = fuser(ir, vis)
        added = added_by_fusion(fuser, ir, vis, fused) if self._settling.needed else None
        return _Fused(fused, added, ir, vis, fuser, time.perf_counter() - begun)

    def _finish(self, pending: _Pending) -> None:
        problem = pending.problem
        if pending.future is not None:
            problem = self._take(pending.future)
        if problem:
            self._report.trouble(problem)
            if self._last is None:
                self._report.skipped += 1
                return
            self._report.repeated += 1
        if self._last is not None:  # else the same as a broken one that was left out
            self._write(self._last)

    def _take(self, future: Future[_Fused]) -> str:
        """Make a fused frame the last one, or say what is wrong with it."""
        try:
            made = future.result()
        except FusionError as error:
            if self._last is None:
                raise  # wrong settings rather than a bad frame
            return str(error)
        self._fuse_s += made.seconds
        if self._last is not None and made.pixels.shape != self._last.shape:
            return f"the size changed to {made.pixels.shape[1]}x{made.pixels.shape[0]}"
        shown = made.pixels if made.added is None else self._settling(made.pixels, made.added)
        if self._job.flicker:
            self._flicker.add(made.fuser.infrared(made.ir), made.vis, shown)
        self._last = shown
        return ""

    def _write(self, pixels: Stored) -> None:
        self._encoding.append(self._encoder.submit(self._encode, pixels))
        while len(self._encoding) > QUEUED:
            self._encoding.popleft().result()
        self._report.frames += 1
        self._report.size = (pixels.shape[0], pixels.shape[1])
        if self._on_frame:
            self._on_frame(self._report)

    def _encode(self, pixels: Stored) -> None:
        begun = time.perf_counter()
        self._writer.write(pixels)
        self._encode_s += time.perf_counter() - begun


def _tell(report: VideoReport, matching: Matching, streams: dict[str, ReadAhead]) -> None:
    """Say what the result lacks and why it ends.

    Raises:
        UnreadableFile: there is no result.
    """
    for name, stream in streams.items():
        for problem in stream.problems:
            report.trouble(f"{name}: {problem}")
        if stream.dropped:
            report.notes.append(f"{stream.dropped} {name} frames came faster than they were fused")
        if stream.facts.audio:
            report.notes.append(f"the sound of the {name} stream is left out")
    if not report.frames and report.stopped:
        raise UnreadableFile(NOTHING_YET)
    if not report.frames:
        raise UnreadableFile(
            "the streams share no good pair of frames"
            + (f" ({report.problems[0]})" if report.problems else "")
            + "; check both files, and --offset if one was given"
        )
    if len(matching.ended) == 1 and not report.stopped:
        report.notes.append(
            f"the {matching.ended[0]} stream is the shorter one; the result ends with it, after "
            f"{float(report.frames / report.fps):.2f} s"
        )
