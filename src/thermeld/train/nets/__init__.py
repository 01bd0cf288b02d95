"""One network, one file. Each file names what it offers in `NETWORKS`, read when it is asked for.

A file of this room holds a dict `NETWORKS = {"name": constructor}`; adding a network is adding
a file.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from torch import nn


def networks() -> dict[str, Callable[..., nn.Module]]:
    """Every network by name."""
    table: dict[str, Callable[..., nn.Module]] = {}
    for module in iter_modules(__path__):
        table.update(import_module(f"{__name__}.{module.name}").NETWORKS)
    return table
