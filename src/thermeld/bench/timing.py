"""Contestants timed in turn, round after round, so that ratios hold on a busy machine.

Whatever else runs slows all of them alike if each is called once per round. The least time of
many rounds is the nearest to what the machine could do alone; median and 95th percentile tell
what a user of this machine meets.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.bench.machine import Machine
from thermeld.bench.memory import peak_megabytes
from thermeld.bench.work import Work
from thermeld.image import Stored

SIZES = ((256, 256), (480, 640), (1024, 1280), (1080, 1920), (2160, 3840))  # (H, W)
MIN_ROUNDS = 5

Fusion = Callable[[Stored, Stored], Stored]


@dataclass(frozen=True)
class Contestant:
    """Something that fuses a pair, and what is known about it.

    Attributes:
        label: in tables, as "mobilefuse".
        engine: as "onnxruntime float32".
        threads: of one call.
        build: makes the callable (ir uint8 (H, W), vis uint8 (H, W, 3)) -> fused.
        parameters: learned numbers.
        bytes: of its model file; 0 for a rule.
        work: arithmetic and memory traffic by (H, W), where it is known.
        child: settings with which a child process builds the same `Fuser`, to weigh its memory.
    """

    label: str
    engine: str
    threads: int
    build: Callable[[], Fusion]
    parameters: int = 0
    bytes: int = 0
    work: Callable[[tuple[int, int]], Work | None] = lambda size: None
    child: dict[str, Any] | None = None


@dataclass(frozen=True)
class Row:
    """One contestant at one size.

    Times are of one call, images in memory on both sides, in milliseconds; `cpu_ms` is the least
    processor time, all threads together, which other work on the machine inflates least.
    `of_peak` is the time that the machine would need at its measured peak, of arithmetic or of
    memory, whichever is the `bound`, as a share of the time taken.
    """

    label: str
    engine: str
    threads: int
    width: int
    height: int
    rounds: int
    least_ms: float
    cpu_ms: float
    median_ms: float
    p95_ms: float
    fps: float
    megapixels_per_s: float
    peak_mb: float | None
    parameters: int
    bytes: int
    gigamacs: float | None
    bound: str | None
    of_peak: float | None
    processor: str

    @property
    def key(self) -> tuple[str, str, int, int, int, str]:
        """What tells a row from others."""
        return (self.label, self.engine, self.threads, self.width, self.height, self.processor)


def run_group(
    contestants: list[Contestant],
    size: tuple[int, int],
    machine: Machine,
    *,
    rounds: int,
    limit_s: float,
    on_plan: Callable[[float], None] = lambda seconds: None,
) -> list[Row]:
    """Time contestants at one size.

    Args:
        contestants: all that are to be compared.
        size: (H, W).
        machine: for the shares of its peak.
        rounds: at most.
        limit_s: no round begins after so long, once five are done.
        on_plan: told how many seconds this will take, before it begins.
    """
    ir, vis = pair_of(size)
    fusions = [contestant.build() for contestant in contestants]
    once = 0.0
    for fusion in fusions:
        for _ in range(2):  # plans, buffers, graphs of fixed size
            begun = perf_counter()
            fusion(ir, vis)
        once += perf_counter() - begun
    on_plan(min(rounds * once, max(limit_s, MIN_ROUNDS * once)))
    times = _rounds(fusions, ir, vis, rounds, limit_s)
    return [
        _row(contestant, size, np.array(taken), machine)
        for contestant, taken in zip(contestants, times, strict=True)
    ]


def _rounds(
    fusions: list[Fusion], ir: Stored, vis: Stored, rounds: int, limit_s: float
) -> list[list[tuple[float, float]]]:
    """Wall and processor seconds of each call, by fusion."""
    taken: list[list[tuple[float, float]]] = [[] for _ in fusions]
    begun = perf_counter()
    for number in range(rounds):
        if number >= MIN_ROUNDS and perf_counter() - begun > limit_s:
            break
        for fusion, times in zip(fusions, taken, strict=True):
            start = perf_counter(), process_time()
            fusion(ir, vis)
            times.append((perf_counter() - start[0], process_time() - start[1]))
    return taken


def _row(
    contestant: Contestant, size: tuple[int, int], taken: NDArray[np.float64], machine: Machine
) -> Row:
    wall, cpu = taken.T
    median = float(np.median(wall))
    work = contestant.work(size)
    bound, share = machine.share(work, float(cpu.min()), contestant) if work else (None, None)
    return Row(
        contestant.label,
        contestant.engine,
        contestant.threads,
        size[1],
        size[0],
        len(taken),
        1e3 * float(wall.min()),
        1e3 * float(cpu.min()),
        1e3 * median,
        1e3 * float(np.percentile(wall, 95)),
        1 / median,
        size[0] * size[1] / median / 1e6,
        peak_megabytes(contestant.child, size) if contestant.child else None,
        contestant.parameters,
        contestant.bytes,
        work.macs / 1e9 if work else None,
        bound,
        share,
        machine.processor,
    )


def pair_of(size: tuple[int, int]) -> tuple[Stored, Stored]:
    """Infrared uint8 (H, W) and visible uint8 (H, W, 3): soft shapes and noise, always the same."""
    rng = np.random.default_rng(0)
    planes = []
    for channels in (1, 3):
        coarse = rng.integers(0, 256, (9, 12, channels), np.uint8)
        plane = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        noise = rng.integers(0, 9, plane.shape, np.uint8)
        planes.append(cv2.add(plane, noise))
    return planes[0], planes[1]


def finished_rows(path: Path) -> Iterator[Row]:
    """Rows of a file of JSON lines that an earlier run left; lines cut short are passed over."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield Row(**json.loads(line))
        except (ValueError, TypeError):  # the run was stopped while it wrote, or an older format
            continue


def append_rows(path: Path, rows: list[Row]) -> None:
    """Add rows to that file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
