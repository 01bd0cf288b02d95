"""What was measured so far, kept line by line while a run goes on."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thermeld.data.results import DONE, FAILED, UNDEFINED, Row
from thermeld.evaluate.plan import Task


class Journal:
    """One JSON object a line; the last line of a key counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records: dict[tuple[str, ...], dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                self._take(line)

    def _take(self, line: str) -> None:
        try:
            record = json.loads(line)
            self._records[_key(record)] = record
        except (ValueError, TypeError, KeyError):
            return  # cut short by a kill: that image is measured again

    def holds(self, task: Task) -> bool:
        """Whether every metric of a task was measured, from the same things in the same way."""
        record = self._records.get(task.key)
        if record is None or record["state"] == FAILED or record["made"] != task.made:
            return False
        return all(name in record["values"] for name in task.metrics)

    def record(self, record: dict[str, Any]) -> None:
        """Append a line; values of other metrics that still hold are taken along."""
        before = self._records.get(_key(record))
        if before and before["made"] == record["made"] and record["state"] != FAILED:
            record = {**record, "values": {**before["values"], **record["values"]}}
        self._records[_key(record)] = record
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Begins with a newline too, in case a kill cut the line before short.
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record) + "\n")

    def rows(self) -> Iterator[Row]:
        """The journal as the long table: sets as they came, then by image and method."""
        sets = list(dict.fromkeys((key[0], key[3]) for key in self._records))
        for key in sorted(self._records, key=lambda key: (sets.index((key[0], key[3])), key)):
            yield from _rows(self._records[key])


def _key(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (record["set"], record["image"], record["method"], record["convention"])


def _rows(record: Mapping[str, Any]) -> Iterator[Row]:
    made = record["made"]
    for metric, value in record["values"].items():
        missing = FAILED if record["state"] == FAILED else UNDEFINED
        yield Row(
            set=record["set"],
            image=record["image"],
            method=record["method"],
            metric=metric,
            convention=record["convention"],
            value=value,
            state=missing if value is None else DONE,
            error=record["error"],
            seconds=record["seconds"],
            pixels=record["pixels"],
            parameters=made["parameters"],
            color=made["color"],
            settings=made["settings"],
            checksum=made["checksum"],
            sources=made["sources"],
            version=made["version"],
        )
