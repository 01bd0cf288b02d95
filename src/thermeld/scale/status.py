"""What became of every item: one table in Parquet, kept in parts while a run goes on.

`status.parquet` below the folder of results holds id, state ("done", "failed", "quarantined"),
error, seconds, sha256 of the result and `made`, the checksum of what decides it. A run adds parts
below `status/` every few seconds and joins them all at its end; the last word on an id counts.
"""

import hashlib
import io
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from secrets import token_hex
from typing import Any

from thermeld.errors import UnreadableFile
from thermeld.registry import need
from thermeld.scale import storage

TABLE, PARTS = "status.parquet", "status"
DONE, FAILED, QUARANTINED = "done", "failed", "quarantined"
EVERY_S = 5.0  # how much work a killed driver forgets; what it forgets is done again, no more


@dataclass(frozen=True)
class Status:
    """A row of the table."""

    id: str
    state: str
    error: str
    seconds: float
    sha256: str
    made: str
    place: str = ""  # the result's name below the folder of results


COLUMNS = tuple(field.name for field in fields(Status))


def checksum(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class StatusTable:
    """The table of one folder of results, read at the start and added to.

    Raises:
        UnreadableFile: a table is there that is not one of ours.
    """

    def __init__(self, out: str) -> None:
        self._out = out
        self.rows: dict[str, Status] = {}
        self._fresh: list[Status] = []
        self._parts: list[str] = []
        self._saved = time.monotonic()
        names = storage.listing(out)
        self.present = names
        parts = sorted(name for name in names if name.startswith(f"{PARTS}/"))
        for name in [TABLE, *parts]:
            if name in names:
                self.rows |= {row.id: row for row in _read(storage.join(out, name))}
        self._parts = parts

    def add(self, row: Status) -> None:
        """Take a row; saved with others every few seconds."""
        self.rows[row.id] = row
        self._fresh.append(row)
        if time.monotonic() - self._saved >= EVERY_S:
            self.save()

    def save(self) -> None:
        """Write what is new as a part of its own."""
        if self._fresh:
            name = f"{PARTS}/{time.time_ns():020}-{token_hex(4)}.parquet"
            storage.write(storage.join(self._out, name), _bytes(self._fresh))
            self._parts.append(name)
            self._fresh = []
        self._saved = time.monotonic()

    def close(self, order: Iterable[str]) -> None:
        """Join everything into one table, in this order, and remove the parts."""
        known = dict.fromkeys([*order, *self.rows])
        rows = [self.rows[name] for name in known if name in self.rows]
        storage.write(storage.join(self._out, TABLE), _bytes(rows))
        for name in self._parts:
            storage.remove(storage.join(self._out, name))
        self._parts, self._fresh = [], []


def _bytes(rows: list[Status]) -> bytes:
    arrow = need("pyarrow", "scale")
    kinds = {"seconds": arrow.float64()}
    schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in COLUMNS])
    sink = io.BytesIO()
    table = arrow.Table.from_pylist([asdict(row) for row in rows], schema=schema)
    need("pyarrow.parquet", "scale").write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _read(address: str) -> list[Status]:
    arrow = need("pyarrow", "scale")
    data = storage.Source.whole(address).read()
    try:
        table = need("pyarrow.parquet", "scale").read_table(io.BytesIO(data))
        records: list[dict[str, Any]] = table.select(list(COLUMNS)).to_pylist()
    except (arrow.ArrowException, ValueError, KeyError, OSError) as error:
        raise UnreadableFile(f"{address}: not a status table of thermeld's ({error})") from error
    return [Status(**record) for record in records]
