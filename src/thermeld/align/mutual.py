"""Refinement by mutual information: what one picture's grey tells about the other's.

The joint histogram of a pair, as it lies now, says how likely each infrared shade is beside each
visible one. Moving a pixel to where its shade is likelier raises the mutual information; the
slope of the logarithm of that likelihood says which way, and its square how surely (Fisher
scoring). So pixels have wishes here as they have from edges, and the same system is solved.

Sources: Viola & Wells, IJCV 24(2), 1997; Kim, Kolmogorov & Zabih, ICCV 2003, sect. 3 (a sum over
pixels in place of the entropy).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.refine import Likeness, Stage, Wishes, per_cell
from thermeld.align.structure import Edges
from thermeld.image import Gray

SHADES = 32
PARZEN = 1.2  # shades by which the joint histogram is blurred; a few thousand pixels fill it badly
LEAST_STEP = 1e-4  # of grey between ranks, or rounding would fill a flat picture with them
FLOOR = 1e-5  # probability at which a pair of shades counts as never seen


def shades(plane: Gray, valid: Gray, stage: Stage) -> Edges:
    """A picture's grey as ranks 0 to SHADES - 1, each as frequent as any other.

    Args:
        plane: (H, W) in [0, 1].
        valid: (H, W), 1 where the camera looked.
        stage: tells the blur before.

    Returns:
        The ranks as a field (H, W, 1), and the validity.
    """
    smooth = np.asarray(cv2.GaussianBlur(plane, (0, 0), stage.sigma), np.float32)
    seen = smooth[valid > 0]
    if not seen.size:
        return Edges(np.zeros((*plane.shape, 1), np.float32), valid)
    ends = np.quantile(seen[:: max(1, seen.size // 20_000)], np.linspace(0, 1, SHADES))
    ends += np.arange(SHADES) * LEAST_STEP
    ranks = np.interp(smooth, ends, np.arange(SHADES)).astype(np.float32)
    return Edges(ranks[:, :, None], valid)


def wishes(vis: Edges, ir: Edges) -> Wishes:
    """Where infrared shades, already laid on the visible ones, would rather look."""
    weight = vis.valid * ir.valid
    warm, light = ir.field[:, :, 0], vis.field[:, :, 0]
    likely = _log_ratio(_joint(light, warm, weight))
    slope = np.asarray(cv2.remap(_slope(likely), warm, light, cv2.INTER_LINEAR), np.float32)
    slope *= weight
    across, down = (
        np.asarray(slope * cv2.Sobel(warm, cv2.CV_32F, *axes, ksize=3, scale=1 / 8), np.float32)
        for axes in ((1, 0), (0, 1))
    )
    terms = (across * across, across * down, down * down, across, down)
    xx, xy, yy, bx, by = (per_cell(term) for term in terms)
    curvature = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -1)
    return Wishes(curvature, np.stack([bx, by], -1))


LIKENESS = Likeness(shades, wishes)


def _joint(light: Gray, warm: Gray, weight: Gray) -> NDArray[np.float32]:
    """Probability of each pair of shades (visible in rows); pixels count for the nearest."""
    place = np.rint(light).astype(np.int32) * SHADES + np.rint(warm).astype(np.int32)
    counts = np.bincount(place[weight > 0], minlength=SHADES * SHADES)
    table = counts.reshape(SHADES, SHADES).astype(np.float32)
    spread = cv2.GaussianBlur(table, (0, 0), PARZEN, borderType=cv2.BORDER_REFLECT)
    return np.asarray(spread / np.float32(max(1.0, float(table.sum()))), np.float32)


def _log_ratio(joint: NDArray[np.float32]) -> NDArray[np.float32]:
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    ratio = (joint + np.float32(FLOOR)) / (alone + np.float32(FLOOR))
    return np.asarray(np.log(ratio), np.float32)


def _slope(likely: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.gradient(likely, axis=1), np.float32)
