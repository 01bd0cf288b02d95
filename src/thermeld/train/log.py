"""What a training run writes down: one CSV in long form, and TensorBoard events."""

import csv
from collections.abc import Mapping
from pathlib import Path

from tensorboardX import SummaryWriter


class TrainingLog:
    """Appends (step, name, value) rows to RUN/log.csv and scalars to RUN/events.

    On resuming, rows after the step that was resumed from are dropped, so that a step stands
    in the log once.
    """

    def __init__(self, run: Path, *, after_step: int) -> None:
        path = run / "log.csv"
        kept = [row for row in read_log(path) if row[0] <= after_step]
        path.write_text("step,name,value\n", encoding="utf-8")
        self._file = path.open("a", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file)
        self._rows.writerows(kept)
        self._events = SummaryWriter(str(run / "events"), purge_step=after_step + 1)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Log named values of one step."""
        for name, value in values.items():
            self._rows.writerow((step, name, f"{value:.8g}"))
            self._events.add_scalar(name, value, step)
        self._file.flush()

    def close(self) -> None:
        """Finish both."""
        self._file.close()
        self._events.close()


def read_log(path: Path) -> list[tuple[int, str, str]]:
    """Rows of a log.csv; a last line that a kill cut short is left out."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [(int(row[0]), row[1], row[2]) for row in rows if len(row) == 3]
