"""How long each method takes, beside the seconds of the authors' code where those are known.

    python benchmarks/methods_speed.py [NAME ...] [--runs 3]

One pair of 640x480, one core, the second call (plans are cached by then); processor seconds, so
that other work on the machine counts less. Octave's seconds are of `times.csv` of the reference
pictures for the pair of 619x457, scaled to 640x480 by the number of pixels.
"""

import argparse
import csv
import os
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # read when numpy is loaded, so it must come first

from time import process_time  # noqa: E402

import cv2  # noqa: E402
import numpy as np  # noqa: E402

import thermeld.methods  # noqa: E402, F401
from thermeld.image import Gray  # noqa: E402
from thermeld.registry import METHODS, lookup  # noqa: E402

SIZE = (480, 640)
GOALS_S = {
    **dict.fromkeys(("lp", "wavelet-max", "gff", "msvd"), 0.1),
    **dict.fromkeys(("dtcwt", "cbf", "wls"), 0.3),
    **dict.fromkeys(("cvt", "nsct", "gtf"), 1.0),
    "latlrr": 5.0,
    "nsst-papcnn": 10.0,
    "csr": 30.0,
}
OTHER_NAMES = {"wavelet-max": "wavelet"}  # of ours, in times.csv


def made_up_pair() -> tuple[Gray, Gray]:
    """Two smooth random planes with edges and noise; what a method costs hardly depends on it."""
    rng = np.random.default_rng(0)
    planes = []
    for _ in range(2):
        plane = cv2.GaussianBlur(rng.random(SIZE, np.float32), (0, 0), 12)
        plane = (plane - plane.min()) / np.ptp(plane)
        plane[100:300, 200:260] += 0.2
        noisy = plane + 0.02 * rng.standard_normal(SIZE, np.float32)
        planes.append(np.clip(noisy, 0, 1).astype(np.float32))
    return planes[0], planes[1]


def octave_seconds(shared: Path) -> dict[str, float]:
    """Seconds of the authors' code by method, scaled to 640x480; empty without the file."""
    times = shared / "reference" / "classical" / "times.csv"
    if not times.is_file():
        return {}
    found = {}
    with times.open(newline="") as file:
        for row in csv.DictReader(file):  # of two sizes the larger comes last and stays
            pixels = int(row["width"]) * int(row["height"])
            found[row["method"]] = float(row["seconds"]) * SIZE[0] * SIZE[1] / pixels
    return found


def seconds(name: str, pair: tuple[Gray, Gray], runs: int) -> float:
    """Least processor seconds of several calls, after one that is not counted."""
    fuse = lookup(METHODS, name, "method").build()
    fuse(*pair)
    taken = []
    for _ in range(runs):
        start = process_time()
        fuse(*pair)
        taken.append(process_time() - start)
    return min(taken)


def main() -> None:
    """Print one row a method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(GOALS_S))
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    shared = Path(os.environ.get("THERMELD_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    octave = octave_seconds(shared)
    print(f"{'method':14}{'seconds':>10}{'goal':>8}{'Octave':>10}")
    for name in given.names:
        goal = f"{GOALS_S[name]:g}" if name in GOALS_S else "-"
        other = octave.get(OTHER_NAMES.get(name, name))
        theirs = f"{other:.2f}" if other else "-"
        taken = seconds(name, made_up_pair(), given.runs)
        print(f"{name:14}{taken:10.4f}{goal:>8}{theirs:>10}", flush=True)


if __name__ == "__main__":
    main()
