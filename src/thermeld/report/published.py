"""Published numbers beside ours: a small CSV with method, metric, value and, if wanted, set."""

import csv
from dataclasses import dataclass
from pathlib import Path

from thermeld.errors import UnknownName, UnreadableFile
from thermeld.registry import find_metric
from thermeld.report.means import Board
from thermeld.report.tables import Cell, Table, number

RANK = "average rank"
# What published tables call a method and we call otherwise, in small letters and figures alone.
OTHER_NAMES = {
    "mdlatlrr": "latlrr",
    "vsmwls": "wls",
}


@dataclass(frozen=True)
class Printed:
    """One number of a published table, as printed; an empty `set` holds for all."""

    method: str
    metric: str
    value: str
    set: str = ""


def read_published(path: Path) -> list[Printed]:
    """Read the CSV; a metric may also be "average rank".

    Raises:
        UnreadableFile: missing, without those columns, or a value that is no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"method", "metric", "value"} - set(reader.fieldnames or ())
            if missing:
                raise UnreadableFile(f"{path}: lacks the columns {', '.join(sorted(missing))}")
            return [_printed(record) for record in reader]
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path") from error
    except (ValueError, UnknownName) as error:
        raise UnreadableFile(f"{path}: {error}") from error


def _printed(record: dict[str, str]) -> Printed:
    metric = record["metric"].strip()
    name = RANK if metric == RANK else find_metric(metric).card.name
    place = (record.get("set") or "").strip()
    value = record["value"].strip()
    float(value)  # refuses what is no number
    return Printed(record["method"].strip(), name, value, place)


def published_table(board: Board, printed: list[Printed]) -> Table | None:
    """Ours and the published value of each metric, side by side; None if nothing was published.

    Methods that only the publication has get rows with its columns alone; where it has none of
    the methods measured here, only its columns are shown.
    """
    theirs = {
        (measured_as(p.method, board), p.metric): p.value
        for p in printed
        if p.set in ("", board.set)
    }
    metrics = [m for m in (*board.metrics, RANK) if any(key[1] == m for key in theirs)]
    if not metrics:
        return None
    methods = [m for m in board.methods if any((m, metric) in theirs for metric in metrics)]
    both = bool(methods)
    methods += [m for m in dict.fromkeys(key[0] for key in theirs) if m not in board.values]
    rows = []
    for method in methods:
        cells = [Cell(method)]
        for metric in metrics:
            cells += [Cell(_own(board, method, metric))] if both else []
            cells.append(Cell(theirs.get((method, metric), "–")))
        rows.append(tuple(cells))
    headings = [h for m in metrics for h in ((m, "publ.") if both else (f"{m} publ.",))]
    return Table(("method", *headings), tuple(rows))


def measured_as(method: str, board: Board) -> str:
    """The name under which a board has a method that others publish; theirs if it has not.

    Case, blanks and signs do not count: GTF is gtf, NSST_PAPCNN is nsst-papcnn.
    """
    if method in board.values:
        return method
    plain = _plain(method)
    return {_plain(name): name for name in board.values}.get(OTHER_NAMES.get(plain, plain), method)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())


def _own(board: Board, method: str, metric: str) -> str:
    if method not in board.values:
        return "–"
    if metric == RANK:
        return number(board.average_ranks().get(method))
    return number(board.mean(method, metric))
