"""Write docs/metrics.md: every metric's fact sheet, with how far it is from each oracle.

python tools/write_metrics.py ../shared
"""

import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "metrics"))

from oracle import Key, compare, rows_by_image  # noqa: E402

from thermeld.metrics import Agreement, document  # noqa: E402

Off = dict[tuple[str, str], list[float]]


def differences(shared: Path, key: Key, rows: list[dict[str, str]]) -> Off:
    """Relative differences of one fused image, by metric and convention."""
    found: Off = defaultdict(list)
    for compared in compare(shared, key, rows):
        found[compared.metric, compared.convention].append(compared.off)
    return dict(found)


def measured(shared: Path) -> list[Agreement]:
    """Our values against every reference value."""
    images = rows_by_image(shared)
    together: Off = defaultdict(list)
    with ProcessPoolExecutor() as pool:
        columns = ([shared] * len(images), images.keys(), images.values())
        for found in pool.map(differences, *columns):
            for kind, off in found.items():
                together[kind] += off
    return [Agreement(*kind, len(off), max(off)) for kind, off in sorted(together.items())]


if __name__ == "__main__":
    (ROOT / "docs" / "metrics.md").write_text(document(measured(Path(sys.argv[1]))))
