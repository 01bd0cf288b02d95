"""What two cameras agree on: where edges run, whatever their sign and strength.

A warm wall may be bright in one picture and dark in the other, so grey values are no guide. The
direction of an edge, as a line without arrow, is: doubling the gradient's angle makes opposite
gradients equal. Each pixel gets the vector (cos 2a, sin 2a) times its gradient's magnitude,
divided by the usual magnitude thereabouts so that faint edges count too. The scalar product of
two such fields is high where edges coincide, negative where they cross, and zero on average
where they have nothing to do with each other.

Source: A. J. Fitch et al., "Orientation correlation", BMVC 2002 (the complex field); doubling
the angle as in structure tensors, for contrast that reverses between the sensors.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.warp import Mask, Matrix, Size, stretch, transformed
from thermeld.image import Gray

FLOOR = 0.5  # of the picture's RMS gradient, added below: or noise in flat parts would count fully
WEDGE_SHARE = (0.0005, 0.4)  # of the picture: smaller is noise, larger a clipped sky


@dataclass(frozen=True)
class Edges:
    """A field of edge directions.

    Attributes:
        field: (H, W, 2), cosine and sine of the doubled angle, times the relative magnitude.
        valid: (H, W), 1 where the field means something, 0 near the border and in wedges.
    """

    field: NDArray[np.float32]
    valid: Gray


def edges(plane: Gray, valid: Gray, *, sigma: float, around_px: float) -> Edges:
    """The edge directions of a picture.

    Args:
        plane: (H, W).
        valid: (H, W), 1 where the camera looked; its outline makes no edges.
        sigma: blur before taking gradients, pixels.
        around_px: reach of the local comparison of magnitudes (Gaussian sigma).
    """
    smooth: Any = cv2.GaussianBlur(plane, (0, 0), sigma)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    side = 2 * int(np.ceil(2 * sigma) + 1) + 1
    known: Any = cv2.erode(valid, np.ones((side, side), np.uint8), borderValue=0)
    square = (across * across + down * down) * known
    box = 2 * round(1.75 * around_px) + 1  # as wide as a Gaussian of that sigma, and quicker
    usual = cv2.blur(square, (box, box)) / (cv2.blur(known, (box, box)) + 1e-3)
    overall = np.sqrt(square.sum() / max(1.0, float(known.sum())))
    magnitude = np.sqrt(square)
    usual = np.sqrt(np.maximum(usual, 0)) + np.float32(FLOOR * overall + 1e-6)
    gain = known / (usual * (magnitude + np.float32(1e-9)))
    field = np.dstack([(across * across - down * down) * gain, 2 * across * down * gain])
    return Edges(field, known)


def agreement(first: Edges, second: Edges) -> float:
    """Normalised scalar product of two fields where both hold, -1 to 1; 0 without overlap."""
    both = (first.valid * second.valid)[:, :, None]
    a, b = first.field * both, second.field * both
    energy = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return float(np.vdot(a, b)) / np.sqrt(energy) if energy > 0 else 0.0


def seen_by(ir: Gray) -> Mask:
    """Where an infrared picture holds a scene, and not the black wedges of an earlier warp.

    A wedge is a patch of exactly the least value that touches the border.
    """
    least = (ir <= ir.min()).astype(np.uint8)
    count, patches, facts, _ = cv2.connectedComponentsWithStats(least, connectivity=4)
    rim = np.concatenate([patches[0], patches[-1], patches[:, 0], patches[:, -1]])
    areas = facts[:, cv2.CC_STAT_AREA] / ir.size
    wedge = np.isin(np.arange(count), rim) & (areas > WEDGE_SHARE[0])
    wedge[0] = False  # patch 0 is everything else
    if not 0 < areas[wedge].sum() < WEDGE_SHARE[1]:
        return np.ones(ir.shape, np.bool_)
    return np.asarray(~wedge[patches])


@dataclass(frozen=True)
class Level:
    """A pair at a reduced size, the infrared picture brought to the visible one's scale.

    Attributes:
        ir: (h, w) of its own.
        valid: of the infrared picture's size, 1 where it holds a scene.
        vis: (H, W).
        to_ir: from full-size to reduced infrared pixels.
        to_vis: likewise for the visible picture.
    """

    ir: Gray
    valid: Gray
    vis: Gray
    to_ir: Matrix
    to_vis: Matrix

    def inward(self, matrix: Matrix) -> Matrix:
        """A warp of the full-size pictures as one of the reduced ones."""
        return np.asarray(self.to_vis @ matrix @ np.linalg.inv(self.to_ir))

    def outward(self, matrix: Matrix) -> Matrix:
        """The other way round."""
        return np.asarray(np.linalg.inv(self.to_vis) @ matrix @ self.to_ir)

    def laid(self, matrix: Matrix) -> tuple[Gray, Gray]:
        """The infrared picture and its validity on the visible one's pixels."""
        size = self.vis.shape[::-1]
        ir = cv2.warpPerspective(self.ir, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        valid = cv2.warpPerspective(self.valid, matrix, size)
        return np.asarray(ir, np.float32), np.asarray(valid > 0.99, np.float32)


def level(ir: Gray, seen: Mask, vis: Gray, width_px: int) -> Level:
    """A pair with the visible picture's longer side at `width_px` (its own if that is less)."""
    factor = min(1.0, width_px / max(vis.shape))
    alike = np.sqrt(vis.size / ir.size)  # pictures of equal area, if the views are equal
    vis_size, ir_size = _reduced(vis.shape, factor), _reduced(ir.shape, factor * alike)
    return Level(
        _resized(ir, ir_size),
        (_resized(seen.astype(np.float32), ir_size) > 0.99).astype(np.float32),
        _resized(vis, vis_size),
        stretch(size_of(ir), ir_size),
        stretch(size_of(vis), vis_size),
    )


def isotropic(ir_size: Size, vis_size: Size) -> Matrix:
    """Centre on centre, equal areas, nothing stretched: where a search begins."""
    scale = float(np.sqrt(vis_size[0] * vis_size[1] / (ir_size[0] * ir_size[1])))
    return about_centres(ir_size, vis_size, scale, 0.0)


def about_centres(ir_size: Size, vis_size: Size, scale: float, degrees: float) -> Matrix:
    """Scale and rotate about the infrared picture's centre, and lay that on the visible one's."""
    turn = np.deg2rad(degrees)
    matrix = np.eye(3)
    matrix[:2, :2] = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([[(ir_size[1] - 1) / 2, (ir_size[0] - 1) / 2]])
    goal = np.array([(vis_size[1] - 1) / 2, (vis_size[0] - 1) / 2])
    matrix[:2, 2] = goal - transformed(matrix, middle)[0]
    return matrix


def _reduced(shape: tuple[int, ...], factor: float) -> Size:
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def _resized(plane: Gray, size: Size) -> Gray:
    shrinks = size[0] < plane.shape[0] or size[1] < plane.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=way), np.float32)


def size_of(plane: Gray) -> Size:
    """(H, W)."""
    return plane.shape[0], plane.shape[1]
