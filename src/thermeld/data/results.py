"""The long table of an evaluation: one row per value, as Parquet or CSV.

Whoever fills it and whoever prints it share this page and nothing else.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from thermeld.errors import BadSetting, UnreadableFile, UnwritableFile
from thermeld.io import parts
from thermeld.registry import need

SUFFIXES = (".parquet", ".csv")
DONE, UNDEFINED, FAILED = "done", "undefined", "failed"


@dataclass(frozen=True)
class Row:
    """One value of one metric on one fused image.

    Attributes:
        set: name of the pair set.
        image: stem of the pair.
        method: how the table calls whoever fused it.
        metric: its name.
        convention: whose formula and colour treatment.
        value: None unless `state` is "done".
        state: "done"; "undefined" where the definition is 0/0; "failed" for the whole image.
        error: why it failed, in one line.
        seconds: of CPU time that fusing took, on one thread; None for images others fused.
        pixels: height times width.
        parameters: learned numbers of the method; 0 for a rule, -1 if nobody said.
        color: what became of colour: "ycbcr", "blend", "gray", "per-channel", or "given".
        settings: of the method, as sorted JSON.
        checksum: SHA-256 of the method's weights, or of the fused file that was given.
        sources: SHA-256 over both source files.
        version: of thermeld.
    """

    set: str
    image: str
    method: str
    metric: str
    convention: str
    value: float | None
    state: str
    error: str
    seconds: float | None
    pixels: int
    parameters: int
    color: str
    settings: str
    checksum: str
    sources: str
    version: str


COLUMNS = tuple(field.name for field in fields(Row))
_MAY_LACK = ("value", "seconds")
_NUMBERS = {"value": float, "seconds": float, "pixels": int, "parameters": int}


def require_table_place(path: Path) -> None:
    """Refuse a table that cannot be written, before work is spent on it.

    Raises:
        BadSetting: its name ends with neither .parquet nor .csv.
        MissingExtra: Parquet without pyarrow.
        UnwritableFile: it is a folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BadSetting(f"{path}: the table's name must end with {' or '.join(SUFFIXES)}")
    if path.suffix.lower() == ".parquet":
        need("pyarrow", "report")
    if path.is_dir():
        raise UnwritableFile(f"{path}: is a folder; name a file in it, as results.parquet")


def write_table(path: Path, rows: Iterable[Row]) -> Path:
    """Write a table, wholly or not at all; its name says in which form.

    Raises:
        BadSetting, MissingExtra, UnwritableFile: see `require_table_place`.
    """
    require_table_place(path)
    records = [asdict(row) for row in rows]
    return write_whole(path, _parquet(records) if path.suffix == ".parquet" else _csv(records))


def read_table(path: Path) -> list[Row]:
    """Read a table back.

    Raises:
        UnreadableFile: missing, damaged, or without the columns of `Row`.
        MissingExtra: Parquet without pyarrow.
    """
    if not path.is_file():
        raise UnreadableFile(f"{path}: no such table; make it with thermeld evaluate")
    records = _from_parquet(path) if path.suffix == ".parquet" else _from_csv(path)
    return [Row(**record) for record in records]


def write_whole(path: Path, data: bytes) -> Path:
    """Write bytes under another name and rename; missing folders are made.

    Raises:
        UnwritableFile: the disk or the folder refuses.
    """
    try:
        parts.write_whole(path, data)
    except OSError as error:
        raise UnwritableFile(f"{path}: {error.strerror}; free space or check access") from error
    return path


def _parquet(records: list[dict[str, Any]]) -> bytes:
    arrow = need("pyarrow", "report")
    sink = io.BytesIO()
    table = arrow.Table.from_pylist(records, schema=_schema())
    need("pyarrow.parquet", "report").write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _schema() -> Any:
    arrow = need("pyarrow", "report")
    kinds = {"value": arrow.float64(), "seconds": arrow.float64()}
    kinds |= {"pixels": arrow.int64(), "parameters": arrow.int64()}
    return arrow.schema([(name, kinds.get(name, arrow.string())) for name in COLUMNS])


def _complete(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """The record, if nothing is missing that every row has."""
    empty = [name for name in COLUMNS if record[name] is None and name not in _MAY_LACK]
    if empty:
        raise UnreadableFile(f"{path}: damaged; a row lacks {', '.join(empty)}")
    return record


def _from_parquet(path: Path) -> Iterator[dict[str, Any]]:
    arrow = need("pyarrow", "report")
    try:
        table = need("pyarrow.parquet", "report").read_table(path)
        records: list[dict[str, Any]] = table.select(list(COLUMNS)).cast(_schema()).to_pylist()
    except (arrow.ArrowException, ValueError, KeyError, OSError) as error:
        # ValueError: text that is no UTF-8
        raise UnreadableFile(f"{path}: not a table of thermeld evaluate ({error})") from error
    yield from (_complete(record, path) for record in records)


def _csv(records: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def _from_csv(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(COLUMNS) - set(reader.fieldnames or ())
            if missing:
                names = ", ".join(sorted(missing))
                raise UnreadableFile(f"{path}: not a table of thermeld evaluate; it lacks {names}")
            yield from (_typed(record, path) for record in reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: damaged ({error})") from error


def _typed(record: Mapping[str, str], path: Path) -> dict[str, Any]:
    typed: dict[str, Any] = {name: record[name] for name in COLUMNS}
    try:
        for name, kind in _NUMBERS.items():
            typed[name] = kind(typed[name]) if typed[name] else None
    except ValueError as error:
        raise UnreadableFile(f"{path}: {error}") from error
    return _complete(typed, path)
