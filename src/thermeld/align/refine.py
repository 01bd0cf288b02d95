"""From nearly right to exact: Gauss-Newton on the edge directions, coarse to fine.

The agreement of two edge fields is raised by steps of an affine, a homography or a smooth local
model. All pixels first say, one by one, where they would like to go and how much they care (a
2x2 matrix and a vector, as in Lucas and Kanade); these are summed over a grid of cells, and the
model that suits all cells best is a small linear system. Several pairs of one rig add their
cells: one warp for all.

Sources: Lucas & Kanade, IJCAI 1981; Evangelidis & Psarakis, "Parametric image alignment using
enhanced correlation coefficient", TPAMI 30(10), 2008 (the gain); Bookstein, TPAMI 11(6), 1989
(bending energy as the price of a local warp).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.structure import Edges, Level, edges
from thermeld.align.warp import Matrix
from thermeld.image import Gray

MODELS = ("translation", "affine", "homography")
CELLS = (18, 24)  # rows, columns
DAMPING = 1e-4  # of the mean curvature; keeps a picture with edges of one direction solvable
STILL_PX = 0.02
LEAST_GAIN = 0.1


@dataclass(frozen=True)
class Stage:
    """One size at which a warp is refined.

    Attributes:
        width_px: longer side of the visible picture.
        steps: at most.
        sigma: blur before gradients.
        spread_px: blur of the edge fields, by which they attract from further away.
    """

    width_px: int
    steps: int
    sigma: float = 1.0
    spread_px: float = 1.5


@dataclass(frozen=True)
class Wishes:
    """What the pixels of each cell want: minimise u'Au - 2b'u over displacements u.

    Attributes:
        curvature: A, (rows, columns, 2, 2).
        pull: b, (rows, columns, 2).
    """

    curvature: NDArray[np.float64]
    pull: NDArray[np.float64]

    def __add__(self, other: "Wishes") -> "Wishes":
        return Wishes(self.curvature + other.curvature, self.pull + other.pull)


def field_of(plane: Gray, valid: Gray, stage: Stage) -> Edges:
    """Edge directions as a stage sees them."""
    around = max(8.0, stage.width_px / 24)
    sharp = edges(plane, valid, sigma=stage.sigma, around_px=around)
    soft = cv2.GaussianBlur(sharp.field, (0, 0), stage.spread_px)
    return Edges(np.asarray(soft, np.float32), sharp.valid)


def wishes(vis: Edges, ir: Edges) -> Wishes:
    """Where the infrared field, already laid on the visible one, would rather look."""
    weight = vis.valid * ir.valid
    both = (vis.field * ir.field).sum(axis=2)
    energy = float(np.vdot(ir.field, ir.field * weight[:, :, None]))
    gain = max(LEAST_GAIN, float(np.vdot(both, weight)) / max(energy, 1e-9))
    across = cv2.Sobel(ir.field, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(ir.field, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    rest = vis.field / np.float32(gain) - ir.field
    terms = ((across, across), (across, down), (down, down), (across, rest), (down, rest))
    xx, xy, yy, bx, by = (per_cell((a * b).sum(axis=2) * weight) for a, b in terms)
    curvature = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -1)
    return Wishes(curvature, np.stack([bx, by], -1))


@dataclass(frozen=True)
class Likeness:
    """A way of comparing two pictures.

    Attributes:
        field_of: what of a picture is compared, from its plane, validity and stage.
        wishes: where the infrared field, laid on the visible one, would rather look.
    """

    field_of: Callable[[Gray, Gray, Stage], Edges]
    wishes: Callable[[Edges, Edges], Wishes]


EDGES = Likeness(field_of, wishes)


def refined(
    pairs: Sequence[Level],
    matrix: Matrix,
    stage: Stage,
    *,
    model: str = "affine",
    likeness: Likeness = EDGES,
) -> Matrix:
    """A better warp for all pairs together; the pairs are of one size.

    Args:
        pairs: at the stage's size.
        matrix: full-size warp to begin with.
        stage: how.
        model: "translation", "affine" or "homography".
        likeness: what is compared; edge directions, unless told otherwise.
    """
    shape = (pairs[0].vis.shape[0], pairs[0].vis.shape[1])
    whole = np.ones(shape, np.float32)
    views = [likeness.field_of(pair.vis, whole, stage) for pair in pairs]
    now = pairs[0].inward(matrix)
    basis = _basis(shape, model)
    for _ in range(stage.steps):
        asked = _asked(pairs, views, now, stage, likeness)
        step = _solved(asked, basis)
        now = np.linalg.inv(_as_matrix(step, shape, model)) @ now
        if np.abs(np.einsum("ijkp,p->ijk", basis, step)).max() < STILL_PX:
            break
    ended = pairs[0].outward(now)
    return np.asarray(ended / ended[2, 2])


def _asked(
    pairs: Sequence[Level],
    views: Sequence[Edges],
    matrix: Matrix,
    stage: Stage,
    likeness: Likeness,
) -> Wishes:
    asked = None
    for pair, view in zip(pairs, views, strict=True):
        one = likeness.wishes(view, likeness.field_of(*pair.laid(matrix), stage))
        asked = one if asked is None else asked + one
    assert asked is not None
    return asked


def cell_centres(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Pixel places (rows, columns, 2), x and y, of the middles of all cells."""
    ys = (np.arange(CELLS[0]) + 0.5) * shape[0] / CELLS[0] - 0.5
    xs = (np.arange(CELLS[1]) + 0.5) * shape[1] / CELLS[1] - 0.5
    return np.stack(np.meshgrid(xs, ys), axis=-1)


def _basis(shape: tuple[int, int], model: str) -> NDArray[np.float64]:
    """How each parameter moves each cell, in pixels: (rows, columns, 2, parameters)."""
    x, y = np.moveaxis(_centred(cell_centres(shape).reshape(-1, 2), shape), -1, 0)
    one, none = np.ones_like(x), np.zeros_like(x)
    right = [one, none]
    down = [none, one]
    if model != "translation":
        right += [x, y, none, none]
        down += [none, none, x, y]
    if model == "homography":
        right += [x * x, x * y]
        down += [x * y, y * y]
    stacked = np.stack([np.stack(right, -1), np.stack(down, -1)], axis=1)
    return stacked.reshape(*CELLS, 2, -1)


def _as_matrix(step: NDArray[np.float64], shape: tuple[int, int], model: str) -> Matrix:
    """The transformation x -> x + u(x) that a step means, in pixels."""
    width = max(shape)
    centred = np.array([[1, 0, -shape[1] / 2 + 0.5], [0, 1, -shape[0] / 2 + 0.5], [0, 0, width]])
    move = np.eye(3)
    step = step / width  # pixels to units of the width
    move[:2, 2] = step[:2]
    if model != "translation":
        move[0, :2] += step[2:4]
        move[1, :2] += step[4:6]
    if model == "homography":
        move[2, :2] = -step[6:8]
    return np.asarray(np.linalg.inv(centred) @ move @ centred)


def _solved(asked: Wishes, basis: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = np.einsum("ijkp,ijkl,ijlq->pq", basis, asked.curvature, basis, optimize=True)
    right = np.einsum("ijkp,ijk->p", basis, asked.pull)
    damped = normal + (DAMPING * np.trace(normal) / len(normal) + 1e-9) * np.eye(len(normal))
    return np.asarray(np.linalg.solve(damped, right))


def per_cell(values: Gray) -> NDArray[np.float64]:
    """Means over the cells, (rows, columns)."""
    return cv2.resize(values, CELLS[::-1], interpolation=cv2.INTER_AREA).astype(np.float64)


def _centred(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Pixel places about the picture's middle, in units of its longer side."""
    middle = np.array([shape[1] / 2 - 0.5, shape[0] / 2 - 0.5])
    return np.asarray((points - middle) / max(shape))
