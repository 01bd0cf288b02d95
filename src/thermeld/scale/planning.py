"""A dry run: how many, how much, how long, and what has no partner."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from thermeld.scale.fusing import FuseJob, Fusing
from thermeld.scale.items import Item, Listing
from thermeld.scale.status import DONE
from thermeld.scale.storage import size_of

SAMPLE = 5  # pairs fused, and
SIZED = 200  # pairs measured in bytes, evenly over the list


@dataclass(frozen=True)
class Forecast:
    """What a run would come to.

    Attributes:
        items: pairs in all.
        lonely: pictures without a partner.
        bytes_in: of all sources, from a sample.
        bytes_out: of all results, from a sample.
        item_s: of one pair on one core here, median of a sample; 0 if none could be fused.
        hours: of the run with that many workers; reading from far away costs more.
        faults: of the sample, in a line each.
    """

    items: int
    lonely: tuple[str, ...]
    bytes_in: int
    bytes_out: int
    item_s: float
    hours: float
    faults: tuple[str, ...]


def forecast(listing: Listing, job: FuseJob, workers: int) -> Forecast:
    """Measure a few pairs and say what all would take; nothing is written.

    Raises:
        FusionError: a source is missing, or the method cannot be built.
    """
    items = listing.items
    fusing = Fusing(job)
    sizes = [size_of(item.ir) + size_of(item.vis) for item in _evenly(items, SIZED)]
    seconds, outs, faults = [], [], []
    for item in _evenly(items, SAMPLE):
        begun = time.perf_counter()
        row, data = fusing.tried(item)
        if row.state == DONE:
            seconds.append(time.perf_counter() - begun)
            outs.append(len(data))
        else:
            faults.append(f"{item.id}: {row.error}")
    item_s = median(seconds) if seconds else 0.0
    return Forecast(
        len(items),
        listing.lonely,
        int(np.mean(sizes) * len(items)) if sizes else 0,
        int(np.mean(outs) * len(items)) if outs else 0,
        item_s,
        item_s * len(items) / max(1, workers) / 3600,
        tuple(faults),
    )


def _evenly(items: Sequence[Item], count: int) -> Sequence[Item]:
    step = max(1, len(items) // count)
    return items[::step][:count]
