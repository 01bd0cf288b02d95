"""Put what a table of results says of the shipped networks and the baselines into their cards.

Usage: python tools/write_evaluations.py out/results.parquet

Each card gets `evaluation`: {set: {convention: {metric: mean over the set's pairs}}}. The table is
made by docs/report/make.sh.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from thermeld.data.results import read_table, write_whole
from thermeld.methods.neural import MODELS

BASELINES = Path(__file__).resolve().parents[1] / "baselines"


def main() -> None:
    """Write all cards of which the table has rows."""
    found: dict[str, dict[tuple[str, str, str], list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in read_table(Path(sys.argv[1])):
        if row.value is not None:
            found[row.method.split("@")[0]][row.set, row.convention, row.metric].append(row.value)
    for path in sorted([*MODELS.glob("*.json"), *BASELINES.glob("*.json")]):
        card = json.loads(path.read_text(encoding="utf-8"))
        if card["name"] not in found:
            continue
        card["evaluation"] = nested(found[card["name"]])
        write_whole(path, (json.dumps(card, indent=2) + "\n").encode())


def nested(
    values: dict[tuple[str, str, str], list[float]],
) -> dict[str, dict[str, dict[str, float]]]:
    """Means by set, convention and metric, to four digits after the point."""
    means: dict[str, dict[str, dict[str, float]]] = {}
    for (name, convention, metric), numbers in sorted(values.items()):
        part = means.setdefault(name, {}).setdefault(convention, {})
        part[metric] = round(sum(numbers) / len(numbers), 4)
    return means


if __name__ == "__main__":
    main()
