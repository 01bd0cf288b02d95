"""Scaling, shown and measured on one machine.

    benchmarks/scale.py proof [--items N]    several Ray nodes as processes, killed at random
    benchmarks/scale.py cost [--items N]     seconds per item, plain and over Ray; start-up; memory
    benchmarks/scale.py forecast             the table for 1 million and 100 million pairs

`proof` makes pairs (crops of rendered scenes, and of real pairs where the shared data is), fuses
them by the plain folder run and over a cluster of three nodes, in which it kills three workers,
one node and the driver by SIGKILL at random moments; then every result must be there once and be
the same bytes. `forecast` reads what `cost` and `proof` measured. All write out/scale/NAME.json.
"""

import argparse
import heapq
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("THERMELD_SHARED", ROOT.parent / "shared"))
OUT = ROOT / "out" / "scale"
WORK = Path(os.environ.get("TMPDIR", "/tmp")) / "thermeld-scale"  # pictures, made and removed
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def thermeld(*words: object) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "thermeld", *map(str, words)]


def make_pairs(folder: Path, count: int, size: tuple[int, int], seed: int = 0) -> None:
    """Crops of rendered scenes, and of real pairs where there are some."""
    from thermeld.io import write_image

    rng = np.random.default_rng(seed)
    scenes = [*_rendered(4), *_real()]
    for number in range(count):
        ir, vis = scenes[number % len(scenes)]
        top, left = (
            int(rng.integers(full - side + 1))
            for full, side in zip(ir.shape[:2], size, strict=True)
        )
        piece = np.s_[top : top + size[0], left : left + size[1]]
        write_image(folder / "ir" / f"{number:06}.png", ir[piece])
        write_image(folder / "vi" / f"{number:06}.png", vis[piece])


def _rendered(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from thermeld.data.scene import render_scene
    from thermeld.image import to_depth

    found = []
    for seed in range(count):
        scene = render_scene(np.random.default_rng(seed), height=240, width=320, night=seed % 2 > 0)
        found.append((to_depth(scene.ir, np.uint8), to_depth(scene.vis, np.uint8)))
    return found


def _real() -> list[tuple[np.ndarray, np.ndarray]]:
    from thermeld.io import pair_files, read_image

    folder = SHARED / "data" / "vifb21"
    if not folder.is_dir():
        return []
    found = []
    for pair in pair_files(folder / "ir", folder / "vi").pairs:
        ir, vis = read_image(pair.ir).pixels, read_image(pair.vis).pixels
        if min(ir.shape[:2]) >= 240 and ir.shape[:2] == vis.shape[:2]:
            found.append((ir, vis))
    return found


def sums(folder: Path) -> dict[str, str]:
    """SHA-256 of every result."""
    files = sorted(folder.glob("*.png"))
    return {path.stem: sha256(path.read_bytes()).hexdigest() for path in files}


# --- proof ------------------------------------------------------------------------------------


class Nodes:
    """A head and two more nodes of one core each, as processes of this machine."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        store = {"object_store_memory": 100 * 2**20}
        head = {"num_cpus": 1, "include_dashboard": False, **store}
        head["_system_config"] = {"worker_niceness": 0}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.cluster.add_node(num_cpus=1, **store) for _ in range(2)]
        self.address = self.cluster.address

    def workers(self) -> list[int]:
        """Processes of ours that fuse."""
        raylets = {
            each.process.pid
            for node in [self.cluster.head_node, *self.nodes]
            for each in node.all_processes.get("raylet", [])
        }
        return [pid for pid, parent, name in _processes() if parent in raylets and "MapWo" in name]

    def kill_node(self) -> None:
        """SIGKILL to everything of the last node, all its workers too."""
        node = self.nodes.pop()
        raylet = node.all_processes["raylet"][0].process.pid
        children = [pid for pid, parent, _ in _processes() if parent == raylet]
        for pid in [raylet, *children]:
            os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End all that is left."""
        self.cluster.shutdown()


def _processes() -> list[tuple[int, int, str]]:
    """Identifier, parent and command of every process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text()
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # it has just ended
            parent = int(status.rpartition(")")[2].split()[1])
            found.append((int(folder.name), parent, command))
    return found


def proof(count: int, method: str, seed: int) -> dict[str, object]:
    """The run that may not lose anything."""
    folder = WORK / "proof"
    shutil.rmtree(folder, ignore_errors=True)
    make_pairs(folder, count, (48, 64))
    begun = time.monotonic()
    plain = [folder / "ir", folder / "vi", "-o", folder / "plain", "--method", method]
    subprocess.run(thermeld("fuse", *plain), env=ENVIRONMENT, check=True)
    plain_s = time.monotonic() - begun
    told = {"items": count, "method": method, "plain_s": round(plain_s, 1)}
    nodes = Nodes()
    try:
        told |= _killed_run(nodes, folder, count, method, np.random.default_rng(seed))
    finally:
        nodes.close()
    return told | _verdict(folder, count)


def _killed_run(
    nodes: Nodes, folder: Path, count: int, method: str, rng: np.random.Generator
) -> dict[str, object]:
    words = ["scale", "fuse", folder / "ir", folder / "vi", "-o", folder / "out"]
    words += ["--method", method, "--address", nodes.address, "--workers", 3]
    victims = list(rng.permutation(["worker", "worker", "worker", "node", "driver"]))
    moments = sorted(rng.uniform(0.05, 0.9, len(victims)) * count)
    begun, events = time.monotonic(), []
    driver = subprocess.Popen(thermeld(*words), env=ENVIRONMENT)
    while driver.poll() is None:
        time.sleep(0.5)
        done = sum(1 for _ in (folder / "out").glob("*.png"))
        if not victims or done < moments[0]:
            continue
        victim = str(victims[0])
        if victim == "driver":
            driver.kill()
            driver.wait()
            driver = subprocess.Popen(thermeld(*words), env=ENVIRONMENT)
        elif victim == "node":
            nodes.kill_node()
        else:
            alive = nodes.workers()
            if not alive:
                continue  # they are just being started again
            os.kill(int(rng.choice(alive)), signal.SIGKILL)
        events.append({"at_s": round(time.monotonic() - begun, 1), "done": done, "killed": victim})
        print(events[-1], flush=True)
        victims, moments = victims[1:], moments[1:]
    return {
        "exit_code": driver.returncode,
        "killed_run_s": round(time.monotonic() - begun, 1),
        "events": events,
    }


def _verdict(folder: Path, count: int) -> dict[str, object]:
    from thermeld.scale.status import StatusTable

    wanted, found = sums(folder / "plain"), sums(folder / "out")
    rows = StatusTable(str(folder / "out")).rows
    states = Counter(row.state for row in rows.values())
    seconds = np.array([row.seconds for row in rows.values()])
    return {
        "results": len(found),
        "equal_to_plain": sum(found.get(name) == value for name, value in wanted.items()),
        "rows": len(rows),
        "states": dict(states),
        "sums_agree": sum(rows[name].sha256 == value for name, value in found.items()),
        "left_over": len([*(folder / "out").rglob("*.part")]),
        "item_ms": {str(q): round(float(np.quantile(seconds, q)) * 1e3, 2) for q in QUANTILES},
        "right": len(found) == len(rows) == count and found == wanted,
    }


QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


# --- cost -------------------------------------------------------------------------------------


def cost(count: int, method: str, size: tuple[int, int]) -> dict[str, object]:
    """Processor seconds per item of the plain run and of the run over Ray, taken in turns."""
    from thermeld.scale import Pool
    from thermeld.scale.status import StatusTable

    folder = WORK / f"cost-{size[0]}"
    shutil.rmtree(folder, ignore_errors=True)
    make_pairs(folder, count, size)
    plain, scaled = [], []
    for turn in range(2):
        plain.append(_timed(folder, f"plain{turn}", method, ray=0))
        scaled.append(_timed(folder, f"ray{turn}", method, ray=1))
    two = _timed(folder, "two", method, ray=2)
    seconds = np.array([row.seconds for row in StatusTable(str(folder / "ray1")).rows.values()])
    best_plain, best_ray = (min(run["span_s"] for run in runs) for runs in (plain, scaled))
    return {
        **{"items": count, "method": method, "height": size[0], "width": size[1]},
        **{"plain": plain, "one_worker": scaled, "two_workers": two},
        "overhead_ms": round(1e3 * (best_ray - best_plain) / count, 2),
        "throughput_share": round(best_plain / best_ray, 3),
        "two_over_one": round(best_ray / two["span_s"], 3),
        "simulated_two_s": round(simulated(seconds, 2, Pool().lot_of(count, 2)), 3),
    }


def _timed(folder: Path, out: str, method: str, *, ray: int) -> dict[str, float]:
    """Whole seconds, start-up (to the first result) and the span from first to last result."""
    shutil.rmtree(folder / out, ignore_errors=True)
    words: list[object] = [folder / "ir", folder / "vi", "-o", folder / out, "--method", method]
    words += ["--workers", ray] if ray else ["--jobs", 1, "--threads", 1]
    begun = time.time()
    verb = ["scale", "fuse"] if ray else ["fuse"]
    subprocess.run(thermeld(*verb, *words), env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    stamps = sorted(path.stat().st_mtime for path in (folder / out).glob("*.png"))
    whole = time.time() - begun
    span = (stamps[-1] - stamps[0]) * len(stamps) / max(1, len(stamps) - 1)
    return {
        "whole_s": round(whole, 2),
        "start_s": round(stamps[0] - begun, 2),
        "span_s": round(span, 3),
    }


# --- forecast ---------------------------------------------------------------------------------

WORKERS_A_NODE = 16
STORE_MB_S = 5000.0  # of a shared store, read and written together; assumed, not measured
LEDGER_S, LOT_S = 0.001, 0.02  # two calls of the ledger, a lot of Ray's; assumed, see `cost`


def forecast() -> dict[str, object]:
    """Whole time by simulation with measured item times, for many items on many nodes."""
    measured = json.loads((OUT / "cost.json").read_text())
    item_s = min(run["span_s"] for run in measured["plain"]) / measured["items"]
    start_s = min(run["start_s"] for run in measured["one_worker"])
    table = []
    for items in (10**6, 10**8):
        for nodes in (1, 10, 100, 1000):
            table.append(_bounds(items, nodes, item_s, start_s, bytes_each=900_000))
    return {"item_s": item_s, "start_s": start_s, "table": table}


def _bounds(
    items: int, nodes: int, item_s: float, start_s: float, *, bytes_each: int
) -> dict[str, object]:
    workers = nodes * WORKERS_A_NODE
    lot = max(1, min(64, items // (50 * workers)))
    parts = {
        "workers": items * (item_s + (LEDGER_S + LOT_S) / lot) / workers,
        "storage": items * bytes_each / (STORE_MB_S * 1e6),
        "scheduler": items / lot * LOT_S,
        "ledger": items / lot * LEDGER_S,
    }
    slowest = max(parts, key=lambda name: parts[name])
    return {
        **{"items": items, "nodes": nodes, "bottleneck": slowest},
        "hours": round((start_s + parts[slowest] + lot * item_s) / 3600, 2),
        **{f"{name}_h": round(value / 3600, 2) for name, value in parts.items()},
    }


def simulated(seconds: np.ndarray, workers: int, lot: int, seed: int = 0) -> float:
    """Span of a run: lots of items with times drawn from `seconds` go to whoever is free."""
    rng = np.random.default_rng(seed)
    free = [0.0] * workers
    for at in range(0, len(seconds), lot):
        size = min(lot, len(seconds) - at)
        spent = float(rng.choice(seconds, size).sum()) + LEDGER_S + LOT_S
        heapq.heappush(free, heapq.heappop(free) + spent)
    return max(free)


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["proof", "cost", "forecast"])
    parser.add_argument("--items", type=int, default=0)
    parser.add_argument("--method", default="")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.what == "proof":
        told = proof(asked.items or 10_000, asked.method or "laplacian", asked.seed)
    elif asked.what == "cost":
        told = cost(asked.items or 60, asked.method or "mobilefuse", (240, 320))
    else:
        told = forecast()
    (OUT / f"{asked.what}.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    sys.exit(0 if told.get("right", True) else 1)


if __name__ == "__main__":
    main()
