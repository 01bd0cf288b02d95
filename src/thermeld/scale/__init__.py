"""Batch and evaluation over many machines: the same work per item, mapped by Ray Data.

`items` says what is to be done, `storage` where it lies, `engine` has it done by a pool of
workers that may die, `fusing` and `measuring` are the two kinds of work, and `status` keeps what
became of every item so that the next start goes on from there. No fusion logic lives here.
"""

from thermeld.scale.cluster import Pool
from thermeld.scale.fusing import FuseJob, fuse_items
from thermeld.scale.items import Item, Listing, items_of, read_manifest
from thermeld.scale.measuring import through_cluster
from thermeld.scale.planning import Forecast, forecast

__all__ = [
    "Forecast",
    "FuseJob",
    "Item",
    "Listing",
    "Pool",
    "forecast",
    "fuse_items",
    "items_of",
    "read_manifest",
    "through_cluster",
]
