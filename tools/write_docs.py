"""Write what the documents say of methods and trained networks, from the cards themselves.

Usage: python tools/write_docs.py

Replaces what stands between the markers <!-- NAME --> and <!-- /NAME --> in README.md and
docs/results.md, and draws docs/images/demo.jpg, training.svg and curves.svg.
"""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from thermeld.batch import panel_of
from thermeld.cli.list import choices_text, markdown_table
from thermeld.data.scene import demo_scene
from thermeld.fuse import Fuser, list_methods
from thermeld.image import to_depth
from thermeld.io import Picture, write_image
from thermeld.methods.neural import MODELS
from thermeld.train.curves import draw_curves

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BASELINES = ROOT / "baselines"
MEANS = DOCS / "report" / "means.csv"
SETS = ("tno25", "roadscene50", "m3fd", "msrs:val")


def main() -> None:
    """Write everything."""
    put(ROOT / "README.md", "methods", markdown_table(list_methods()) + "\n\n" + choices_text())
    put(DOCS / "results.md", "trained", trained_table())
    put(DOCS / "results.md", "runs", runs_table())
    for name in SETS:
        put(DOCS / "results.md", name, means_table(name))
    draw_demo(DOCS / "images" / "demo.jpg")
    synthetic = [path for path in logs() if "psnr_focus" in path.read_text(encoding="utf-8")]
    draw_curves(synthetic, DOCS / "images" / "training.svg", terms=("psnr_focus", "psnr_lighting"))
    paired = [path for path in logs() if path not in synthetic]
    draw_curves(paired, DOCS / "images" / "curves.svg")


def logs() -> list[Path]:
    """What was logged in training the shipped networks."""
    return sorted((DOCS / "training").glob("*.csv"))


def put(path: Path, name: str, text: str) -> None:
    """Replace a marked part of a document."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    whole, count = pattern.subn(
        lambda found: found[1] + text + "\n" + found[2], path.read_text(encoding="utf-8")
    )
    if count != 1:
        raise SystemExit(f"{path}: expected one part marked {name}, found {count}")
    path.write_text(whole, encoding="utf-8")


def cards(folder: Path) -> list[dict[str, Any]]:
    """All cards of a folder, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def trained_table() -> str:
    """One row per trained network, from its card."""
    head = (
        "network",
        "parameters",
        "ONNX kB",
        "steps (best)",
        "hours",
        "validation loss",
        "focus dB",
        "over average",
        "lighting dB",
        "over average",
    )
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for card in (*cards(MODELS), *cards(BASELINES)):
        if not card["holdout"]:
            continue
        run = card["trained"]
        cells = [
            f"`{card['name']}`",
            f"{card['parameters']:,}",
            f"{card['bytes'] / 1000:.0f}",
            f"{run['steps']} ({run['best_step']})",
            f"{run['hours']:.2f}",
            f"{run['best_loss']:.6f}",
        ]
        for held in card["holdout"]:
            cells += [f"{held['fused']:.2f}", f"{held['fused'] - held['average']:+.2f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def runs_table() -> str:
    """How the networks were trained that learned from registered pairs, from their cards."""
    head = ("network", "parameters", "ONNX kB", "task", "steps (best)", "hours", "criterion")
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    shipped = [(card, "") for card in cards(MODELS)]
    for card, where in [*shipped, *((card, " (baseline)") for card in cards(BASELINES))]:
        if card["holdout"]:
            continue
        run = card["trained"]
        cells = (
            f"`{card['name']}`{where}",
            f"{card['parameters']:,}",
            f"{card['bytes'] / 1000:.0f}",
            run["recipe"]["task"],
            f"{run['steps']} ({run['best_step']})",
            f"{run['hours']:.2f}",
            f"{run['best_loss']:.4f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def means_table(name: str) -> str:
    """Means of a set's metrics from the report, with the average rank."""
    with MEANS.open(encoding="utf-8") as file:
        found = [row for row in csv.DictReader(file) if row["set"] == name]
    metrics = list(dict.fromkeys(row["metric"] for row in found))
    values: dict[str, dict[str, float]] = {}
    for row in found:
        value = float(row["mean"] or row["rank"])
        values.setdefault(row["method"], {})[row["metric"]] = value
    rows = [f"| method | {' | '.join(metrics)} |", f"|{'---|' * (1 + len(metrics))}"]
    for method, means in values.items():
        cells = (f"{means[metric]:.2f}" for metric in metrics)
        rows.append(f"| `{method}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def draw_demo(path: Path) -> None:
    """The demo scene, fused by the default method, as one picture."""
    scene = demo_scene()
    ir, vis = to_depth(scene.ir, np.uint8), to_depth(scene.vis, np.uint8)
    fuser = Fuser()
    pictures = (Picture(ir, None, path, "png"), Picture(vis, None, path, "png"))
    write_image(path, panel_of(fuser, *pictures, fuser(ir, vis)), overwrite=True)


if __name__ == "__main__":
    main()
