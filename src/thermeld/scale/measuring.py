"""Evaluation by a pool: the tasks of `thermeld.evaluate`, measured by Ray instead of processes."""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from thermeld.data.results import FAILED
from thermeld.evaluate import Task
from thermeld.evaluate.measure import measure
from thermeld.scale.cluster import Answer, Pool, over_cluster

KILLED = "killed the worker that measured it, twice"


def through_cluster(
    tasks: Iterable[Task], jobs: int, *, pool: Pool
) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Measure tasks on a cluster: what `evaluate` takes as `through`.

    Sources must lie where every worker finds them, as on a shared folder.

    Raises:
        FusionError: no cluster.
    """
    named = {json.dumps(task.key): task for task in tasks}
    for name, answer in over_cluster(pool, _measuring, list(named.items())):
        task = named[name]
        yield task, answer["record"] if answer else _lost(task)


def _measuring() -> "partial[Answer]":
    return partial(_measured)


def _measured(task: Task) -> Answer:
    record = measure(task)
    return {"state": record["state"], "record": record}


def _lost(task: Task) -> dict[str, Any]:
    set_name, image, method, convention = task.key
    return {
        **dict(set=set_name, image=image, method=method, convention=convention),
        **dict(made=dict(task.made), state=FAILED, error=KILLED, seconds=None, pixels=0),
        "values": dict.fromkeys(task.metrics),
    }
