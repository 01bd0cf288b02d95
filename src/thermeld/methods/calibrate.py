"""Which engine is fastest for a network on this machine: timed once, and remembered in a file.

The file, runtimes.json in the user's cache folder, is only a memory: without a home, unreadable
or damaged, it is as if it were empty. What was timed holds for a processor, the versions of the
runtimes, a network, a number of threads and a class of size.
"""

import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import perf_counter, process_time
from typing import Any

from thermeld.cores import usable_cores
from thermeld.methods.runtimes import RUNTIMES, Engine, version_of

SIDES = (64, 128, 256, 512, 1024)  # a call is timed at the class nearest to its size
BUDGET_S = 1.0  # per network and class, all engines together, building them not counted
ROUNDS = (5, 30)  # at least, at most
MARGIN = 1.05  # a rival must be this much faster than the first engine to be preferred

Run = Callable[[int], None]  # fuses noise of that side, once

_known: dict[str, str] = {}
_lock = Lock()


def side_of(pixels: int) -> int:
    """The class of a call on a plane of that many pixels."""
    return min(SIDES, key=lambda side: max(side * side / pixels, pixels / (side * side)))


def fastest(runs: Mapping[Engine, Callable[[], Run]], *, side: int, checksum: str) -> Engine:
    """The engine that is fastest for planes of `side`, timed now or before.

    Args:
        runs: by engine, what builds a run; the first engine is the one to beat.
        side: one of `SIDES`.
        checksum: of the network.
    """
    engines = {engine_name(engine): engine for engine in runs}
    if len(runs) == 1:
        return next(iter(runs))
    key = json.dumps([processor(), versions(), checksum, sorted(engines), side])
    with _lock:  # two timings at once would disturb each other
        name = _known.get(key) or remembered(key)
        if name not in engines:
            name = engine_name(quickest(runs, side))
            remember(key, name)
        _known[key] = name
    return engines[name]


def quickest(runs: Mapping[Engine, Callable[[], Run]], side: int) -> Engine:
    """Time all engines in turn, round after round, and compare their best rounds."""
    built = {engine: build() for engine, build in runs.items()}
    best = dict.fromkeys(built, float("inf"))
    for run in built.values():
        for _ in range(4):  # plans and fixed-size graphs are made in the first calls
            run(side)
    # One thread's processor time is what it would take alone; of several, only the clock tells.
    clock = process_time if all(engine.threads == 1 for engine in built) else perf_counter
    begun = perf_counter()
    for number in range(ROUNDS[1]):
        if number >= ROUNDS[0] and perf_counter() - begun > BUDGET_S:
            break
        for engine, run in built.items():
            start = clock()
            run(side)
            best[engine] = min(best[engine], clock() - start)
    first, *rivals = best
    winner = min(rivals, key=best.__getitem__)
    return winner if best[winner] * MARGIN < best[first] else first


def engine_name(engine: Engine) -> str:
    """As it stands in the file."""
    return f"{engine.runtime} {engine.precision} {engine.threads}"


def versions() -> str:
    """Of all runtimes that are installed."""
    return " ".join(f"{name} {version_of(name)}" for name in RUNTIMES)


def processor() -> str:
    """The processor's name and how many cores this process may use."""
    cores = usable_cores()
    facts = Path("/proc/cpuinfo")
    name = platform.processor() or platform.machine()
    with suppress(OSError):  # not on every system
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.lower().startswith(("model name", "model\t", "hardware")):
                name = line.partition(":")[2].strip()
                if line.startswith("model name"):
                    break
    return f"{name}, {cores} cores"


def cache_file() -> Path | None:
    """Where choices are remembered; None without a home."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named and Path(named).is_absolute():  # relative ones are to be ignored, says the standard
        return Path(named) / "thermeld" / "runtimes.json"
    try:
        return Path.home() / ".cache" / "thermeld" / "runtimes.json"
    except RuntimeError:
        return None


def remembered(key: str) -> str:
    """The name of the engine chosen before, or ""."""
    return _choices().get(key, "")


def remember(key: str, name: str) -> None:
    """Add a choice to the file; where it cannot be written, the choice lives as long as we do."""
    path = cache_file()
    if path is None:
        return
    whole = _choices() | {key: name}
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    with suppress(OSError):  # a full disk or a read-only home must not stop a fusion
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)


def _choices() -> dict[str, str]:
    path = cache_file()
    try:
        whole: Any = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):  # none yet, or damaged: time again
        return {}
    if not isinstance(whole, dict):
        return {}
    return {key: name for key, name in whole.items() if isinstance(name, str)}
