"""(ir, vis, fused) -> float: what the field measures, in the conventions it measures it in.

Every file here is read when the room is, and registers its metrics.
"""

from importlib import import_module
from pkgutil import iter_modules

from thermeld.metrics.scoring import CONVENTIONS, score
from thermeld.metrics.sheet import Agreement, document, sheet, table

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CONVENTIONS", "Agreement", "document", "score", "sheet", "table"]
