"""The shearing filters of the nonsubsampled shearlet transform, as transfer functions.

Each is a small window, cut out of a pseudo-polar grid by Meyer's weights, whose spectrum at the
size of the image is divided by the root of all squares: filtering with a window and then with
its conjugate, summed over directions, gives the plane back. Published for square images; the
spectra are built at any height and width here, equal to the published ones on squares.

Source: Easley, Labate & Lim, "Sparse directional image representations using the discrete
shearlet transform", Applied and Computational Harmonic Analysis 25(1), 2008, sec. 3.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.methods.planes import Plane

Spectrum: TypeAlias = NDArray[np.complexfloating[Any, Any]]  # (H, W // 2 + 1)


@lru_cache(maxsize=4)
def windows(
    size: tuple[int, int], side: int, directions: int, dtype: np.dtype[Any]
) -> list[Spectrum]:
    """Transfer functions of all directions for planes of one size.

    Args:
        size: (H, W).
        side: of the small windows, in pixels.
        directions: a power of two, at most twice the side.
        dtype: precision of the planes to be filtered.
    """
    spectra = [_spectrum(window, size) for window in small_windows(side, directions)]
    norm = np.sqrt(sum(np.abs(spectrum) ** 2 for spectrum in spectra))
    kind = np.result_type(dtype, np.complex64)
    return [(spectrum / norm).astype(kind) for spectrum in spectra]


def analyse(plane: Plane, filters: list[Spectrum]) -> list[Plane]:
    """One plane a direction."""
    spectrum = np.fft.rfft2(plane)
    return [np.fft.irfft2(spectrum * each, s=plane.shape) for each in filters]


def synthesise(planes: list[Plane], filters: list[Spectrum]) -> Plane:
    """The plane that `analyse` took apart."""
    total = np.zeros_like(filters[0])
    for plane, each in zip(planes, filters, strict=True):
        total += np.fft.rfft2(plane) * np.conj(each)
    return np.fft.irfft2(total, s=planes[0].shape)


def _spectrum(window: Plane, size: tuple[int, int]) -> Spectrum:
    """Spectrum of a window that starts at the first pixel, wrapped around where it must."""
    wrapped = np.zeros(size)
    rows, cols = np.indices(window.shape)
    np.add.at(wrapped, (rows % size[0], cols % size[1]), window)
    return np.fft.rfft2(wrapped)


def small_windows(side: int, directions: int) -> list[Plane]:
    """The windows in space, (side, side) each."""
    rows, cols = _pseudo_polar(side)
    hits = np.zeros((side, side))
    np.add.at(hits, (rows, cols), 1.0)
    found = []
    for profile in _profiles(side, directions):
        polar = np.zeros((side, side))
        np.add.at(polar, (rows, cols), np.repeat(profile, side).reshape(2 * side, side))
        polar /= np.maximum(hits, 1.0)
        window = np.fft.fftshift(np.fft.ifft2(np.fft.fftshift(polar)))
        found.append(window.real / np.sqrt(side))
    return found


def _profiles(side: int, directions: int) -> Plane:
    """Weight of each of 2 * side lines in each direction, (directions, 2 * side)."""
    width = 2 * side // directions
    step = np.arange(2 * width)
    weights = meyer((step - width / 2) / width)
    profiles = np.zeros((directions, 2 * side))
    for direction in range(directions):
        lines = np.floor(step - width / 2 + direction * width).astype(np.intp) % (2 * side)
        profiles[direction, lines] = weights
    return profiles


def meyer(x: Plane) -> Plane:
    """Meyer's window: 1 over (1/6, 5/6), fading to 0 at -1/6 and 7/6."""
    t = np.clip(3 * np.abs(x - 0.5) - 1, 0.0, 1.0)
    rise = t**4 * (35 - 84 * t + 70 * t**2 - 20 * t**3)
    window: Plane = np.cos(0.5 * np.pi * rise) ** 2
    return window


def _pseudo_polar(side: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of each point of 2 * side lines through the middle, (2 * side, side)."""
    start = np.arange(1, side + 2)[:, None]
    along = np.arange(1, side + 1)[None, :]
    across = np.floor(start + (side + 2 - 2 * start) * (along - 1) / side + 0.5)
    across = np.minimum(across, side).astype(np.intp) - 1
    along = np.broadcast_to(along - 1, (side, side))
    steep, flat = across[side - 1 :: -1], across[1:]
    return np.concatenate([along, flat]), np.concatenate([steep, along])
