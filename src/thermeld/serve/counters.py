"""What the service counts, in the text form that Prometheus reads (exposition format 0.0.4)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from thermeld.serve.places import Places

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """How many took how long, per set of labels."""

    def __init__(self) -> None:
        self._cells: dict[Labels, list[int]] = {}
        self._sums: Counter[Labels] = Counter()

    def add(self, seconds: float, **labels: str) -> None:
        """Count one."""
        key = tuple(labels.items())
        cells = self._cells.setdefault(key, [0] * (len(BOUNDS_S) + 1))
        cells[sum(seconds > bound for bound in BOUNDS_S)] += 1
        self._sums[key] += seconds  # type: ignore[assignment]  # a Counter adds floats, too

    def lines(self, name: str) -> Iterator[str]:
        """The samples; each bucket counts all that took no longer."""
        for key, cells in self._cells.items():
            below = 0
            for bound, count in zip((*BOUNDS_S, "+Inf"), cells, strict=True):
                below += count
                yield f"{name}_bucket{_shown((*key, ('le', str(bound))))} {below}"
            yield f"{name}_sum{_shown(key)} {self._sums[key]:.6f}"
            yield f"{name}_count{_shown(key)} {below}"


class Counters:
    """Requests, their latency and the steps of the work; used in the event loop only."""

    def __init__(self) -> None:
        self.requests: Counter[Labels] = Counter()
        self.latency = Histogram()
        self.steps = Histogram()
        self.gone = 0

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that got its answer."""
        self.requests[(("route", route), ("status", str(status)))] += 1
        self.latency.add(seconds, route=route)

    def worked(self, route: str, seconds: Mapping[str, float]) -> None:
        """Count the steps of a piece of work."""
        for step, taken in seconds.items():
            self.steps.add(taken, route=route, step=step)

    def text(self, places: Places) -> str:
        """All of it, and how full the service is now."""
        waiting = places.inside - places.in_work
        parts = (
            _family("requests_total", "counter", "Requests answered.", self.requests.items()),
            _family("gone_total", "counter", "Clients that left first.", [((), self.gone)]),
            _histogram("request_seconds", "First byte to answer.", self.latency),
            _histogram("step_seconds", "Steps of the work.", self.steps),
            _family("in_work", "gauge", "Requests in work.", [((), places.in_work)]),
            _family("waiting", "gauge", "Requests sending or waiting.", [((), waiting)]),
            _family("held_bytes", "gauge", "Uploads in memory.", [((), places.held)]),
            _family(
                "workers", "gauge", "Requests that can be in work.", [((), places.limits.workers)]
            ),
        )
        memory = resident_bytes()
        own = [] if memory is None else [
            "# HELP process_resident_memory_bytes Resident memory size in bytes.",
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {memory}",
        ]  # fmt: skip
        return "\n".join([*(line for part in parts for line in part), *own, ""])


def resident_bytes() -> int | None:
    """Memory of this process that is in use; None where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


def _family(
    name: str, kind: str, what: str, samples: Iterable[tuple[Labels, int]]
) -> Iterator[str]:
    yield f"# HELP thermeld_{name} {what}"
    yield f"# TYPE thermeld_{name} {kind}"
    for labels, value in samples:
        yield f"thermeld_{name}{_shown(labels)} {value}"


def _histogram(name: str, what: str, histogram: Histogram) -> Iterator[str]:
    yield f"# HELP thermeld_{name} {what}"
    yield f"# TYPE thermeld_{name} histogram"
    yield from histogram.lines(f"thermeld_{name}")


def _shown(labels: Labels) -> str:
    """Names and values are our own words, so nothing has to be escaped."""
    inner = ",".join(f'{name}="{value}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""
