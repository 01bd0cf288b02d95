"""Two pictures to one warp: search, refine, compare with doing nothing, and refuse what is weak."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from thermeld.align.bend import bent
from thermeld.align.chain import CHAINS, THEN, Pyramid, improved, is_sane
from thermeld.align.quality import Judge, Verdict, confidence
from thermeld.align.refine import MODELS
from thermeld.align.search import FAR, NEAR, Candidate, Range, candidates
from thermeld.align.warp import Matrix, Warp, unwarped
from thermeld.errors import BadSetting
from thermeld.image import Image

ESTIMATORS = ("auto", *CHAINS)
TRIED = 4  # candidates of the search that are refined before one is chosen
JUDGED_PX = 256
SURE = 9.0  # standard deviations at which a near search need not be followed by a far one
ENOUGH = 7.5  # below, nothing is warped: pictures of different places reach 7.7
LEAST_SCORE = 0.15  # likewise for the agreement itself, where they reach 0.13
CLEAR = 12.0  # at which neither further candidates nor further estimators are tried
BETTER = 1.2  # a warp's score against the score as it was, or the pair is left alone
AUTO_GAIN = 1.15  # of a homography's score over an affine warp's; below, it but feigns a bend


@dataclass(frozen=True)
class Alignment:
    """What came of aligning a pair.

    Attributes:
        warp: infrared onto visible; a plain resize where nothing better was found.
        confidence: 0 to 1, how far to trust the warp; a scale set by hand, no measured chance.
        score_before: agreement of edge directions with a plain resize.
        score_after: with the warp.
        method: how it was found, as "near search, edges, affine"; or "as it was".
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


def estimate(
    ir: Image,
    vis: Image,
    *,
    model: str = "auto",
    local: bool = False,
    estimator: str = "auto",
) -> Alignment:
    """How an infrared picture lies on a visible one.

    Looks for scales of 0.85 to 1.16 and shifts to 20 % first, then 0.5 to 2 and 40 %.

    Args:
        ir: (H, W) or (H, W, 3) in [0, 1].
        vis: likewise, of any other size.
        model: "translation", "affine", "homography", or "auto": affine, and a homography where
            it fits clearly better.
        local: also bend smoothly; for lenses, and for scenes of several depths.
        estimator: "edges" (directions), "ecc" (gradient magnitudes), "mutual" (information of
            grey values), or "auto": edges, and where these are not clear, whichever of the three
            gives the most significant warp.

    Raises:
        BadSetting: unknown model or estimator.
        BadImage: a picture is too small.
    """
    if model not in ("auto", *MODELS):
        raise BadSetting(f"model must be auto, {', '.join(MODELS)}, got {model!r}")
    if estimator not in ESTIMATORS:
        raise BadSetting(f"estimator must be {', '.join(ESTIMATORS)}, got {estimator!r}")
    pair = Pyramid(ir, vis)
    judge = Judge(pair[JUDGED_PX])
    found = _found(pair, judge, NEAR, model, estimator)
    if found.verdict.significance < SURE:
        other = _found(pair, judge, FAR, model, estimator)
        found = max(found, other, key=lambda one: one.verdict.significance)
    return _concluded(pair, judge, found, local=local)


@dataclass(frozen=True)
class Found:
    """A warp's matrix, what speaks for it, and how it was found."""

    matrix: Matrix
    verdict: Verdict
    method: str


def _found(pair: Pyramid, judge: Judge, over: Range, model: str, estimator: str) -> Found:
    """The best warp that a search and one or all estimators give."""
    if model == "translation":
        over = replace(over, scales=(1.0,), degrees=(0.0,))
    rough = candidates(pair[over.width_px], over, TRIED)
    first, *others = CHAINS if estimator == "auto" else (estimator,)
    best = _through(pair, judge, rough, model, first)
    if best.verdict.significance < CLEAR:
        further = [_through(pair, judge, rough, model, name) for name in others]
        best = max([best, *further], key=lambda one: one.verdict.significance)
    name = "near search" if over.width_px == NEAR.width_px else "far search"
    return replace(best, method=f"{name}, {best.method}")


def _through(
    pair: Pyramid, judge: Judge, rough: Sequence[Candidate], model: str, estimator: str
) -> Found:
    """The best of some rough warps, refined by one estimator."""
    first, then = CHAINS[estimator]
    plain = "affine" if model == "auto" else model
    best: tuple[float, Matrix] | None = None
    for one in rough:
        matrix = first(pair, one.matrix, plain)
        merit = judge(matrix).significance
        if best is None or merit > best[0]:
            best = merit, matrix
        if merit >= CLEAR:
            break
    assert best is not None  # a search tries one scale at least
    matrix = then(pair, best[1], plain)
    found = Found(matrix, judge(matrix), f"{estimator}, {plain}")
    if model != "auto" or estimator != "edges":
        return found
    tilted = improved([pair], matrix, THEN[:1], "homography")
    verdict = judge(tilted)
    if verdict.score > AUTO_GAIN * found.verdict.score:
        return Found(tilted, verdict, f"{estimator}, homography")
    return found


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
        if grid.any() and score > after:
            warp, method, after = replace(warp, local=grid), f"{method}, local", score
    return Alignment(warp, confidence(found.verdict.significance), before.score, after, method)
