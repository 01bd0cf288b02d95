"""What is asked of a video run, and what became of it."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from thermeld.errors import BadSetting
from thermeld.io.video import is_address, is_device, safe_name
from thermeld.video.offset import Offset
from thermeld.video.settling import SETTLE_S

TOLD = 3  # problems kept word for word


@dataclass(frozen=True)
class VideoJob:
    """Which streams to fuse, and into what.

    Attributes:
        ir: infrared stream, as `open_source` takes it.
        vis: visible stream.
        out: as `VideoWriter` takes it.
        fps: of the result; None for that of the visible stream.
        offset: an infrared frame of second t belongs to second t + offset of the visible stream;
            None to estimate it from motion.
        frames_fps: rate of numbered frames; None for that of the other stream, or 25.
        most_s: stop after so many seconds of video.
        overwrite: replace a file that is there.
        backend: as `open_source` takes it.
        workers: frames in fusion at once.
        settle_s: see `Settling`; 0 leaves frames as the method made them.
        flicker: measure the flicker too.
    """

    ir: str
    vis: str
    out: Path
    fps: Fraction | None = None
    offset: float | None = 0.0
    frames_fps: Fraction | None = None
    most_s: float | None = None
    overwrite: bool = False
    backend: str = "auto"
    workers: int = 1
    settle_s: float = SETTLE_S
    flicker: bool = False

    def __post_init__(self) -> None:
        for name, fps in (("fps", self.fps), ("rate of numbered frames", self.frames_fps)):
            if fps is not None and not 0 < fps <= 1000:
                raise BadSetting(f"{name} must lie in 0..1000 per second, got {float(fps):g}")
        if self.most_s is not None and not self.most_s > 0:
            raise BadSetting(f"a time limit must be positive, got {self.most_s:g} s")
        if self.workers < 1:
            raise BadSetting(f"workers must be at least 1, got {self.workers}")

    def require_apart(self) -> None:
        """Refuse one stream given twice, and a result that is one of the streams.

        Raises:
            BadSetting: with which.
        """
        if self.ir == self.vis or _same_file(self.ir, self.vis):
            raise BadSetting(f"{safe_name(self.ir)} is given as infrared and as visible; give two")
        for stream in (self.ir, self.vis):
            if _same_file(stream, str(self.out)):
                raise BadSetting(
                    f"{safe_name(stream)} is to be fused and cannot be the result too; name "
                    "another result"
                )


def _same_file(one: str, other: str) -> bool:
    if any(is_address(name) or is_device(name) for name in (one, other)):
        return False
    first, second = Path(one), Path(other)
    return first.exists() and second.exists() and first.samefile(second)


@dataclass
class VideoReport:
    """What became of a run.

    Attributes:
        out: the result.
        codec: as FFmpeg calls it; "png" for a folder of frames.
        fps: of the result.
        size: (H, W) of the result.
        frames: written.
        repeated: of these, those in whose place the frame before was shown again.
        skipped: broken ones before the first good one, which are left out.
        seconds: that the run took.
        offset: between the streams, given or estimated.
        flicker: of the fused frames against their sources', if it was measured.
        stopped: the run was ended from outside.
        problems: why frames were bad, the first few word for word.
        notes: what the result lacks and why it ends, one sentence each.
        busy_s: seconds that each stage worked, summed over its threads; they overlap.
    """

    out: Path
    codec: str
    fps: Fraction
    size: tuple[int, int] = (0, 0)
    frames: int = 0
    repeated: int = 0
    skipped: int = 0
    seconds: float = 0.0
    offset: Offset = field(default_factory=lambda: Offset(0.0, 1.0))
    flicker: float | None = None
    stopped: bool = False
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    busy_s: dict[str, float] = field(default_factory=dict)

    def trouble(self, problem: str) -> None:
        """Keep a problem if it is new and among the first few."""
        if len(self.problems) < TOLD and problem not in self.problems:
            self.problems.append(problem)
