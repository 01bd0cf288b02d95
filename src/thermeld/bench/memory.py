"""How much memory a fusion needs, weighed in a process of its own."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any


def peak_megabytes(settings: dict[str, Any], size: tuple[int, int]) -> float:
    """Most memory a process ever held that fused one pair twice: interpreter, packages and all.

    Args:
        settings: keyword arguments of `Fuser`.
        size: (H, W).
    """
    answer = subprocess.run(
        [sys.executable, "-m", "thermeld.bench.memory", json.dumps([settings, size])],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)


def _weigh(settings: dict[str, Any], size: tuple[int, int]) -> float:
    from thermeld.bench.timing import pair_of
    from thermeld.fuse import Fuser

    fuser = Fuser(**settings)
    ir, vis = pair_of(size)
    for _ in range(2):
        fuser(ir, vis)
    return _peak_bytes() / 1e6


def _peak_bytes() -> float:
    """Of this process since it began; Linux's ru_maxrss also counts the parent it came from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return 1024.0 * int(line.split()[1])
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # in bytes on macOS


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.stdout.write(str(_weigh(given[0], tuple(given[1]))))
