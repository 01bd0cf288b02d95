"""Write what the documents say of methods and trained networks, from the cards themselves.

Usage: python tools/write_docs.py

Replaces what stands between the markers <!-- NAME --> and <!-- /NAME --> in README.md and
docs/results.md, and draws docs/images/demo.jpg and docs/images/training.svg.
"""

import csv
import json
import re
from pathlib import Path

import numpy as np

from thermeld.batch import panel_of
from thermeld.cli.list import markdown_table
from thermeld.data.scene import demo_scene
from thermeld.fuse import Fuser, list_methods
from thermeld.image import to_depth
from thermeld.io import Picture, write_image
from thermeld.methods.neural import MODELS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LOGS = DOCS / "training"
COLOURS = ("#c0392b", "#2471a3", "#1e8449")


def main() -> None:
    """Write everything."""
    put(ROOT / "README.md", "methods", markdown_table(list_methods()))
    put(DOCS / "results.md", "trained", trained_table())
    draw_demo(DOCS / "images" / "demo.jpg")
    (DOCS / "images" / "training.svg").write_text(training_plot(), encoding="utf-8")


def put(path: Path, name: str, text: str) -> None:
    """Replace a marked part of a document."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
    whole, count = pattern.subn(
        lambda found: found[1] + text + found[2], path.read_text(encoding="utf-8")
    )
    if count != 1:
        raise SystemExit(f"{path}: expected one part marked {name}, found {count}")
    path.write_text(whole, encoding="utf-8")


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
    for path in sorted(MODELS.glob("*.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
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


def draw_demo(path: Path) -> None:
    """The demo scene, fused by the default method, as one picture."""
    scene = demo_scene()
    ir, vis = to_depth(scene.ir, np.uint8), to_depth(scene.vis, np.uint8)
    fuser = Fuser()
    pictures = (Picture(ir, None, path, "png"), Picture(vis, None, path, "png"))
    write_image(path, panel_of(fuser, *pictures, fuser(ir, vis)), overwrite=True)


def training_plot() -> str:
    """PSNR on validation pairs against steps, one line per network and kind, as SVG."""
    width, height, left, top = 560, 300, 50, 20
    curves = {}
    for path in sorted(LOGS.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for kind in ("focus", "lighting"):
            points = [
                (int(r["step"]), float(r["value"])) for r in rows if r["name"] == f"psnr_{kind}"
            ]
            curves[path.stem, kind] = points
    steps = max(step for points in curves.values() for step, _ in points)
    low = np.floor(min(v for points in curves.values() for _, v in points))
    high = np.ceil(max(v for points in curves.values() for _, v in points))

    def at(step: float, value: float) -> tuple[float, float]:
        x = left + (width - left - 20) * step / steps
        return x, top + (height - top - 40) * (high - value) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 50}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height + 50}" fill="white"/>',
    ]
    for value in np.arange(low, high + 1, 2):
        x, y = at(0, value)
        parts.append(
            f'<path d="M{x} {y}H{width - 20}" stroke="#ddd"/>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{value:.0f}</text>'
        )
    for step in range(0, steps + 1, 500):
        x, y = at(step, low)
        parts.append(f'<text x="{x}" y="{y + 16}" text-anchor="middle">{step}</text>')
    parts.append(f'<text x="{left}" y="12">validation PSNR, dB, against optimiser steps</text>')
    names = sorted({name for name, _ in curves})
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        for kind, dash in (("focus", ""), ("lighting", "5 3")):
            line = " ".join(
                f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in curves[name, kind])
            )
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" '
                f'stroke-width="1.6" stroke-dasharray="{dash}"/>'
            )
        parts.append(
            f'<text x="{left}" y="{height + 6 + 14 * number}" fill="{colour}">{name}: '
            "multi-focus solid, multi-lighting dashed</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
