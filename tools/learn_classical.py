"""Learn the shipped parts of `latlrr` and `csr` again, from rendered scenes and nothing else.

    python tools/learn_classical.py latlrr

writes `src/thermeld/methods/learned/latlrr.npy` and the card beside it.
"""

import argparse
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermeld.data.scene import render_scene
from thermeld.image import Gray, luminance
from thermeld.methods.convdict import commonest_shapes, refined
from thermeld.methods.csr import smooth
from thermeld.methods.latent import salient_map
from thermeld.methods.lowrank import SIDE

LEARNED = Path(__file__).resolve().parents[1] / "src" / "thermeld" / "methods" / "learned"
SEED = 0
SCENES = 16
FILTERS = 32
SIZE = (240, 320)
BRIGHTNESS = 0.49  # root mean square of road photographs (CamVid); the matrix depends on it

Array = NDArray[np.float64]


def pictures(rng: np.random.Generator) -> list[Gray]:
    """Visible luminance and infrared of scenes, by turns night and day, exposed alike."""
    planes = []
    for number in range(SCENES):
        scene = render_scene(rng, height=SIZE[0], width=SIZE[1], night=number % 2 == 0)
        planes += [exposed(scene.ir), exposed(luminance(scene.vis))]
    return planes


def exposed(plane: Gray) -> Gray:
    """The plane at the gamma that gives it the brightness of a photograph, found by halving."""
    low, high = 0.05, 20.0
    for _ in range(40):
        gamma = (low * high) ** 0.5
        low, high = (gamma, high) if np.mean(plane ** (2 * gamma)) > BRIGHTNESS**2 else (low, gamma)
    return plane ** np.float32(gamma)


def random_patches(planes: list[Gray], count: int, rng: np.random.Generator) -> Array:
    """Patches of 8x8 as columns, each column after column of its pixels, (64, count)."""
    columns = []
    for _ in range(count):
        plane = planes[rng.integers(len(planes))]
        row, col = (rng.integers(side - SIDE + 1) for side in plane.shape)
        columns.append(plane[row : row + SIDE, col : col + SIDE].T.ravel())
    return np.array(columns, np.float64).T


def learn_latlrr(planes: list[Gray], rng: np.random.Generator) -> tuple[Array, dict[str, Any]]:
    """The 64x64 matrix, and what its card says about how it was learned."""
    matrix = salient_map(random_patches(planes, 1200, rng))
    return matrix, {"samples": "1200 random 8x8 patches", "noise": 0.4}


def learn_csr(planes: list[Gray], rng: np.random.Generator) -> tuple[Array, dict[str, Any]]:
    """The 32 filters of 8x8, and what their card says about how they were learned."""
    details = [plane - smooth(plane) for plane in planes]
    patches = random_patches(details, 8000, rng).T
    shapes = commonest_shapes(patches, FILTERS, rng).reshape(FILTERS, SIDE, SIDE)
    images = [detail[72:168, 112:208] for detail in details[:: len(details) // 4]]
    filters = refined(shapes.astype(np.float32), images, sparsity=0.01, rounds=20, steps=15)
    return filters, {"samples": "8000 random 8x8 patches, then 4 images of 96x96", "sparsity": 0.01}


PARTS: dict[str, Callable[[list[Gray], np.random.Generator], tuple[Array, dict[str, Any]]]] = {
    "latlrr": learn_latlrr,
    "csr": learn_csr,
}


def write(name: str, values: NDArray[Any], facts: dict[str, Any]) -> Path:
    """The array and its card."""
    file = LEARNED / f"{name}.npy"
    np.save(file, values)
    card = {
        "name": name,
        "file": file.name,
        "sha256": sha256(file.read_bytes()).hexdigest(),
        "shape": list(values.shape),
        "licence": "Apache-2.0",
        "trained_on": f"{SCENES} rendered scenes of {SIZE[1]}x{SIZE[0]}, infrared and visible, "
        f"by turns night and day, exposed to a root mean square of {BRIGHTNESS}",
        "seed": SEED,
        "made_by": f"python tools/learn_classical.py {name}",
        **facts,
    }
    card_file = LEARNED / f"{name}.json"
    card_file.write_text(json.dumps(card, indent=2) + "\n")
    return card_file


def main() -> None:
    """Learn one part and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=sorted(PARTS))
    part = parser.parse_args().part
    planes = pictures(np.random.default_rng(SEED))
    values, facts = PARTS[part](planes, np.random.default_rng(SEED))
    print(write(part, values.astype(np.float32), facts))


if __name__ == "__main__":
    main()
