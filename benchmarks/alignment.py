"""How well infrared pictures are laid on visible ones: correlation with the true infrared.

    python benchmarks/alignment.py [SET ...] [--pairs 12] [--local] [--estimator auto] [--seed 5]
    python benchmarks/alignment.py --figures docs/images/alignment.jpg

`misaligned` has true infrared pictures beside warped ones. The other sets are warped here: a
rotation to 5 degrees, a scale to 8 %, a shift, 11 to 25 pixels of displacement on average at
a width of 640 or less (more above, in proportion), and a smooth bend of 1 to 2 pixels on top.
`strangers` pairs pictures of different places, which are to be refused. The correlation counts
pixels that the warped picture holds, without its black wedges. The sets are themselves registered
to some pixels only (look at MSRS by night); with --settled, the true pictures are aligned too, and
the correlation tells how well the same place is found from a misplaced picture.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # read when numpy is loaded, so it must come first

from dataclasses import dataclass, replace  # noqa: E402
from time import process_time  # noqa: E402

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from thermeld.align import Warp, apply, estimate, unwarped  # noqa: E402
from thermeld.align.structure import seen_by  # noqa: E402
from thermeld.data.scene import demo_scene  # noqa: E402
from thermeld.image import Gray, luminance, unit  # noqa: E402
from thermeld.io import pair_files, read_image  # noqa: E402

SHARED = Path(os.environ.get("THERMELD_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SETS = {  # folder and what a stem ends with
    "night": ("msrs", "N"),
    "day": ("msrs", "D"),
    "roadscene": ("roadscene", ""),
    "llvip": ("llvip", ""),
    "m3fd": ("m3fd", ""),
}
SCENES = SHARED / "data"


@dataclass(frozen=True)
class Case:
    """A misplaced infrared picture, the visible one, and the infrared one in its place."""

    name: str
    ir: Gray
    vis: Gray
    true: Gray


def plane(path: Path) -> Gray:
    """Luminance of a picture."""
    return luminance(unit(read_image(path).pixels))


def misplacement(
    rng: np.random.Generator, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the misplaced picture comes from: maps of x and y."""
    grow = max(1.0, width / 640)
    turn, scale = np.deg2rad(rng.uniform(-5, 5)), np.exp(rng.uniform(-0.08, 0.08))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float64)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    away = (at - middle) @ matrix.T + middle + rng.uniform(-0.04, 0.04, 2) * (width, height) - at
    away *= rng.uniform(11, 25) * grow / np.hypot(away[..., 0], away[..., 1]).mean()
    bend = rng.standard_normal((height, width, 2)).astype(np.float32)
    bend = cv2.GaussianBlur(bend, (0, 0), width / 12)
    bend *= rng.uniform(0.8, 2.2) * width / 560 / np.hypot(bend[..., 0], bend[..., 1]).mean()
    there = (at + away + bend).astype(np.float32)
    return np.ascontiguousarray(there[..., 0]), np.ascontiguousarray(there[..., 1])


def cases(name: str, count: int, seed: int) -> Iterator[Case]:
    """The pairs of a set."""
    rng = np.random.default_rng(seed)
    if name == "misaligned":
        for pair in pair_files(SCENES / name / "ir_warp", SCENES / name / "vi").pairs:
            true = plane(SCENES / name / "ir" / pair.ir.name)
            yield Case(pair.stem, plane(pair.ir), plane(pair.vis), true)
        return
    folder, end = SETS["night" if name == "strangers" else name]
    pairs = pair_files(SCENES / folder / "ir", SCENES / folder / "vi").pairs
    pairs = tuple(pair for pair in pairs if pair.stem.endswith(end))
    order = rng.permutation(len(pairs))[:count]
    for at, other in zip(order, np.roll(order, 1), strict=True):
        true = plane(pairs[at].ir)
        if name == "strangers":
            yield Case(pairs[at].stem, true, plane(pairs[other].vis), true)
            continue
        x, y = misplacement(rng, *true.shape)
        ir = cv2.remap(true, x, y, cv2.INTER_LINEAR)
        yield Case(pairs[at].stem, np.asarray(ir, np.float32), plane(pairs[at].vis), true)


def settled(case: Case) -> Case:
    """The same, its true infrared picture laid where the chain sees it: sets err by pixels too."""
    move = np.array([[1.0, 0, 20], [0, 1, 14], [0, 0, 1]])  # or it would be left as it is
    height, width = case.true.shape
    moved = cv2.warpPerspective(case.true, move, (width, height))
    found = estimate(np.asarray(moved, np.float32), case.vis).warp
    back = Warp(found.matrix @ move, found.ir_size, found.vis_size)
    return replace(case, true=np.asarray(apply(back, case.true, extend=True)[0]))


def correlation(case: Case, warp: Warp) -> float:
    """With the true infrared picture, where the misplaced one holds a scene."""
    laid, _ = apply(warp, case.ir)
    whole, _ = apply(warp, seen_by(case.ir).astype(np.float32))
    both = whole > 0.99
    return float(np.corrcoef(laid[both], case.true[both])[0, 1]) if both.sum() > 1 else 0.0


def measured(name: str, given: argparse.Namespace) -> None:
    """Print one line a pair if asked, and one a set."""
    rows = []
    for case in cases(name, given.pairs, given.seed):
        begun = process_time()
        found = estimate(case.ir, case.vis, local=given.local, estimator=given.estimator)
        seconds = process_time() - begun
        case = settled(case) if given.settled else case
        plain = unwarped(case.ir.shape, case.vis.shape)
        before, after = correlation(case, plain), correlation(case, found.warp)
        rows.append((before, after, found.refused is not None, seconds))
        if given.each:
            print(f"  {case.name:12}{before:8.3f}{after:8.3f}  {found.sentence}", flush=True)
    before, after, refused, seconds = np.array(rows, float).T
    print(
        f"{name:12}{len(rows):6}{before.mean():8.3f}{after.mean():8.3f}{after.min():8.3f}"
        f"{int((after < before - 1e-3).sum()):7}{int(refused.sum()):9}{np.median(seconds):10.2f}",
        flush=True,
    )


def overlay(ir: Gray, vis: Gray) -> NDArray[np.uint8]:
    """Edges of the infrared picture in red, of the visible one in cyan; white where they meet."""
    shown = []
    for picture in (ir, vis):
        smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
        steps = cv2.magnitude(
            cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        )
        shown.append(np.clip(255 * steps / np.percentile(steps, 98), 0, 255).astype(np.uint8))
    return np.dstack([shown[1], shown[1], shown[0]])  # BGR


def draw(path: Path) -> None:
    """The composed street, misplaced and laid back: edges before and after."""
    scene = demo_scene(night=False)
    vis = luminance(scene.vis)
    x, y = misplacement(np.random.default_rng(4), *scene.ir.shape)
    ir = np.asarray(cv2.remap(scene.ir, x, y, cv2.INTER_LINEAR), np.float32)
    found = estimate(ir, vis)
    print(found.sentence)
    sides = [
        overlay(apply(warp, ir)[0], vis) for warp in (unwarped(ir.shape, vis.shape), found.warp)
    ]
    cv2.imwrite(str(path), np.hstack(sides), [cv2.IMWRITE_JPEG_QUALITY, 85])


def main() -> None:
    """Print the table, or draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["misaligned", *SETS, "strangers"])
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--estimator", default="auto", help="auto, edges, ecc or mutual")
    parser.add_argument("--each", action="store_true", help="a line for every pair")
    parser.add_argument("--settled", action="store_true", help="align the true pictures as well")
    parser.add_argument("--figures", type=Path)
    given = parser.parse_args()
    if given.figures:
        draw(given.figures)
        return
    print(f"{'set':12}{'pairs':>6}{'before':>8}{'after':>8}{'least':>8}{'worse':>7}", end="")
    print(f"{'refused':>9}{'CPU s':>10}")
    for name in given.sets:
        measured(name, given)


if __name__ == "__main__":
    main()
