"""The fault campaign at length: damaged files, kills, arrays, and frames without end.

    benchmarks/faults.py files [--cases N]      N damaged files of every kind (images: 10 N in all)
    benchmarks/faults.py kills [--kills N]      SIGKILL N times in each long job
    benchmarks/faults.py arrays [--examples N]  Hypothesis on the array contract
    benchmarks/faults.py frames [--frames N]    one Fuser, N frames, memory against frames

Each prints a table and writes out/faults/NAME.json; the exit code is 1 if a fault was found.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "faults"))

MEMORY_MB = 1024
CHUNK = 250  # cases a process; a crash costs the rest of one
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def files(cases: int, kinds: list[str]) -> dict[str, dict[str, object]]:
    """Damaged files of each kind, in processes of their own."""
    from mutations import KINDS, PICTURES, TRAIN_KINDS

    table = {}
    for kind in kinds or sorted({**KINDS, **TRAIN_KINDS}):
        count = -(-10 * cases // len(PICTURES)) if kind in PICTURES else cases
        begun = time.monotonic()
        found, faults = Counter(), []
        with tempfile.TemporaryDirectory() as folder:
            for first in range(0, count, CHUNK):
                _chunk(kind, first, min(CHUNK, count - first), folder, found, faults)
        table[kind] = {
            **dict(cases=count, read=found["read"], refused=found["refused"], faults=faults),
            "seconds": round(time.monotonic() - begun, 1),
        }
        told = f"{kind:14} {count:6} {found['read']:6} read {found['refused']:6} refused"
        print(f"{told} {len(faults):4} faults", flush=True)
        for fault in sorted(set(faults))[:5]:
            print(f"    {fault}", flush=True)
    return table


def _chunk(
    kind: str, first: int, count: int, folder: str, found: Counter[str], faults: list[str]
) -> None:
    last = first + count
    while first < last:
        words = [kind, str(first), str(last - first), folder, str(MEMORY_MB)]
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/faults/mutations.py"), *words],
            capture_output=True, env=ENVIRONMENT, check=False,
        )  # fmt: skip
        lines = done.stdout.decode(errors="replace").splitlines()
        for line in lines:
            number, _, outcome = line.partition(" ")
            if outcome.startswith("FAULT"):
                faults.append(f"{number} {outcome}")
            elif outcome:
                found[outcome.split(":")[0]] += 1
        if done.returncode == 0:
            return
        stuck = re.match(r"\d+", lines[-1]) if lines else None
        if stuck is None:
            faults.append(f"no start: {done.stderr.decode(errors='replace')[-300:]}")
            return
        faults.append(f"{stuck[0]} FAULT died with {done.returncode} (-14: over 10 s)")
        first = int(stuck[0]) + 1


def kills(count: int, names: list[str]) -> dict[str, object]:
    """SIGKILL at random moments of each long job."""
    from jobs import JOBS, campaign

    table = {}
    for name in names or sorted(JOBS):
        with tempfile.TemporaryDirectory() as folder:
            told = campaign(JOBS[name], Path(folder), count, seed=count)
        table[name] = told
        print(name, told, flush=True)
    return table


def arrays(examples: int) -> dict[str, object]:
    """The test of the array contract with more examples."""
    import test_arrays
    from hypothesis import HealthCheck, settings

    test = test_arrays.test_fused_in_the_visible_images_form_or_refused
    test._hypothesis_internal_use_settings = settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
    )
    begun = time.monotonic()
    test()
    return {"examples": examples, "faults": [], "seconds": round(time.monotonic() - begun, 1)}


def frames(count: int, method: str) -> dict[str, object]:
    """Resident memory at 200 moments, and its slope by least squares over the last four fifths."""
    import numpy as np

    from thermeld import Fuser

    fuser = Fuser(method, threads=1)
    shots = np.random.default_rng(0).integers(0, 256, (8, 2, 48, 64), np.uint8)
    marks, begun = [], time.process_time()
    for number in range(count):
        fuser(*shots[number % 8])
        if number % max(1, count // 200) == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            marks.append((number, pages * os.sysconf("SC_PAGESIZE")))
    late = np.array(marks[len(marks) // 5 :], float)
    slope = float(np.polyfit(late[:, 0], late[:, 1], 1)[0])
    seconds = time.process_time() - begun
    rise = float(late[-1, 1] - late[0, 1])
    return {
        **{"method": method, "frames": count, "bytes_per_frame": round(slope, 2)},
        **{"rise_kib": rise / 1024, "cpu_seconds": round(seconds, 1)},
        "faults": [] if slope < 10 else [f"memory grows by {slope:.0f} bytes a frame"],
    }


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["files", "kills", "arrays", "frames"])
    parser.add_argument("names", nargs="*", help="Kinds of files or jobs; all if not given.")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--method", default="mobilefuse")
    asked = parser.parse_args()
    if asked.what == "files":
        told: dict[str, object] = dict(files(asked.cases, asked.names))
    elif asked.what == "kills":
        told = kills(asked.kills, asked.names)
    else:
        told = arrays(asked.examples) if asked.what == "arrays" else frames(
            asked.frames, asked.method
        )  # fmt: skip
        print(told)
    out = ROOT / "out" / "faults" / f"{asked.what}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")
    rows = [told, *told.values()]
    sys.exit(any(isinstance(row, dict) and row.get("faults") for row in rows))


if __name__ == "__main__":
    main()
