"""The references that tests of classical methods measure against."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from references import off_by, pair, psnr, read

Rule = Callable[..., NDArray]


@pytest.fixture(scope="session")
def classical(shared: Path) -> Path:
    """The folder of reference pictures."""
    return shared / "reference" / "classical"


@pytest.fixture(scope="session")
def off_reference(classical: Path) -> Callable[[Rule, str, str], NDArray]:
    """Differences in 8-bit levels of a method in float64 from the authors' picture."""

    def measure(rule: Rule, folder: str, name: str) -> NDArray:
        fused = rule(*pair(classical / "sources", name))
        assert fused.dtype == np.float64
        return off_by(fused, read(classical / folder / f"{name}.png"))

    return measure


@pytest.fixture(scope="session")
def precision(classical: Path) -> Callable[[Rule, str], float]:
    """PSNR of a method in float32 against itself in float64."""

    def measure(rule: Rule, name: str) -> float:
        ir, vis = pair(classical / "sources", name)
        single = rule(ir.astype(np.float32), vis.astype(np.float32))
        assert single.dtype == np.float32
        return psnr(single, rule(ir, vis))

    return measure
