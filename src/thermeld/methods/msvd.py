"""Fusion by multi-resolution singular value decomposition: `msvd`.

Blocks of 2x2 pixels are points in four dimensions; the singular vectors of an image are the
axes of its own cloud of points, so that the transform plays the part of a wavelet fitted to it.

Source: Naidu, "Image Fusion Technique using Multi-resolution Singular Value Decomposition",
Defence Science Journal 61(5), 2011; one level.
"""

from typing import NamedTuple

import cv2
import numpy as np

from thermeld.image import Gray
from thermeld.methods.choose import larger, mean
from thermeld.methods.planes import Plane, even, from_levels, to_levels
from thermeld.registry import method


class Cloud(NamedTuple):
    """Axes as columns, strongest first, and the blocks of an image measured along them."""

    axes: Plane  # (4, 4)
    bands: Plane  # (4, H * W / 4)


@method("msvd", family="svd", source="Naidu, Defence Science Journal 61(5), 2011", reach_px=None)
def msvd(ir: Gray, vis: Gray) -> Gray:
    """Larger coefficient along the principal axes of each image's 2x2 blocks, averaged first.

    Singular vectors have free signs; those of `vis` are turned to agree with those of `ir`,
    or else averaging the axes would cancel whole bands.
    """
    height, width = ir.shape
    ours, theirs = cloud(blocks(to_levels(ir))), cloud(blocks(to_levels(vis)))
    signs = np.where(np.sum(ours.axes * theirs.axes, axis=0) < 0, -1.0, 1.0).astype(ir.dtype)
    theirs = Cloud(theirs.axes * signs, theirs.bands * signs[:, None])
    bands = larger(ours.bands, theirs.bands)
    bands[0] = mean(ours.bands[0], theirs.bands[0])
    fused = unblocked(mean(ours.axes, theirs.axes) @ bands, (height + 1) // 2)
    return from_levels(fused[:height, :width])


def blocks(plane: Plane) -> Plane:
    """Pixels (0,0), (1,0), (0,1), (1,1) of each 2x2 block, (H, W) to (4, H * W / 4)."""
    wide = even(plane, cv2.BORDER_REPLICATE)
    return np.stack([wide[row::2, col::2].ravel() for col in (0, 1) for row in (0, 1)])


def unblocked(columns: Plane, rows: int) -> Plane:
    """The plane that `blocks` took apart, `rows` blocks high."""
    plane = np.empty((2 * rows, 2 * (columns.shape[1] // rows)), columns.dtype)
    for index, pixels in enumerate(columns):
        plane[index % 2 :: 2, index // 2 :: 2] = pixels.reshape(rows, -1)
    return plane


def cloud(columns: Plane) -> Cloud:
    """Measure blocks along the left singular vectors of their matrix."""
    # 4x4 and in double precision: small axes would otherwise be lost beside the mean.
    wide = columns.astype(np.float64)
    axes = np.linalg.eigh(wide @ wide.T)[1][:, ::-1].astype(columns.dtype)
    return Cloud(axes, axes.T @ columns)
