"""Two pictures to one warp: search, refine, compare with doing nothing, and refuse what is weak."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from thermeld.align.bend import bent
from thermeld.align.quality import Judge, Verdict, confidence
from thermeld.align.refine import MODELS, Stage, refined
from thermeld.align.search import FAR, NEAR, Range, candidates
from thermeld.align.structure import Level, level, seen_by
from thermeld.align.warp import Matrix, Warp, stretch, unwarped
from thermeld.errors import BadImage, BadSetting
from thermeld.image import Image, luminance

TRIED = 4  # candidates of the search that are refined before one is chosen
FIRST, THEN = Stage(192, 6), (Stage(384, 5), Stage(560, 4))
JUDGED_PX = 256
SURE = 9.0  # standard deviations at which a near search need not be followed by a far one
ENOUGH = 7.5  # below, nothing is warped: pictures of different places reach 7.7
LEAST_SCORE = 0.15  # likewise for the agreement itself, where they reach 0.13
CLEAR = 12.0  # at which further candidates are not tried
BETTER = 1.2  # a warp's score against the score as it was, or the pair is left alone
SMALLEST_PX = 32
AUTO_GAIN = 1.15  # of a homography's score over an affine warp's; below, it but feigns a bend


@dataclass(frozen=True)
class Alignment:
    """What came of aligning a pair.

    Attributes:
        warp: infrared onto visible; a plain resize where nothing better was found.
        confidence: 0 to 1, that the warp is right (within about 2 % of the picture's width).
        score_before: agreement of edge directions with a plain resize.
        score_after: with the warp.
        method: how it was found: "near search", "far search", with the model; or "as it was".
        refused: why nothing was warped, with advice, or None.
    """

    warp: Warp
    confidence: float
    score_before: float
    score_after: float
    method: str
    refused: str | None = None

    @property
    def sentence(self) -> str:
        """What was done, in one line."""
        if self.refused:
            return f"left as it was: {self.refused}"
        if self.method == "as it was":
            return f"left as it was: the two fit already (confidence {self.confidence:.2f})"
        return (
            f"aligned by {self.method}: infrared displaced by {self.warp.displaced_px():.1f} px "
            f"on average (confidence {self.confidence:.2f})"
        )


def estimate(ir: Image, vis: Image, *, model: str = "auto", local: bool = False) -> Alignment:
    """How an infrared picture lies on a visible one.

    Looks for scales of 0.85 to 1.16 and shifts to 20 % first, then 0.5 to 2 and 40 %.

    Args:
        ir: (H, W) or (H, W, 3) in [0, 1].
        vis: likewise, of any other size.
        model: "translation", "affine", "homography", or "auto": affine, and a homography where
            it fits clearly better.
        local: also bend smoothly; for lenses, and for scenes of several depths.

    Raises:
        BadSetting: unknown model.
        BadImage: a picture is too small.
    """
    if model not in ("auto", *MODELS):
        raise BadSetting(f"model must be auto, {', '.join(MODELS)}, got {model!r}")
    pair = Pyramid(ir, vis)
    judge = Judge(pair[JUDGED_PX])
    found = _found(pair, judge, NEAR, model)
    if found.verdict.significance < SURE:
        other = _found(pair, judge, FAR, model)
        found = max(found, other, key=lambda one: one.verdict.significance)
    return _concluded(pair, judge, found, local=local)


@dataclass(frozen=True)
class Found:
    """A warp's matrix, what speaks for it, and how it was found."""

    matrix: Matrix
    verdict: Verdict
    method: str


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


def _found(pair: Pyramid, judge: Judge, over: Range, model: str) -> Found:
    plain = "affine" if model == "auto" else model
    if model == "translation":
        over = replace(over, scales=(1.0,), degrees=(0.0,))
    best: tuple[float, Matrix] | None = None
    for one in candidates(pair[over.width_px], over, TRIED):
        matrix = improved([pair], one.matrix, [FIRST], plain)
        merit = judge(matrix).significance
        if best is None or merit > best[0]:
            best = merit, matrix
        if merit >= CLEAR:
            break
    assert best is not None  # a search tries one scale at least
    matrix = improved([pair], best[1], THEN, plain)
    name = "near search" if over.width_px == NEAR.width_px else "far search"
    found = Found(matrix, judge(matrix), f"{name}, {plain}")
    if model != "auto":
        return found
    tilted = improved([pair], matrix, THEN[:1], "homography")
    verdict = judge(tilted)
    if verdict.score > AUTO_GAIN * found.verdict.score:
        return Found(tilted, verdict, f"{name}, homography")
    return found


def improved(
    pairs: Sequence[Pyramid], matrix: Matrix, stages: Sequence[Stage], model: str
) -> Matrix:
    """A matrix through several stages; a stage that runs away is not followed."""
    for stage in stages:
        there = refined([pair[stage.width_px] for pair in pairs], matrix, stage, model=model)
        if not is_sane(there, pairs[0]):
            return matrix
        matrix = there
    return matrix


def is_sane(matrix: Matrix, pair: Pyramid) -> bool:
    """Whether a matrix is a warp at all, and shrinks or stretches by 3 at most."""
    if not np.isfinite(matrix).all():
        return False
    turned = matrix[:2, :2] @ np.linalg.inv(stretch(pair.ir_size, pair.vis_size)[:2, :2])
    sizes = np.linalg.svd(turned, compute_uv=False)
    if sizes[0] > 3 or sizes[1] < 1 / 3:
        return False
    try:
        Warp(matrix, pair.ir_size, pair.vis_size)
    except BadSetting:
        return False
    return True


def _concluded(pair: Pyramid, judge: Judge, found: Found, *, local: bool) -> Alignment:
    plain = unwarped(pair.ir_size, pair.vis_size)
    before = judge(plain.matrix)
    likely = max(found.verdict, before, key=lambda one: one.significance)
    best = likely.significance
    weak = best < ENOUGH or likely.score < LEAST_SCORE
    if weak or not is_sane(found.matrix, pair):
        reason = (
            "the two have too little in common to be aligned; try a pair with more edges that "
            "both cameras see, points picked by hand (thermeld rig calibrate --points), or a rig "
            "calibrated on other pairs of the same cameras"
        )
        sure = confidence(best)
        return Alignment(plain, sure, before.score, before.score, "as it was", reason)
    if found.verdict.score < BETTER * before.score:
        sure = confidence(before.significance)
        return Alignment(plain, sure, before.score, before.score, "as it was")
    warp = Warp(found.matrix, pair.ir_size, pair.vis_size)
    method = found.method
    after = found.verdict.score
    if local:
        grid = bent(pair, warp.matrix)
        score = judge.bent(warp.matrix, grid)
        if score > after:
            warp, method, after = replace(warp, local=grid), f"{method}, local", score
    return Alignment(warp, confidence(found.verdict.significance), before.score, after, method)
