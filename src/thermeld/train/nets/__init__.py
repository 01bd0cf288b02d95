"""One network, one file. Each file names what it offers in `NETWORKS`, read when it is asked for.

A file of this room holds a dict `NETWORKS = {"name": constructor}`; adding a network is adding
a file. A network names its `inputs` (channels by name); one that fuses has `deployed()`, the
module that is exported. The paragraph "Source: ..." of the file says where it comes from. Weights
that others published are described in `PUBLISHED = {"name": Published(...)}`.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from torch import nn

from thermeld.train.published import Published


def networks() -> dict[str, Callable[..., nn.Module]]:
    """Every network by name."""
    table: dict[str, Callable[..., nn.Module]] = {}
    for module in iter_modules(__path__):
        table.update(import_module(f"{__name__}.{module.name}").NETWORKS)
    return table


def published() -> dict[str, Published]:
    """Every kind of published weights by name."""
    table: dict[str, Published] = {}
    for module in iter_modules(__path__):
        table.update(getattr(import_module(f"{__name__}.{module.name}"), "PUBLISHED", {}))
    return table
