"""Pairs and pictures made with the authors' own code, and how far ours are from them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Rule = Callable[..., NDArray]


def read(path: Path) -> NDArray:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    return pixels


def pair(folder: Path, name: str) -> tuple[NDArray, NDArray]:
    """Infrared and visible as float64 in 0..1, exactly what the 8 bits say."""
    return tuple(read(folder / f"{name}_{view}.png") / 255.0 for view in ("ir", "vis"))


def off_by(fused: NDArray, reference: NDArray) -> NDArray:
    """Differences in 8-bit levels, after rounding half up."""
    return np.abs(np.floor(fused * 255.0 + 0.5) - reference)


def psnr(first: NDArray, second: NDArray, top: float = 1.0) -> float:
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return np.inf if error == 0 else float(10 * np.log10(top**2 / error))


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
