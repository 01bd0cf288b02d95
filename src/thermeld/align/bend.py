"""The smooth local part of a warp, which no single matrix can hold.

Displacements live on a coarse grid of nodes. Those are chosen that suit the pixels' wishes best
at the price of bending: second differences cost, straight (affine) displacements do not. A bend
counts only if those fitted on some of the cells gain on the others: edges that only one camera
sees pull here and there, and nothing is gained elsewhere by following them.

Source: Stone, "Cross-validatory choice", J. R. Stat. Soc. B 36(2), 1974.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.refine import Stage, Wishes, cell_centres, field_of, wishes
from thermeld.align.structure import Edges, Level, size_of
from thermeld.align.warp import Matrix
from thermeld.image import Gray

NODES = (9, 12)  # rows, columns; corners on the picture's corners
STIFFNESS = 2.0  # price of bending against the pixels' wishes; at 0.3 chance edges pull it away
BLOCK = 3  # cells a side that are kept back together, or their neighbours would tell
TIE = 1e-3  # price of moving at all, or empty corners would drift
STAGES = (Stage(384, 5, spread_px=2.0), Stage(560, 4, spread_px=1.5))


def bent(pairs: dict[int, Level], matrix: Matrix) -> NDArray[np.float32]:
    """Local displacements that improve on a matrix, or none at all.

    Args:
        pairs: the pair at the width of each stage.
        matrix: full-size warp, already refined.

    Returns:
        `Warp.local`, in full-size visible pixels; zeros where no bend holds on kept-back cells.
    """
    local = np.zeros((*NODES, 2), np.float32)
    first = STAGES[0]
    # Before any bending, for later wishes know what all cells wanted.
    if (
        kept_back_gain(_asked(pairs[first.width_px], _view(pairs, first), matrix, local, first))
        <= 0
    ):
        return local
    for stage in STAGES:
        pair = pairs[stage.width_px]
        factor = np.array([pair.to_vis[0, 0], pair.to_vis[1, 1]], np.float32)
        view = _view(pairs, stage)
        for _ in range(stage.steps):
            local = _solved(_asked(pair, view, matrix, local * factor, stage)) / factor
    return local


def _view(pairs: dict[int, Level], stage: Stage) -> Edges:
    vis = pairs[stage.width_px].vis
    return field_of(vis, np.ones(vis.shape, np.float32), stage)


def _asked(
    pair: Level, view: Edges, matrix: Matrix, local: NDArray[np.float32], stage: Stage
) -> Wishes:
    """Wishes at one size, counted from no displacement instead of from those there are."""
    asked = wishes(view, field_of(*laid_bent(pair, pair.inward(matrix), local), stage))
    now = _spreads() @ local.reshape(-1, 2).astype(np.float64)
    moved = np.einsum("ikl,il->ik", asked.curvature.reshape(-1, 2, 2), now)
    return Wishes(asked.curvature, asked.pull + moved.reshape(asked.pull.shape))


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


def _solved(targets: Wishes) -> NDArray[np.float32]:
    """The displacements of least cost."""
    spreads, bending = _spreads(), _bending()
    curvature = targets.curvature.reshape(-1, 2, 2)
    scale = float(np.einsum("ikk->", curvature)) / (2 * len(curvature)) + 1e-12
    count = NODES[0] * NODES[1]
    system = np.einsum("ip,ikl,iq->kplq", spreads, curvature, spreads, optimize=True)
    for axis in range(2):
        system[axis, :, axis, :] += scale * (STIFFNESS * bending + TIE * np.eye(count))
    right = (spreads.T @ targets.pull.reshape(-1, 2)).T.reshape(-1)
    best = np.linalg.solve(system.reshape(2 * count, 2 * count), right)
    return best.reshape(2, count).T.reshape(*NODES, 2).astype(np.float32)


def kept_back_gain(targets: Wishes) -> float:
    """What cells gain from the bend fitted on the others, every cell kept back once.

    Args:
        targets: wishes counted from no displacement.

    Returns:
        The fall of the cells' cost; negative where the bends of different cells disagree.
    """
    rows, columns = (np.arange(count) // BLOCK % 2 for count in targets.pull.shape[:2])
    fold = 2 * rows[:, None] + columns
    total = 0.0
    for kept in range(4):
        fitted = (fold != kept).astype(np.float64)
        part = Wishes(
            targets.curvature * fitted[:, :, None, None], targets.pull * fitted[:, :, None]
        )
        nodes = _solved(part).reshape(-1, 2)
        there = (_spreads() @ nodes).reshape(targets.pull.shape)
        cost = np.einsum("ijk,ijkl,ijl->ij", there, targets.curvature, there)
        won = 2 * np.einsum("ijk,ijk->ij", there, targets.pull) - cost
        total += float(won[fold == kept].sum())
    return total


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
