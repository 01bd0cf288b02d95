"""Refinement by the enhanced correlation coefficient of gradient magnitudes.

Source: Evangelidis & Psarakis, TPAMI 30(10), 2008, as OpenCV has it.
"""

import cv2
import numpy as np

from thermeld.align.structure import Level
from thermeld.align.warp import Matrix
from thermeld.image import Gray

MOTIONS = {
    "translation": cv2.MOTION_TRANSLATION,
    "affine": cv2.MOTION_AFFINE,
    "homography": cv2.MOTION_HOMOGRAPHY,
}
STEPS, STILL = 30, 1e-4
BLUR_PX = 2.0  # of the magnitudes, by which edges attract from further away
NO_CONVERGENCE = -7  # cv::Error::StsNoConv
COLLAPSED = 1e-6  # determinant at which a warp has shrunk to nothing
AROUND_PX = 16.0  # reach of the comparison of magnitudes, as for edge directions


def ecc(pair: Level, matrix: Matrix, model: str) -> Matrix:
    """A better warp of a pair at one size, or the same one where the search runs away.

    Args:
        pair: the pictures.
        matrix: full-size warp to begin with.
        model: "translation", "affine" or "homography".
    """
    inner = pair.inward(matrix)
    if model == "translation":  # OpenCV's only moves, so the rest is done beforehand
        moved = _found(pair.vis, *pair.laid(inner), np.eye(3), model)
        ended = None if moved is None else moved @ inner
    else:
        ended = _found(pair.vis, pair.ir, pair.valid, inner, model)
    if ended is None:
        return matrix
    there = pair.outward(ended)
    return np.asarray(there / there[2, 2])


def _found(vis: Gray, ir: Gray, valid: Gray, start: Matrix, model: str) -> Matrix | None:
    """A warp at this size, from infrared to visible pixels; None if nothing was found."""
    rows = 3 if model == "homography" else 2
    back = np.linalg.inv(start)  # OpenCV looks from the visible picture into the infrared one
    try:
        _, found = cv2.findTransformECC(
            strength(vis, np.ones(vis.shape, np.float32)),
            strength(ir, valid),
            np.ascontiguousarray(back[:rows] / back[2, 2], np.float32),
            MOTIONS[model],
            (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, STILL),
            (valid > 0).astype(np.uint8),
            1,
        )
    except cv2.error as error:
        if error.code != NO_CONVERGENCE:
            raise
        return None  # nothing correlates there, or the warp left the picture
    whole = np.eye(3)
    whole[:rows] = found
    if not np.isfinite(whole).all() or abs(np.linalg.det(whole)) < COLLAPSED:
        return None
    return np.asarray(np.linalg.inv(whole))


def strength(plane: Gray, valid: Gray) -> Gray:
    """Gradient magnitude against the usual one thereabouts, (H, W); 0 where nothing is seen."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    inside = cv2.erode(valid, np.ones((7, 7), np.uint8), borderValue=0)
    magnitude = cv2.magnitude(across, down) * inside
    usual = cv2.GaussianBlur(magnitude, (0, 0), AROUND_PX) + 0.5 * magnitude.mean() + 1e-6
    return np.asarray(cv2.GaussianBlur(magnitude / usual, (0, 0), BLUR_PX), np.float32)
