"""Fusion by convolutional sparse representation: `csr`.

A smooth base is split off and averaged; the detail is coded over 32 learned filters, and at each
pixel the image with the larger sum of code magnitudes gives all its codes.

Source: Liu, Chen, Ward & Wang, "Image Fusion With Convolutional Sparse Representation", IEEE
Signal Process. Lett. 23(12), 2016, eqs. 5 to 9.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib.resources import files
from typing import cast

import cv2
import numpy as np

from thermeld.image import Gray
from thermeld.methods.choose import mean
from thermeld.methods.convcode import Maps, decode, encode, spectra
from thermeld.methods.planes import Plane, clipped, mirrored
from thermeld.registry import method

_SMOOTHNESS = 5.0
_BORDER_PX = 16
_VOTE_PX = 7


@method(
    "csr",
    family="sparse",
    source="Liu, Chen, Ward & Wang, IEEE Signal Process. Lett. 23(12), 2016",
    reach_px=None,  # codes are sought for the whole image at once
    parameters=8 * 8 * 32,
    licence="Apache-2.0",  # learned from rendered scenes alone
)
def csr(ir: Gray, vis: Gray, *, sparsity: float = 0.01) -> Gray:
    """Detail coded over learned filters, the stronger code wins; averaged base.

    Args:
        ir: (H, W) in [0, 1].
        vis: same size as `ir`.
        sparsity: weight of the codes' magnitudes (lambda).
    """
    return fuse_by(dictionary(), ir, vis, sparsity=sparsity)


@cache
def dictionary() -> Maps:
    """The learned filters, (32, 8, 8); how they were learned stands in the card beside them."""
    with (files("thermeld.methods") / "learned" / "csr.npy").open("rb") as file:
        return cast(Maps, np.load(file))


def fuse_by(filters: Maps, ir: Gray, vis: Gray, *, sparsity: float) -> Gray:
    """Fuse with any filters of unit norm, (count, side, side)."""
    transfer = spectra(filters.astype(ir.dtype), (ir.shape[0], ir.shape[1]))
    base_ir, base_vis = smooth(ir), smooth(vis)
    details = (ir - base_ir, vis - base_vis)
    with ThreadPoolExecutor(2) as pool:  # most of the time is spent outside the interpreter's lock
        codes, others = pool.map(partial(encode, transfer, sparsity=sparsity), details)
    wins = activity(codes) > activity(others)
    chosen = np.where(wins, codes, others)
    return clipped(mean(base_ir, base_vis) + decode(transfer, chosen))


def smooth(plane: Plane) -> Plane:
    """The base: what is left when gradients cost five times as much as differences."""
    wide = mirrored(plane, _BORDER_PX, border=cv2.BORDER_REFLECT)
    down, across = (2 - 2 * np.cos(2 * np.pi * np.arange(side) / side) for side in wide.shape)
    cost = 1 + _SMOOTHNESS * (down[:, None] + across[: wide.shape[1] // 2 + 1])
    low = np.fft.irfft2(np.fft.rfft2(wide) / cost.astype(plane.dtype), s=wide.shape)
    return np.ascontiguousarray(low[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX])


def activity(codes: Maps) -> Plane:
    """Sum of code magnitudes, averaged over 7x7 pixels with nothing beyond the border."""
    total = np.abs(codes).sum(axis=0)
    side = (_VOTE_PX, _VOTE_PX)
    return cast(Plane, cv2.blur(total, side, borderType=cv2.BORDER_CONSTANT))
