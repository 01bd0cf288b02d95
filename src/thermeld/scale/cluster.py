"""Work done by a pool of Ray actors that may die, each item once.

Items travel in lots, small lists of names and addresses; pictures never enter Ray's object
store, so what a worker holds is one pair and its method, whatever the number of items. Ray starts
dead workers anew and gives their lots to others. What kills a worker twice is set aside: a ledger,
an actor of its own, knows which lots were begun in vain; these are done item by item, and an item
that is begun in vain once more is the culprit.
"""

import pickle
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from thermeld.cores import usable_cores
from thermeld.errors import BadSetting, FusionError
from thermeld.registry import need

Task = TypeVar("Task")
Answer: TypeAlias = dict[str, Any]
STORE_BYTES = 128 * 2**20  # of a local cluster's object store; only names and sums pass through it
DEATHS_AT_START = 100  # before work is given up: machines die while workers start, too


@dataclass(frozen=True)
class Pool:
    """Where work is done.

    Attributes:
        address: "local" for a cluster of this machine's cores alone, "auto" for the one that runs
            here, or HOST:PORT of one.
        workers: actors, one core each; 0 for as many as the cluster has cores.
        memory_mb: most that a worker may hold beyond what it starts with; also what Ray reserves.
        lot: items that travel together; 0 chooses.
    """

    address: str = "local"
    workers: int = 0
    memory_mb: int = 1024
    lot: int = 0

    def __post_init__(self) -> None:
        if self.workers < 0 or self.lot < 0 or self.memory_mb < 64:
            raise BadSetting("workers and lot cannot be negative, nor memory less than 64 MB")

    def lot_of(self, count: int, workers: int) -> int:
        """Items a lot: large enough that Ray's work is small, small enough that all end together.

        A lot costs Ray about 20 ms; a fiftieth of a worker's share is done at the end by few.
        """
        return self.lot or max(1, min(64, count // (50 * workers)))


@contextmanager
def cluster(pool: Pool) -> Iterator[int]:
    """Join or start the cluster, and leave or end it; gives the number of workers.

    Raises:
        MissingExtra: Ray is not installed.
        FusionError: there is no such cluster.
    """
    ray = need("ray", "scale")
    need("ray.data", "scale")
    mine: dict[str, Any] = {"num_cpus": pool.workers or usable_cores()}
    mine |= {"object_store_memory": STORE_BYTES, "include_dashboard": False}
    mine |= {"_system_config": {"worker_niceness": 0}}  # Ray's 15 starves them on a busy machine
    try:
        ray.init(
            address=pool.address,
            log_to_driver=False,
            logging_level="ERROR",
            **(mine if pool.address == "local" else {}),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise FusionError(f"no Ray cluster at {pool.address} ({error})") from error
    try:
        yield pool.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def over_cluster(
    pool: Pool,
    make: Callable[[], Callable[[Task], Answer]],
    tasks: Sequence[tuple[str, Task]],
) -> Iterator[tuple[str, Answer | None]]:
    """Do every task; each one's name with its answer as it ends, None if it kills workers.

    Args:
        pool: where.
        make: builds what does the work, once per worker; pickled.
        tasks: with names, all different.

    Raises:
        MissingExtra, FusionError: see `cluster`.
    """
    if not tasks:
        return
    with cluster(pool) as workers:
        ray = need("ray", "scale")
        data = need("ray.data", "scale")
        _quiet(data)
        ledger = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Ledger).remote()
        lot = pool.lot_of(len(tasks), workers)
        lots = [{"lot": pickle.dumps(tasks[at : at + lot])} for at in range(0, len(tasks), lot)]
        workers = min(workers, len(lots))
        done = data.from_items(lots, override_num_blocks=len(lots)).flat_map(
            _Worker,
            fn_constructor_args=(make, ledger, pool.memory_mb),
            compute=data.ActorPoolStrategy(min_size=1, max_size=workers),
            num_cpus=1,
            memory=pool.memory_mb * 2**20,
        )
        for row in done.iter_rows():
            yield pickle.loads(row["answer"])  # our own workers' words


def _quiet(data: Any) -> None:
    """Leave the terminal to our own progress, and let workers die as often as they like."""
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_consecutive_actor_init_deaths = DEATHS_AT_START


class Ledger:
    """What was begun and not ended: the suspects when a worker dies."""

    def __init__(self) -> None:
        self._lots: set[str] = set()
        self._alone: set[str] = set()

    def begin_lot(self, first: str) -> bool:
        """Note that a lot, known by its first item, begins; whether it was begun in vain."""
        in_vain = first in self._lots
        self._lots.add(first)
        return in_vain

    def begin_alone(self, name: str) -> bool:
        """Note that an item of a lot that was begun in vain begins; whether it was, too."""
        in_vain = name in self._alone
        self._alone.add(name)
        return in_vain

    def end_alone(self, name: str) -> None:
        """Note that an item is over, in whatever way."""
        self._alone.discard(name)

    def end_lot(self, first: str) -> None:
        """Note that a lot is over."""
        self._lots.discard(first)


class _Worker(Generic[Task]):
    """One actor: does lots, one item after the other."""

    def __init__(
        self, make: Callable[[], Callable[[Task], Answer]], ledger: Any, memory_mb: int
    ) -> None:
        self._do = make()
        self._ledger = ledger
        self._get = need("ray", "scale").get
        _limit_memory(memory_mb)
        metrics = need("ray.util.metrics", "scale")
        self._count = metrics.Counter(
            "thermeld_items", description="Items that were worked on.", tag_keys=("state",)
        )

    def __call__(self, row: dict[str, bytes]) -> list[dict[str, bytes]]:
        tasks: list[tuple[str, Task]] = pickle.loads(row["lot"])
        first = tasks[0][0]
        in_vain = self._get(self._ledger.begin_lot.remote(first))
        do = self._alone if in_vain else self._together
        answers = []
        for name, task in tasks:
            answer = do(name, task)
            self._count.inc(tags={"state": answer["state"] if answer else "quarantined"})
            answers.append({"answer": pickle.dumps((name, answer))})
        self._get(self._ledger.end_lot.remote(first))
        return answers

    def _together(self, name: str, task: Task) -> Answer | None:
        return self._do(task)

    def _alone(self, name: str, task: Task) -> Answer | None:
        """After a worker died with this lot: one at a time, to see which item it is."""
        if self._get(self._ledger.begin_alone.remote(name)):
            return None
        answer = self._do(task)
        self._get(self._ledger.end_alone.remote(name))
        return answer


def _limit_memory(megabytes: int) -> None:
    """So that a monstrous picture becomes a MemoryError of its own instead of a dead machine."""
    if not sys.platform.startswith("linux"):
        return
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    used = int(status["VmData"].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + megabytes * 2**20, resource.RLIM_INFINITY))
