"""What was measured so far, kept line by line while a run goes on."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from thermeld.data.results import DONE, FAILED, UNDEFINED, Row
from thermeld.errors import UnwritableFile
from thermeld.io.parts import lock

MADE = {"parameters", "color", "settings", "checksum", "sources", "version"}


class Asked(Protocol):
    """What the journal may hold already: an image to measure, or a judge to train."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Set, image, method and convention."""
        ...

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the values that are wanted."""
        ...

    @property
    def made(self) -> Mapping[str, Any]:
        """What the values come from, as `MADE` names it and perhaps more."""
        ...


@contextmanager
def kept_for_this_run(path: Path) -> Iterator[None]:
    """Keep other runs away from a journal for as long as the context lasts.

    Raises:
        UnwritableFile: it cannot be written, or another run has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise unwritable(path, error) from error
    with file:
        if lock(file.fileno()) is False:
            raise UnwritableFile(f"{path}: another run is filling this table; wait for it to end")
        yield


def unwritable(path: Path, error: OSError) -> UnwritableFile:
    """The refusal for a journal that the disk or the folder does not take."""
    return UnwritableFile(f"{path}: {error.strerror}; free space or check access rights")


def line_of(task: Asked) -> dict[str, Any]:
    """A line for a task that came to nothing so far: failed, without a reason, no value known."""
    set_name, image, method, convention = task.key
    return {
        **{"set": set_name, "image": image, "method": method, "convention": convention},
        **{"made": dict(task.made), "state": FAILED, "error": "", "seconds": None},
        **{"pixels": 0, "values": dict.fromkeys(task.metrics)},
    }


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
            if _is_whole(record):
                self._records[_key(record)] = record
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return  # cut short by a kill, or damaged: that image is measured again

    def holds(self, task: Asked) -> bool:
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
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Begins with a newline too, in case a kill cut the line before short.
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(record) + "\n")
        except OSError as error:
            raise unwritable(self.path, error) from error

    def rows(self) -> Iterator[Row]:
        """The journal as the long table: sets as they came, then by image and method."""
        sets = list(dict.fromkeys((key[0], key[3]) for key in self._records))
        for key in sorted(self._records, key=lambda key: (sets.index((key[0], key[3])), key)):
            yield from _rows(self._records[key])


def _key(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (record["set"], record["image"], record["method"], record["convention"])


def _is_whole(record: Mapping[str, Any]) -> bool:
    """Whether a line says all that a row of the table says, in the right types."""
    texts = [*_key(record), record["state"], record["error"]]
    made, values = record["made"], [*record["values"].values(), record["seconds"]]
    return (
        made.keys() >= MADE
        and all(isinstance(made[name], str) for name in MADE - {"parameters"})
        and all(isinstance(text, str) for text in texts)
        and all(value is None or isinstance(value, float | int) for value in values)
        and all(isinstance(count, int) for count in (record["pixels"], made["parameters"]))
    )


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
