"""Arrays in, array out: every file here is read when the room is, and registers its methods."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
