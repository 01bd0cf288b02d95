"""The service under measure, under load and under attack.

    python benchmarks/serve.py speed [--method mobilefuse] [--rounds 3] [--pairs 20]
    python benchmarks/serve.py share [--method mobilefuse]     threads of a fusion against fusions
    python benchmarks/serve.py clients [--count 200] [--seconds 120]
    python benchmarks/serve.py hostile [--count 2000]

Pairs are rendered, 640x480, and sent as PNG. The service runs as `thermeld serve` in a process of
its own, so its processor time and memory are its own; `speed` takes turns with the bare Fuser in
this process, round by round. The exit code is 1 if a goal is missed.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "serve"))

import numpy as np  # noqa: E402
from hostile import attacks, fault_of, strike  # noqa: E402
from service import BOUNDARY, form  # noqa: E402

from thermeld.cores import usable_cores  # noqa: E402
from thermeld.data.scene import render_scene  # noqa: E402
from thermeld.fuse import Fuser, find_method  # noqa: E402
from thermeld.image import to_depth  # noqa: E402
from thermeld.io import encode_image  # noqa: E402
from thermeld.io.files import read_picture  # noqa: E402

KIND = f"multipart/form-data; boundary={BOUNDARY}"
TICKS = os.sysconf("SC_CLK_TCK")
GOAL_OVERHEAD = 0.20
GOAL_LEAK = 150e6  # bytes above the warm service


@dataclass
class Running:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def cpu_s(self) -> float:
        """Processor time it has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def memory(self, what: str = "VmRSS") -> float:
        """Bytes resident now, or the most there ever were (VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024.0 * int(re.search(rf"{what}:\s+(\d+)", status)[1])  # type: ignore[index]


@contextmanager
def service(*flags: str) -> Iterator[Running]:
    """`thermeld serve` on a free port, stopped as a user would."""
    command = [sys.executable, "-m", "thermeld", "serve", "--port", "0", *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    first = process.stderr.readline()
    port = int(re.search(r":(\d+)/", first)[1])  # type: ignore[index]
    rest = threading.Thread(
        target=lambda: [print("service:", row, end="") for row in process.stderr]
    )
    rest.start()
    try:
        yield Running(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(90)
        rest.join()
        print(f"the service stopped with exit code {code}")


def pairs(count: int) -> list[tuple[bytes, bytes]]:
    """Rendered pairs as PNG."""
    made = []
    for seed in range(count):
        scene = render_scene(np.random.default_rng(seed))
        views = (to_depth(view, np.uint8) for view in (scene.ir, scene.vis))
        made.append(tuple(encode_image(view, "png") for view in views))
    return made  # type: ignore[return-value]


def posted(port: int, body: bytes, *, client: str = "10.0.0.1", timeout: float = 60.0):
    """One request on a connection of its own: status, headers, body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(
            "POST", "/v1/fuse", body, {"content-type": KIND, "x-forwarded-for": client}
        )
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def machine() -> str:
    """What the figures were taken on."""
    load = Path("/proc/loadavg").read_text().split()[0]
    return f"{usable_cores()} cores, load average {load}"


@dataclass
class Steps:
    """Seconds by step, one entry per pair."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def time(self, name: str, call: Callable[..., Any], *args: object, **options: object) -> Any:
        """Call it, and keep the processor time it took, all its threads together."""
        begun = time.process_time()
        result = call(*args, **options)
        self.taken.setdefault(name, []).append(time.process_time() - begun)
        return result

    def ms(self, name: str) -> float:
        """Milliseconds, the median."""
        return 1e3 * statistics.median(self.taken[name])


def bare(fuser: Fuser, files: list[tuple[bytes, bytes]], steps: Steps) -> None:
    """What has to be done anyway: decode, fuse, encode, on one thread."""
    for pair in files:
        begun = time.perf_counter()
        views = steps.time("decode", decoded, pair)
        fused = steps.time("fuse", fuser, *views)
        steps.time("encode", encode_image, fused, "png")
        steps.taken.setdefault("wall", []).append(time.perf_counter() - begun)


def decoded(pair: tuple[bytes, bytes]) -> list[np.ndarray]:
    """The pixels of two files."""
    return [read_picture(data, Path("picture")).pixels for data in pair]


def load(port: int, bodies: list[bytes], count: int, clients: int) -> list[float]:
    """Latency of each of `count` requests, by so many clients that ask one after the other."""

    def ask(number: int) -> float:
        begun = time.perf_counter()
        status, _, answer = posted(
            port, bodies[number % len(bodies)], client=f"10.0.0.{number % 99}"
        )
        assert status == 200, (status, answer[:300])
        return time.perf_counter() - begun

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(ask, range(count)))


def speed(method: str, rounds: int, count: int) -> bool:
    """Latency and throughput of the service, beside the bare Fuser, in turns."""
    files = pairs(4)
    bodies = [form({"ir": ir, "vis": vis, "method": method}) for ir, vis in files]
    fuser, steps = Fuser(method, threads=1), Steps()
    some = [files[at % len(files)] for at in range(count)]
    clients = (1, usable_cores(), 4 * usable_cores())
    rows: dict[int, list[tuple[float, float, list[float]]]] = {each: [] for each in clients}
    with service() as running:
        bare(fuser, files, Steps())
        load(running.port, bodies, 4, 2)
        for _ in range(rounds):
            bare(fuser, some, steps)
            for each in clients:
                before, begun = running.cpu_s(), time.perf_counter()
                waits = load(running.port, bodies, count, each)
                wall, cpu = time.perf_counter() - begun, running.cpu_s() - before
                rows[each].append((wall, cpu, waits))
        memory = running.memory("VmHWM")
    anyway = sum(steps.ms(name) for name in ("decode", "fuse", "encode"))
    print(f"\n{method} at 640x480, PNG in and out; {machine()}; {rounds} rounds of {count}")
    print("bare, ms of processor time: " + ", ".join(
        f"{name} {steps.ms(name):.1f}" for name in ("decode", "fuse", "encode")
    ) + f", together {anyway:.1f}; wall {steps.ms('wall'):.1f}")  # fmt: skip
    print("clients  requests/s  p50 ms  p95 ms  p99 ms  processor ms/request  over bare")
    over = [_row(each, rows[each], anyway, count) for each in clients]
    print(f"most memory of the service: {memory / 1e6:.0f} MB")
    return min(over) < GOAL_OVERHEAD


def _row(clients: int, rounds: list, anyway: float, count: int) -> float:
    waits = 1e3 * np.concatenate([row[2] for row in rounds])
    cpu = 1e3 * min(row[1] for row in rounds) / count
    rate = count / min(row[0] for row in rounds)
    p50, p95, p99 = np.percentile(waits, [50, 95, 99])
    over = cpu / anyway - 1
    print(
        f"{clients:7d}  {rate:10.1f}  {p50:6.0f}  {p95:6.0f}  {p99:6.0f}  {cpu:20.1f}  {over:8.0%}"
    )
    return over


def share(method: str) -> bool:
    """Many fusions on one thread each, one fusion on all cores, or one batch of several pairs."""
    views = [decoded(pair) for pair in pairs(usable_cores())]
    cores, count = usable_cores(), 8 * usable_cores()
    ways = {
        f"{cores} at once, 1 thread each": (Fuser(method, threads=1), cores),
        f"1 at once, {cores} threads": (Fuser(method, threads=cores), 1),
        f"{cores} at once, {cores} threads each": (Fuser(method, threads=cores), cores),
    }
    print(f"{method} at 640x480, {machine()}; pairs per second and ms of processor time, best of 5")
    best: dict[str, tuple[float, float]] = {}
    for _ in range(5):
        for name, (fuser, workers) in ways.items():
            with ThreadPoolExecutor(workers) as pool:
                begun, cpu = time.perf_counter(), time.process_time()
                list(pool.map(lambda at, f=fuser: f(*views[at % cores]), range(count)))
                wall, used = time.perf_counter() - begun, time.process_time() - cpu
            rate, cost = best.get(name, (0.0, 1e9))
            best[name] = max(rate, count / wall), min(cost, 1e3 * used / count)
    for name, (rate, cost) in best.items():
        print(f"{name:28s} {rate:6.1f} /s  {cost:6.1f} ms")
    _batches(method)
    return True


def _batches(method: str) -> None:
    """The network alone on one thread: single planes against batches of them."""
    plane = find_method(method).build(threads=1)
    graph = plane._graph(plane.engines[0], colour=False)  # type: ignore[attr-defined]
    output = "map" if plane.model.card.blends else "fused"  # type: ignore[attr-defined]
    print("batch of   ms of processor time per plane (256x256 tiles, 640x480 planes), best of 7")
    for size in (1, 2, 4, 8):
        costs = []
        for height, width in ((256, 256), (480, 640)):
            noise = np.random.default_rng(0).random((size, 1, height, width), np.float32)
            inputs = {name: noise.repeat(count, 1) for name, count in graph.channels.items()}
            costs.append(min(_cpu_s(partial(graph, output, inputs)) for _ in range(7)) / size)
        print(f"{size:8d}   {1e3 * costs[0]:6.2f}  {1e3 * costs[1]:6.2f}")


def _cpu_s(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def clients(method: str, count: int, seconds: float) -> bool:
    """Clients that ask without pause; each answer is a right picture, an honest refusal or lost."""
    files = pairs(2)
    bodies = [form({"ir": ir, "vis": vis, "method": method}) for ir, vis in files]
    fuser = Fuser(method, threads=1)
    right = [fuser(*decoded(pair)) for pair in files]
    seen: Counter[str] = Counter()
    waits: list[float] = []
    peaks: list[tuple[float, float]] = []

    def client(number: int, end: float) -> None:
        rng = np.random.default_rng(number)
        while time.monotonic() < end:
            which = int(rng.integers(2))
            begun = time.monotonic()
            verdict, pause = _one(running.port, bodies[which], right[which], number)
            seen[verdict] += 1
            if verdict == "right picture":
                waits.append(time.monotonic() - begun)
            time.sleep(min(pause, max(0.0, end - time.monotonic())))

    with service() as running:
        load(running.port, bodies, 8, 4)
        warm = running.memory()
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=client, args=(at, end)) for at in range(count)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(5)
            peaks.append((time.monotonic(), running.memory()))
        time.sleep(1)
        after, most = running.memory(), running.memory("VmHWM")
    print(f"\n{count} clients for {seconds:g} s, {method}; {machine()}")
    for verdict, times in seen.most_common():
        print(f"{times:8d}  {verdict}")
    if waits:
        print("answered in s: p50 {:.2f}, p95 {:.2f}, p99 {:.2f}".format(
            *np.percentile(waits, [50, 95, 99])))  # fmt: skip
    print(f"memory, MB: warm {warm / 1e6:.0f}, most {most / 1e6:.0f}, after {after / 1e6:.0f}")
    lost = sum(times for verdict, times in seen.items() if verdict.startswith(("LOST", "WRONG")))
    return not lost and after - warm < GOAL_LEAK


def _one(port: int, body: bytes, right: np.ndarray, number: int) -> tuple[str, float]:
    """Ask once: what came, and how long to wait before asking again."""
    try:
        status, headers, answer = posted(port, body, client=f"10.0.{number // 250}.{number % 250}")
    except (OSError, HTTPException) as error:
        return f"LOST: {type(error).__name__} {error}", 0.5
    low = {name.lower(): value for name, value in headers.items()}
    if status == 200:
        fused = read_picture(answer, Path("answer")).pixels
        return ("right picture" if np.array_equal(fused, right) else "WRONG picture"), 0.0
    head = "\r\n".join(f"{name}: {value}" for name, value in low.items()).encode()
    fault = fault_of(status, head, answer)
    if fault:
        return f"WRONG refusal: {fault}", 0.5
    facts = json.loads(answer)
    return f"refused: {status} {facts.get('error', '')}", float(low.get("retry-after", 1))


def hostile(count: int) -> bool:
    """Attacks, and whether the service is as it was afterwards."""
    some = list(islice(attacks(np.random.default_rng(14)), count))
    body = form({**dict(zip(("ir", "vis"), pairs(1)[0], strict=True)), "method": "average"})
    with service("--per-client", "0") as running:
        load(running.port, [body], 20, 4)
        with ThreadPoolExecutor(24) as pool:
            list(pool.map(partial(strike, running.port), some[:48]))  # to warm up what they use
            before, begun = running.memory(), time.monotonic()
            outcomes = list(pool.map(partial(strike, running.port), some))
        seconds = time.monotonic() - begun
        time.sleep(3)
        status, _, _ = posted(running.port, body)
        after, most = running.memory(), running.memory("VmHWM")
    print(f"\n{count} hostile requests in {seconds:.0f} s; {machine()}")
    kinds: dict[str, Counter[str]] = {}
    for attack, outcome in zip(some, outcomes, strict=True):
        what = str(outcome.status or ("left" if attack.leaves else "closed"))
        kinds.setdefault(attack.kind, Counter())[what] += 1
    for kind, found in kinds.items():
        print(f"{kind:14s} " + ", ".join(f"{what}: {times}" for what, times in found.most_common()))
    faults = [(a.kind, o.fault) for a, o in zip(some, outcomes, strict=True) if o.fault]
    for kind, fault in faults[:20]:
        print(f"FAULT in {kind}: {fault}")
    print(f"faults: {len(faults)}; slowest answer {max(o.seconds for o in outcomes):.1f} s")
    print(f"memory, MB: before {before / 1e6:.0f}, most {most / 1e6:.0f}, after {after / 1e6:.0f}")
    print(f"a good request afterwards: {status}")
    return not faults and status == 200 and after - before < GOAL_LEAK


def main() -> int:
    """Measure what is asked for; 0 if its goal is met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", default="speed", choices=list(MEASURES))
    parser.add_argument("--method", default="mobilefuse")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=120.0)
    return 0 if MEASURES[parser.parse_args().what](parser.parse_args()) else 1


MEASURES: dict[str, Callable[[argparse.Namespace], bool]] = {
    "speed": lambda asked: speed(asked.method, asked.rounds, asked.pairs),
    "share": lambda asked: share(asked.method),
    "clients": lambda asked: clients(asked.method, asked.count or 200, asked.seconds),
    "hostile": lambda asked: hostile(asked.count or 2000),
}


if __name__ == "__main__":
    sys.exit(main())
