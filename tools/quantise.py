"""Quantise a shipped network to 8 bits, judge it, and ship it only if the guard lets it pass.

    python tools/quantise.py mobilefuse ../shared/data [--write]

Ranges are taken from rendered scenes and, where there, from roadscene; the verdict is on pairs of
vifb21, tno25 and msrs. Each row keeps another part of the network in float32. With --write the
fastest form that passes becomes NAME-luma-int8.onnx and is named in the card.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from thermeld.data.scene import render_scene
from thermeld.image import Gray, luminance, unit
from thermeld.methods.neural import MODELS
from thermeld.methods.runtimes import Engine, open_graph
from thermeld.train.quantise import Planes, Verdict, convolutions, quantised, verdict
from thermeld.train.variants import write_variant

JUDGED_ON = {"vifb21": 3, "tno25": 2, "msrs": 2}


def real(folder: Path, count: int) -> Iterator[Planes]:
    """Pairs spread evenly over a set, their first 640x480 pixels."""
    files = sorted((folder / "ir").iterdir())
    for path in files[:: max(1, len(files) // count)][:count]:
        partner = next((folder / "vi").glob(f"{path.stem}.*"))
        views = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in (path, partner)]
        ir, vis = (np.ascontiguousarray(view[:480, :640]) / np.float32(255) for view in views)
        if ir.shape == vis.shape:
            yield ir, vis


def shown(shared: Path) -> list[Planes]:
    """What ranges are taken from."""
    pairs = []
    for seed in range(4):
        scene = render_scene(
            np.random.default_rng(seed), height=240, width=320, night=seed % 2 == 0
        )
        pairs.append((luminance(unit(scene.ir)), luminance(unit(scene.vis))))
    if (shared / "roadscene").is_dir():
        pairs += [(ir[:240, :320], vis[:240, :320]) for ir, vis in real(shared / "roadscene", 6)]
    return pairs


def fused(content: bytes, engine: Engine, pairs: list[Planes]) -> list[Gray]:
    """Fused luminance of each pair."""
    graph = open_graph(content, engine, name="candidate")
    results = []
    for ir, vis in pairs:
        inputs = {"ir": ir[None, None], "vis": vis[None, None]}
        if "map" in graph.outputs:
            share = graph("map", inputs)[0][0]
            results.append(vis + share * (ir - vis))
        else:
            plane = graph("fused", inputs)[0]
            grey = plane[0] if len(plane) == 1 else luminance(plane.transpose(1, 2, 0))
            results.append(np.clip(grey, 0, 1))
    return results


def tell(name: str, found: Verdict) -> None:
    """One line: PSNR, the metric that moved most, and whether it passes."""
    worst = max(found.moved, key=found.moved.__getitem__)
    print(
        f"{name:28} {found.decibels:5.1f} dB  {worst} moves by {100 * found.moved[worst]:.2f} %  "
        f"{'passes' if found.ships else 'fails'}",
        flush=True,
    )


def main() -> None:
    """Try each form, from all in 8 bits to the stems alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("shared", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    content = (MODELS / f"{given.name}-luma.onnx").read_bytes()
    judged = [
        pair for name, count in JUDGED_ON.items() for pair in real(given.shared / name, count)
    ]
    plain = fused(content, Engine(threads=1), judged)
    *body, head = convolutions(content)
    forms = {
        "all": [],
        "head float32": [head],
        "stems and head float32": [*body[:2], head],
        "all but stems float32": [*body[2:], head],
    }
    for form, keep in forms.items():
        made = quantised(content, shown(given.shared), keep=keep)
        found = verdict(judged, plain, fused(made, Engine(precision="int8", threads=1), judged))
        tell(f"{given.name}, {form}", found)
        if found.ships and given.write:
            facts = {
                "channels": {"ir": 1, "vis": 1},
                "precision": "int8",
                "float32": keep,
                "psnr_db": round(found.decibels, 2),
                "moved": {name: round(share, 5) for name, share in found.moved.items()},
            }
            write_variant(MODELS / f"{given.name}.json", "luma-int8", made, facts)
            return


if __name__ == "__main__":
    main()
