"""From a rough warp to the best one an estimator knows: its stages, coarse to fine."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from thermeld.align import mutual
from thermeld.align.ecc import ecc
from thermeld.align.refine import EDGES, Likeness, Stage, refined
from thermeld.align.structure import Level, level, seen_by
from thermeld.align.warp import Matrix, Warp, stretch
from thermeld.errors import BadImage, BadSetting
from thermeld.image import Image, luminance

FIRST, THEN = Stage(192, 6), (Stage(384, 5), Stage(560, 4))
MUTUAL = mutual.LIKENESS
MUTUAL_FIRST, MUTUAL_THEN = Stage(192, 8, sigma=1.5), (Stage(384, 6),)
SMALLEST_PX = 32
MOST_STRETCH = 3.0  # beyond, a warp has run away


class Pyramid(dict[int, Level]):
    """A pair at any width, each made once.

    Raises:
        BadImage: a picture is too small to hold edges worth comparing.
    """

    def __init__(self, ir: Image, vis: Image) -> None:
        super().__init__()
        for role, picture in (("infrared", ir), ("visible", vis)):
            if min(picture.shape[:2]) < SMALLEST_PX:
                raise BadImage(
                    f"the {role} picture is {picture.shape[1]}x{picture.shape[0]}; to align, it "
                    f"needs {SMALLEST_PX} pixels a side at least"
                )
        self._ir, self._vis = luminance(ir), luminance(vis)
        self._seen = seen_by(self._ir)
        self.ir_size, self.vis_size = ir.shape[:2], vis.shape[:2]

    def __missing__(self, width_px: int) -> Level:
        self[width_px] = level(self._ir, self._seen, self._vis, width_px)
        return self[width_px]


Step: TypeAlias = Callable[[Pyramid, Matrix, str], Matrix]  # pair, rough warp, model


def improved(
    pairs: Sequence[Pyramid],
    matrix: Matrix,
    stages: Sequence[Stage],
    model: str,
    likeness: Likeness = EDGES,
) -> Matrix:
    """A matrix through several stages; a stage that runs away is not followed."""
    for stage in stages:
        levels = [pair[stage.width_px] for pair in pairs]
        there = refined(levels, matrix, stage, model=model, likeness=likeness)
        if not is_sane(there, pairs[0]):
            return matrix
        matrix = there
    return matrix


def by_ecc(pair: Pyramid, matrix: Matrix, widths_px: Sequence[int], model: str) -> Matrix:
    """A matrix through ECC at several widths; one that runs away is not followed."""
    for width_px in widths_px:
        there = ecc(pair[width_px], matrix, model)
        if not is_sane(there, pair):
            return matrix
        matrix = there
    return matrix


# What each estimator does to every candidate of a search, and then to the best of them.
CHAINS: dict[str, tuple[Step, Step]] = {
    "edges": (
        lambda pair, matrix, model: improved([pair], matrix, [FIRST], model),
        lambda pair, matrix, model: improved([pair], matrix, THEN, model),
    ),
    "ecc": (
        lambda pair, matrix, model: by_ecc(pair, matrix, [192], model),
        lambda pair, matrix, model: by_ecc(pair, matrix, [384, 560], model),
    ),
    "mutual": (
        lambda pair, matrix, model: improved([pair], matrix, [MUTUAL_FIRST], model, MUTUAL),
        lambda pair, matrix, model: improved([pair], matrix, MUTUAL_THEN, model, MUTUAL),
    ),
}


def is_sane(matrix: Matrix, pair: Pyramid) -> bool:
    """Whether a matrix is a warp at all, and shrinks or stretches by 3 at most."""
    if not np.isfinite(matrix).all():
        return False
    turned = matrix[:2, :2] @ np.linalg.inv(stretch(pair.ir_size, pair.vis_size)[:2, :2])
    sizes = np.linalg.svd(turned, compute_uv=False)
    if sizes[0] > MOST_STRETCH or sizes[1] < 1 / MOST_STRETCH:
        return False
    try:
        Warp(matrix, pair.ir_size, pair.vis_size)
    except BadSetting:
        return False
    return True
