"""How weights that others published map onto our networks."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Published:
    """The names under which a network's authors stored what.

    Attributes:
        make: the network as these weights want it.
        rules: (pattern, replacement) pairs, applied in order to our name to get theirs.
        ignored: pattern of their names that are not part of the network as it runs.
        tensorflow: a TensorFlow 1 checkpoint; kernels are (height, width, in, out) there.
        wrapped: key of the dict the weights lie in, where there is one.
        licence: what is known of it, for the card.
    """

    make: Callable[[], nn.Module]
    rules: tuple[tuple[str, str], ...] = ()
    ignored: str = r"$^"
    tensorflow: bool = False
    wrapped: str | None = None
    licence: str = "that of the imported checkpoint; ask its authors"

    def theirs(self, ours: str) -> str:
        """Their name of one of our parameters or buffers."""
        for pattern, replacement in self.rules:
            ours = re.sub(pattern, replacement, ours)
        return ours
