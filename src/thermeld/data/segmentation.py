"""What the judge writes and the report reads: classes, their colours, names and places of files.

Rows of the results table: one per set, seed (as its image), method and value of `VALUES`, in the
convention `CONVENTION`, as shares in [0, 1]; its seconds are those of the training.
"""

from pathlib import Path
from typing import Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

CONVENTION: Final = "segmentation"
BACKGROUND: Final = 0
IGNORED: Final = 255  # the label of pixels that nobody judged
# Of MSRS, by label value; names as in published tables.
CLASSES: Final = (
    *("background", "car", "person", "bike", "curve"),
    *("car stop", "guardrail", "colour cone", "bump"),
)
IOU, MEAN, ACCURACY = "IoU ", "mIoU", "pixel accuracy"
VALUES: Final = (*(IOU + name for name in CLASSES), MEAN, ACCURACY)
INFRARED, VISIBLE = "infrared", "visible"  # the sources by themselves, as methods
# Far apart in hue or lightness, the background black: whatever has colour was found.
COLOURS: Final = (
    *((0, 0, 0), (70, 130, 230), (230, 40, 60), (250, 170, 30), (150, 60, 190)),
    *((60, 180, 75), (120, 220, 240), (245, 110, 190), (255, 240, 110)),
)


def painted(picture: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with its label map laid over it; background and ignored pixels stay.

    Args:
        picture: (H, W, 3) RGB.
        labels: (H, W); beyond the last colour they are used again.

    Returns:
        (H, W, 3) RGB, of the marked pixels 60 % colour.
    """
    marked = (labels != BACKGROUND) & (labels != IGNORED)
    shown = np.array(picture)
    colours = np.array(COLOURS, np.float32)[labels[marked] % len(COLOURS)]
    shown[marked] = np.rint(0.4 * picture[marked] + 0.6 * colours).astype(np.uint8)
    return shown


def files_beside(table: Path) -> Path:
    """The folder in which a table's judge keeps its pictures, curves and what it goes on from."""
    return table.with_name(f"{table.stem}-judge")


def place_of(table: Path, set_name: str) -> Path:
    """The part of that folder that the report reads, for one set."""
    return files_beside(table) / quote(set_name.replace(":", "-"), safe="")


def curve_file(place: Path, method: str, seed: str) -> Path:
    """The losses of one training: a CSV of `method,seed,step,loss`."""
    return place / "curves" / f"{quote(method, safe='@')}-{seed.replace(' ', '-')}.csv"


def truth_file(place: Path, stem: str) -> Path:
    """An example's labels, laid over its visible image."""
    return place / "examples" / f"{quote(stem, safe='')}.jpg"


def example_file(place: Path, stem: str, method: str) -> Path:
    """What was answered for an example on a method's image, laid over it."""
    return place / "examples" / quote(stem, safe="") / f"{quote(method, safe='@')}.jpg"
