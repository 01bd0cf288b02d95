"""What can be known of a picture from an over-exposed and a darkened copy of it?

Usage: python tools/lighting_ambiguity.py shared/data/camvid

Learns, on the training split, the mean truth for every pair of input values (256 x 256 table, per
channel), and reports on the test split how many dB that estimate gains over the average of the
inputs: once with both gains drawn independently, once as thermeld draws them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from thermeld.data.masked import masked_images
from thermeld.data.synthetic import BRIGHT_GAIN, DARK_GAIN
from thermeld.image import Image

LEVELS = 256
DRAWS = {
    "independent gains, 1.3 to 2.2 and 0.25 to 0.75": lambda rng: (
        rng.uniform(1.3, 2.2),
        rng.uniform(0.25, 0.75),
    ),
    f"gain {BRIGHT_GAIN} and {DARK_GAIN[0]} to {DARK_GAIN[1]}": lambda rng: (
        BRIGHT_GAIN,
        rng.uniform(*DARK_GAIN),
    ),
}
Draw = Callable[[np.random.Generator], tuple[float, float]]


def pictures(folder: Path, split: str) -> list[Image]:
    """Every second picture, every fourth pixel."""
    images = masked_images("camvid", folder, split)
    return [images.load(n)[0][::4, ::4].astype(np.float32) / 255 for n in range(0, len(images), 2)]


def inputs(truth: Image, gains: tuple[float, float]) -> tuple[Image, Image, tuple[Image, Image]]:
    """Both inputs and the cells of the table they fall into."""
    bright, dark = np.minimum(truth * gains[0], 1), truth * gains[1]
    return bright, dark, tuple((plane * (LEVELS - 1)).astype(int) for plane in (bright, dark))


def gain_db(train: list[Image], test: list[Image], draw: Draw) -> float:
    """Mean PSNR of the table's estimate minus that of the average."""
    rng = np.random.default_rng(0)
    sums, counts = np.zeros((LEVELS, LEVELS)), np.zeros((LEVELS, LEVELS))
    for _ in range(30):
        for truth in train:
            _, _, cells = inputs(truth, draw(rng))
            np.add.at(sums, cells, truth)
            np.add.at(counts, cells, 1)
    table = np.where(counts > 0, sums / np.maximum(counts, 1), 0.5)
    gains = []
    for truth in [picture for picture in test for _ in range(4)]:
        bright, dark, cells = inputs(truth, draw(rng))
        errors = [np.mean((image - truth) ** 2) for image in ((bright + dark) / 2, table[cells])]
        gains.append(10 * np.log10(errors[0] / errors[1]))
    return float(np.mean(gains))


def main() -> None:
    """Print one line per way of drawing."""
    folder = Path(sys.argv[1])
    train, test = pictures(folder, "train"), pictures(folder, "test")
    for name, draw in DRAWS.items():
        print(f"{name}: {gain_db(train, test, draw):+.2f} dB over the average")


if __name__ == "__main__":
    main()
