"""How far the metrics are from every reference value: a CSV that docs/metrics.md is made from.

    OMP_NUM_THREADS=1 python benchmarks/metrics_agreement.py ../shared > agreement.csv

Takes some minutes. Columns: metric, convention, values, worst (largest relative difference).
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "metrics"))

from oracle import compare, rows_by_image

from thermeld.metrics import Agreement


def agreement(shared: Path) -> list[Agreement]:
    """One row per metric and convention that has reference values."""
    offs = defaultdict(list)
    for key, rows in rows_by_image(shared).items():
        for compared in compare(shared, key, rows):
            offs[compared.metric, compared.convention].append(compared.off)
    return [Agreement(*kind, len(found), max(found)) for kind, found in sorted(offs.items())]


def main() -> None:
    """Write the table to standard output."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(Agreement._fields)
    table.writerows(agreement(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
