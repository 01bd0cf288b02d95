"""Is the engine that `auto` chooses the fastest? Fails where it is more than 10 % slower.

    python benchmarks/runtime_choice.py [--threads 1]

For each shipped network and class of size, `auto` is asked (with a fresh memory, so that it times
anew), then all fixed choices it had are timed in turn, and least processor times are compared.
Without OpenVINO there is one choice only, and nothing can be wrong.
"""

import argparse
import os
import sys
import tempfile

os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="thermeld-choice-")  # forget earlier timings

from collections.abc import Callable
from time import process_time

import numpy as np

from thermeld.methods.neural import MODELS, OnnxFusion, read_model
from thermeld.methods.runtimes import Engine

SIDES = (64, 256, 512)
ROUNDS = 15
TOLERANCE = 1.10


def least_seconds(runs: dict[Engine, Callable[[int], None]], side: int) -> dict[Engine, float]:
    """Best of many rounds in which each engine is called once."""
    best = dict.fromkeys(runs, float("inf"))
    for number in range(ROUNDS + 4):
        for engine, run in runs.items():
            start = process_time()
            run(side)
            if number >= 4:  # plans and graphs of fixed size are made in the first calls
                best[engine] = min(best[engine], process_time() - start)
    return best


def runs_of(fusion: OnnxFusion) -> dict[Engine, Callable[[int], None]]:
    """What fuses noise of a side, by engine."""
    found = {}
    for engine in fusion.engines:
        only = OnnxFusion(
            fusion.model,
            threads=engine.threads,
            runtime=engine.runtime,
            precision=engine.precision,
        )

        def run(side: int, only: OnnxFusion = only) -> None:
            noise = np.random.default_rng(side).random((2, side, side), np.float32)
            only(*noise)

        found[engine] = run
    return found


def main() -> None:
    """Print one line per network, precision and size; exit 1 if a choice was slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("names", nargs="*", default=["mobilefuse"])
    given = parser.parse_args()
    slow = 0
    print(f"{'network':24}{'precision':10}{'side':>6}  {'auto':24}{'ms':>8}  best fixed")
    for name in given.names:
        model = read_model(MODELS / f"{name}.json")
        for precision in ("float32", "auto"):
            fusion = OnnxFusion(model, threads=given.threads, runtime="auto", precision=precision)
            runs = runs_of(fusion)
            for side in SIDES:
                chosen = fusion.engine_for(side * side)
                seconds = least_seconds(runs, side)
                best = min(seconds, key=seconds.__getitem__)
                late = seconds[chosen] > TOLERANCE * seconds[best]
                slow += late
                print(
                    f"{name:24}{precision:10}{side:6}  {chosen.runtime} {chosen.precision:12}"
                    f"{1e3 * seconds[chosen]:8.2f}  {best.runtime} {best.precision} "
                    f"{1e3 * seconds[best]:.2f}{'  TOO SLOW' if late else ''}",
                    flush=True,
                )
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
