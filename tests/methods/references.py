"""Pictures made with the authors' own code, and how far others are from them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


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
