"""What this machine can do at best: arithmetic by a large matrix product, memory by a large copy.

Source: Williams, Waterman & Patterson, "Roofline: An Insightful Visual Performance Model",
CACM 52(4), 2009.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from thermeld.bench.work import Work
from thermeld.methods.calibrate import processor
from thermeld.methods.runtimes import has_bfloat16
from thermeld.registry import need

if TYPE_CHECKING:
    from thermeld.bench.timing import Contestant

SIDE = 1536  # of the matrices; 7 GFLOP a product
COPY_BYTES = 256 * 2**20  # far more than caches hold on most machines
ROUNDS = 6
# Read when numpy is loaded, so a child process gets them.
THREAD_NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Machine:
    """A processor and its measured peaks.

    Attributes:
        processor: its name and cores.
        gigaflops: of float32, by number of threads; a multiply-add counts as two.
        gigaflops_bfloat16: likewise; empty where there is no such arithmetic or no OpenVINO.
        gigabytes_per_s: read and written by a copy, by number of threads.
    """

    processor: str
    gigaflops: dict[int, float]
    gigaflops_bfloat16: dict[int, float]
    gigabytes_per_s: dict[int, float]

    def share(
        self, work: Work, seconds: float, contestant: "Contestant"
    ) -> tuple[str, float] | tuple[None, None]:
        """Which peak bounds some work, and the share of it that was reached.

        `seconds` are those of the processor, over all threads.
        """
        # Processor seconds of all threads are compared with the peak of one.
        low = "bfloat16" in contestant.engine
        peaks = self.gigaflops_bfloat16 if low else self.gigaflops
        threads = contestant.threads
        if threads not in peaks:
            return None, None
        bytes_moved = work.bytes / 2 if low else work.bytes  # numbers of two bytes
        needed = {
            "arithmetic": 2e-9 * work.macs * threads / peaks[threads],
            "memory": 1e-9 * bytes_moved * threads / self.gigabytes_per_s[threads],
        }
        bound = max(needed, key=needed.__getitem__)
        return bound, needed[bound] / seconds


def measured_machine(threads: tuple[int, ...]) -> Machine:
    """Measure the peaks, each number of threads in a process of its own; a few seconds each."""
    found = {count: _in_child(count) for count in threads}
    return Machine(
        processor(),
        {count: peaks["float32"] for count, peaks in found.items()},
        {count: peaks["bfloat16"] for count, peaks in found.items() if peaks["bfloat16"]},
        {count: peaks["copy"] for count, peaks in found.items()},
    )


def _in_child(threads: int) -> dict[str, float]:
    environment = os.environ | dict.fromkeys(THREAD_NAMES, str(threads))
    answer = subprocess.run(
        [sys.executable, "-m", "thermeld.bench.machine", str(threads)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    peaks: dict[str, float] = json.loads(answer.stdout)
    return peaks


def _peaks(threads: int) -> dict[str, float]:
    return {
        "float32": _product_gigaflops(threads),
        "bfloat16": _bfloat16_gigaflops(threads) if has_bfloat16() else 0.0,
        "copy": _copy_gigabytes(threads),
    }


def _product_gigaflops(threads: int) -> float:
    left = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    right, result = left.T.copy(), np.empty_like(left)
    return 2e-9 * SIDE**3 * threads / _least(lambda: np.matmul(left, right, out=result))


def _bfloat16_gigaflops(threads: int) -> float:
    openvino: Any = need("openvino", "openvino")
    operations: Any = need("openvino.opset13", "openvino")
    rng = np.random.default_rng(0)
    entry = operations.parameter([SIDE, SIDE], np.float32)
    weights = operations.constant(rng.random((SIDE, SIDE), np.float32))
    options = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": threads}
    model = openvino.Model([operations.matmul(entry, weights, False, False)], [entry])
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    given = [rng.random((SIDE, SIDE), np.float32)]
    return 2e-9 * SIDE**3 * threads / _least(lambda: request.infer(given, share_inputs=True))


def _copy_gigabytes(threads: int) -> float:
    """Threads copy a share each; numpy lets go of the interpreter while it copies."""
    from concurrent.futures import ThreadPoolExecutor

    source = np.ones(COPY_BYTES // 4, np.float32)
    target = np.zeros_like(source)
    parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:

        def copy() -> None:
            list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), parts))

        return 2e-9 * COPY_BYTES * threads / _least(copy)


def _least(work: Callable[[], Any]) -> float:
    """Least processor seconds of a call, over all threads."""
    work()
    taken = []
    for _ in range(ROUNDS):
        start = process_time()
        work()
        taken.append(process_time() - start)
    return min(taken)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_peaks(int(sys.argv[1]))))
