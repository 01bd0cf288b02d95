"""Small videos that tests make: a bright square that moves to the right, one pixel a frame."""

from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from thermeld.io.video import VideoWriter

SIZE = (48, 64)
needs_pyav = pytest.mark.skipif(
    find_spec("av") is None, reason="needs PyAV: pip install 'thermeld[video]'"
)
BACKENDS = (pytest.param("pyav", marks=needs_pyav), "opencv")


def square(at: int, *, colour: bool = True, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Frame number `at`: dark, with a square whose left edge is in column `at`."""
    frame = np.full((*size, 3), 40, np.uint8)
    frame[10:26, at : at + 16] = (220, 90, 30) if colour else 220
    return frame if colour else frame[:, :, 0]


def left_edge(pixels: np.ndarray) -> int:
    """Where the square of a frame begins."""
    row = pixels[18].astype(int) if pixels.ndim == 2 else pixels[18, :, 0].astype(int)
    return int(np.argmax(row > 130))


def clip(path: Path, numbers=range(20), *, fps=10, backend="opencv", **look) -> Path:
    """A video of these frames of the moving square."""
    with VideoWriter(path, Fraction(fps), backend=backend, overwrite=True) as writer:
        for number in numbers:
            writer.write(square(number, **look))
    return path


def damage(path: Path, first: int, count: int = 1) -> Path:
    """Overwrite the data of some packets of a video, all but its first bytes."""
    av = pytest.importorskip("av", reason="needs PyAV to find the packets")
    with av.open(str(path)) as container:
        places = [(one.pos, one.size) for one in container.demux(video=0) if one.size]
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for at, size in places[first : first + count]:
        data[at + 8 : at + size] = noise.bytes(size - 8)
    path.write_bytes(data)
    return path
