"""How much memory a fusion needs, weighed in a process of its own."""

import json
import resource
import subprocess
import sys
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # bytes there, KiB here


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.stdout.write(str(_weigh(given[0], tuple(given[1]))))
