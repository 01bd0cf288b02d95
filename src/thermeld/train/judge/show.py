"""What the report shows of the judge beyond numbers: its losses and some of its answers."""

from pathlib import Path

import numpy as np

from thermeld.data.segmentation import curve_file, example_file, painted, truth_file
from thermeld.image import eight_bits
from thermeld.io import read_image, write_image
from thermeld.io.parts import write_whole
from thermeld.train.judge.data import Pixels, reduced
from thermeld.train.judge.inputs import LabelledPairs, richest
from thermeld.train.judge.task import Judging
from thermeld.train.log import read_log

SHOWN = 3
SHOWN_WIDTH = 320  # pixels, at most twice of it


def keep_curve(run: Path, place: Path, method: str, seed: str) -> Path:
    """Take the losses out of a run's log."""
    lines = ["method,seed,step,loss"]
    lines += [
        f"{_field(method)},{seed},{step},{value}"
        for step, name, value in read_log(run / "log.csv")
        if name == "loss"
    ]
    path = curve_file(place, method, seed)
    write_whole(path, ("\n".join(lines) + "\n").encode())
    return path


def _field(text: str) -> str:
    """A field of a CSV, quoted where it must be."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def keep_examples(task: Judging, part: LabelledPairs, place: Path, method: str) -> list[Path]:
    """Write answers for the pairs that show most classes, and what would have been right."""
    written = []
    for at in richest(part, SHOWN):
        stem = part.stems[at]
        truth = truth_file(place, stem)
        if not truth.exists():
            vis, labels = _small(part, at)
            write_image(truth, painted(vis, labels))
        path = example_file(place, stem, method)
        write_image(path, task.overlay(at), overwrite=True)
        written.append(path)
    return written


def _small(part: LabelledPairs, at: int) -> tuple[Pixels, Pixels]:
    """The visible image and its labels, no wider than `SHOWN_WIDTH` or twice that."""
    vis = eight_bits(read_image(part.pairs[at].vis).pixels)
    by = max(1, vis.shape[1] // SHOWN_WIDTH)
    image = reduced(vis, by)
    return image, np.ascontiguousarray(
        part.labels[at][::by, ::by][: image.shape[0], : image.shape[1]]
    )
