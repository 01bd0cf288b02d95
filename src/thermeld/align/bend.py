"""The smooth local part of a warp, which no single matrix can hold.

Displacements live on a coarse grid of nodes. Those are chosen that suit the pixels' wishes best
at the price of bending: second differences cost, straight (affine) displacements do not.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.refine import Stage, Wishes, cell_centres, field_of, wishes
from thermeld.align.structure import Level, size_of
from thermeld.align.warp import Matrix
from thermeld.image import Gray

NODES = (9, 12)  # rows, columns; corners on the picture's corners
STIFFNESS = 5.0  # price of bending against the pixels' wishes; at 0.3 chance edges pull it away
TIE = 1e-3  # price of moving at all, or empty corners would drift
STAGES = (Stage(384, 5, spread_px=2.0), Stage(560, 4, spread_px=1.5))


def bent(pairs: dict[int, Level], matrix: Matrix) -> NDArray[np.float32]:
    """Local displacements that improve on a matrix.

    Args:
        pairs: the pair at the width of each stage.
        matrix: full-size warp, already refined.

    Returns:
        `Warp.local`, in full-size visible pixels.
    """
    local = np.zeros((*NODES, 2), np.float32)
    for stage in STAGES:
        pair = pairs[stage.width_px]
        factor = np.array([pair.to_vis[0, 0], pair.to_vis[1, 1]], np.float32)
        local = _bent(pair, pair.inward(matrix), local * factor, stage) / factor
    return local


def _bent(
    pair: Level, matrix: Matrix, local: NDArray[np.float32], stage: Stage
) -> NDArray[np.float32]:
    view = field_of(pair.vis, np.ones(pair.vis.shape, np.float32), stage)
    for _ in range(stage.steps):
        asked = wishes(view, field_of(*laid_bent(pair, matrix, local), stage))
        local = _solved(asked, local)
    return local


def laid_bent(pair: Level, matrix: Matrix, local: NDArray[np.float32]) -> tuple[Gray, Gray]:
    """The infrared picture and its validity through a local warp, at the level's size."""
    height, width = size_of(pair.vis)
    grow = np.array([[(width - 1) / (NODES[1] - 1), 0, 0], [0, (height - 1) / (NODES[0] - 1), 0]])
    shift = cv2.warpAffine(local, grow, (width, height), borderMode=cv2.BORDER_REPLICATE)
    back = np.linalg.inv(matrix)
    x = shift[:, :, 0] + np.arange(width, dtype=np.float32)
    y = shift[:, :, 1] + np.arange(height, dtype=np.float32)[:, None]
    depth = (back[2, 0] * x + back[2, 1] * y + back[2, 2]).astype(np.float32)
    at_x = ((back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth).astype(np.float32)
    at_y = ((back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth).astype(np.float32)
    ir = cv2.remap(pair.ir, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    valid = cv2.remap(pair.valid, at_x, at_y, cv2.INTER_LINEAR)
    return np.asarray(ir, np.float32), np.asarray(valid > 0.99, np.float32)


def _solved(asked: Wishes, local: NDArray[np.float32]) -> NDArray[np.float32]:
    """The displacements of least cost, seen from those there are."""
    spreads, bending = _spreads(), _bending()
    curvature = asked.curvature.reshape(-1, 2, 2)
    scale = float(np.einsum("ikk->", curvature)) / (2 * len(curvature)) + 1e-12
    count = NODES[0] * NODES[1]
    system = np.einsum("ip,ikl,iq->kplq", spreads, curvature, spreads, optimize=True)
    for axis in range(2):
        system[axis, :, axis, :] += scale * (STIFFNESS * bending + TIE * np.eye(count))
    now = local.reshape(-1, 2).astype(np.float64)
    wish = asked.pull.reshape(-1, 2) + np.einsum("ikl,il->ik", curvature, spreads @ now)
    right = (spreads.T @ wish).T.reshape(-1)
    best = np.linalg.solve(system.reshape(2 * count, 2 * count), right)
    return best.reshape(2, count).T.reshape(*NODES, 2).astype(np.float32)


@cache
def _spreads() -> NDArray[np.float64]:
    """How much each cell's middle moves with each node: (cells, nodes), bilinear."""
    unit = cell_centres((1000, 1000)).reshape(-1, 2) / 999.0
    parts = []
    for axis, count in ((1, NODES[0]), (0, NODES[1])):
        at = np.clip(unit[:, axis] * (count - 1), 0, count - 1)
        parts.append(np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(count))))
    return np.asarray(np.einsum("ir,ic->irc", *parts), np.float64).reshape(len(unit), -1)


@cache
def _bending() -> NDArray[np.float64]:
    """The matrix of the sum of squared second differences over the nodes."""
    rows, columns = (np.eye(count) for count in NODES)
    kinds = np.concatenate(
        (
            np.kron(np.diff(rows, 2, axis=0), columns),
            np.kron(rows, np.diff(columns, 2, axis=0)),
            np.sqrt(2.0) * np.kron(np.diff(rows, axis=0), np.diff(columns, axis=0)),
        )
    )
    price: NDArray[np.float64] = kinds.T @ kinds
    return price
