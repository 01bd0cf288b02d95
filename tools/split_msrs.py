"""Which 40 of the 241 MSRS pairs validate? Writes the list that is shipped.

Usage: python tools/split_msrs.py shared/data/msrs > src/thermeld/data/splits/msrs-val.txt

The frames are samples of continuous drives, so neighbours can show one place, and a random split
would leak. Therefore blocks: day and night pairs are each cut into four stretches of the drives,
and one block of five neighbours is taken from each stretch. Of all ways to do so in which every
class occurs about as often as in the whole, people and cars at least as often, the one is taken
in which fewest corners of a block's pictures are found again in a picture that stays for
training. Two pictures more than 6 names apart never share more than 13 corners, two of one place
up to 235.
"""

import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.image import luminance, to_depth, unit
from thermeld.io import read_image

STRETCHES, BLOCK = 4, 5
CLASSES = 9
MUST = (1, 2)  # car and person: at least their share
NEAR = 8  # names; farther apart nothing is found again
CHANCE = 13  # corners; more are the same place
LOOK_PX = (320, 240)
CORNERS, RATIO, OFF_PX = 400, 0.75, 5.0

Corners = tuple[Sequence[cv2.KeyPoint], NDArray[np.float32] | None]


def corners(folder: Path, stem: str) -> list[Corners]:
    """SIFT corners of the infrared and the visible picture, local contrast made even."""
    sift, even = cv2.SIFT_create(CORNERS), cv2.createCLAHE(3.0, (4, 4))
    found = []
    for path in (folder / "ir" / f"{stem}.png", folder / "vi" / f"{stem}.webp"):
        small = cv2.resize(luminance(unit(read_image(path).pixels)), LOOK_PX, interpolation=3)
        found.append(sift.detectAndCompute(even.apply(to_depth(small, np.uint8)), None))
    return found


def found_again(one: list[Corners], other: list[Corners]) -> int:
    """Corners of both modalities that one homography carries from one picture to the other."""
    return sum(_inliers(a, b) for a, b in zip(one, other, strict=True))


def _inliers(one: Corners, other: Corners) -> int:
    if one[1] is None or other[1] is None:
        return 0
    twos = (two for two in cv2.BFMatcher().knnMatch(one[1], other[1], k=2) if len(two) == 2)
    good = [first for first, second in twos if first.distance < RATIO * second.distance]
    if len(good) < 6:  # four fix a homography; one or two more may be chance
        return 0
    source = np.array([one[0][match.queryIdx].pt for match in good], np.float32)
    target = np.array([other[0][match.trainIdx].pt for match in good], np.float32)
    cv2.setRNGSeed(0)
    _, kept = cv2.findHomography(source, target, cv2.RANSAC, OFF_PX)
    return 0 if kept is None else int(kept.sum())


def classes_in(folder: Path, stem: str) -> NDArray[np.int64]:
    """(9,): 1 where the class occurs."""
    labels = read_image(folder / "labels" / f"{stem}.png").pixels
    return (np.bincount(labels.ravel(), minlength=CLASSES) > 0).astype(np.int64)


def alike(known: list[list[Corners]]) -> NDArray[np.int64]:
    """(N, N): corners found again, 0 between pictures more than `NEAR` names apart."""
    count = len(known)
    table = np.zeros((count, count), np.int64)
    for at in range(count):
        for there in range(at + 1, min(at + NEAR + 1, count)):
            table[at, there] = table[there, at] = found_again(known[at], known[there])
    return table


def choose(
    members: list[int], table: NDArray[np.int64], occurs: NDArray[np.int64]
) -> list[list[int]]:
    """One block of each stretch of `members` (places in the list of names)."""
    share = STRETCHES * BLOCK * occurs[members].mean(axis=0)
    least = np.maximum(1, np.floor(share / 2))
    least[list(MUST)] = np.ceil(share[list(MUST)])
    kept = np.maximum(1, occurs[members].sum(axis=0) // 2)  # training has more of what is rare
    most = np.minimum(np.ceil(2 * share) + 1, kept)
    most[0] = STRETCHES * BLOCK  # background is everywhere
    options = [blocks_of(list(part)) for part in np.array_split(members, STRETCHES)]
    counts = [np.array([occurs[block].sum(axis=0) for block in blocks]) for blocks in options]
    leaks = [[leak(block, table) for block in blocks] for blocks in options]
    best, chosen = np.inf, None
    for picks in product(*(range(len(blocks)) for blocks in options)):
        cost = sum(leaks[part][pick] for part, pick in enumerate(picks))
        if cost >= best:
            continue
        count = sum(counts[part][pick] for part, pick in enumerate(picks))
        if np.all(count >= least) and np.all(count <= most):
            best, chosen = cost, picks
    if chosen is None:
        raise SystemExit("no choice of blocks holds every class in proportion")
    return [options[part][pick] for part, pick in enumerate(chosen)]


def blocks_of(part: list[int]) -> list[list[int]]:
    """Every run of `BLOCK` neighbours; the day's drives are interrupted by the night's."""
    runs = [part[start : start + BLOCK] for start in range(len(part) - BLOCK + 1)]
    return [run for run in runs if run[-1] - run[0] == BLOCK - 1]


def leak(block: list[int], table: NDArray[np.int64]) -> int:
    """Corners beyond chance that the pairs of a block share with a pair outside, summed."""
    most = np.delete(table[block], block, axis=1).max(axis=1)
    return int(np.maximum(most - CHANCE, 0).sum())


def main() -> None:
    """Print the stems, one a line; what was found about them goes to standard error."""
    folder = Path(sys.argv[1])
    stems = sorted(path.stem for path in (folder / "ir").iterdir())
    known = [corners(folder, stem) for stem in stems]
    table = alike(known)
    occurs = np.array([classes_in(folder, stem) for stem in stems])
    chosen: list[int] = []
    for time in "DN":
        members = [at for at, stem in enumerate(stems) if stem.endswith(time)]
        for block in choose(members, table, occurs):
            chosen += block
            names = " ".join(stems[at] for at in block)
            sys.stderr.write(f"{names}: {leak(block, table)} corners also outside\n")
    rest = [at for at in range(len(stems)) if at not in chosen]
    sys.stderr.write(f"pairs with each class, validation: {occurs[chosen].sum(axis=0)}\n")
    sys.stderr.write(f"pairs with each class, training:   {occurs[rest].sum(axis=0)}\n")
    between = [max(found_again(known[at], known[there]) for there in rest) for at in chosen]
    sys.stderr.write(
        f"validation pairs of a place that training shows: {sum(n > CHANCE for n in between)} "
        f"of {len(chosen)} (most corners in common: {max(between)})\n"
    )
    near = [bool(np.delete(row, at).max() > CHANCE) for at, row in enumerate(table)]
    sys.stderr.write(f"pairs that show the place of another pair: {sum(near)} of {len(stems)}\n")
    print("\n".join(stems[at] for at in sorted(chosen)))


if __name__ == "__main__":
    main()
