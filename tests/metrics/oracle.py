"""Values that the field's own evaluation code gives, and the images they were computed from."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.metrics.scoring import Triple
from thermeld.registry import find_metric

FUSED = {"vifb21": "vifb/{image}_{method}.jpg", "tno25": "tno/{method}/{image}.png",
         "msrs": "msrs/{method}/{image}.png"}  # fmt: skip


class Key(NamedTuple):
    """One fused image."""

    set: str
    method: str
    image: str


class Compared(NamedTuple):
    """One reference value and ours."""

    key: Key
    convention: str
    metric: str
    value: float
    reference: float
    published: str

    @property
    def off(self) -> float:
        """Relative difference; infinite for NaN."""
        if isnan(self.value):
            return float("inf")
        return abs(self.value - self.reference) / (abs(self.reference) or 1.0)


def rows_by_image(shared: Path) -> dict[Key, list[dict[str, str]]]:
    """All reference rows, by fused image."""
    grouped = defaultdict(list)
    for table in sorted((shared / "reference" / "metrics").glob("*_values.csv")):
        with table.open(newline="") as lines:
            for row in csv.DictReader(lines):
                grouped[Key(row["set"], row["method"], row["image"])].append(row)
    return dict(grouped)


def read(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    return np.asarray(pixels if pixels.ndim == 2 else pixels[:, :, ::-1], np.uint8)


def triple(shared: Path, key: Key) -> tuple[NDArray[np.uint8], ...]:
    """Infrared, visible and fused as their files hold them, RGB."""
    sources = (
        next((shared / "data" / key.set / view).glob(f"{key.image}.*")) for view in ("ir", "vi")
    )
    fused = shared / "reference" / "metrics" / "fused" / FUSED[key.set].format(**key._asdict())
    return *(read(path) for path in sources), read(fused)


def compare(shared: Path, key: Key, rows: list[dict[str, str]]) -> Iterator[Compared]:
    """Every reference value of one fused image beside ours."""
    images = Triple(*triple(shared, key))
    for row in rows:
        entry = find_metric(row["metric"])
        value = images.measure(entry, row["convention"])
        yield Compared(key, row["convention"], entry.card.name, value, float(row["value"]),
                       row.get("published") or "")  # fmt: skip
