"""Cameras that are fixed to each other: calibrated once, one warp for all their pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thermeld.align.chain import FIRST, THEN, Pyramid, improved
from thermeld.align.estimate import estimate
from thermeld.align.files import VERSION, number, read_facts, warp_facts, warp_from_facts
from thermeld.align.points import Picked, fitted
from thermeld.align.warp import Size, Warp, spread, transformed
from thermeld.errors import BadImage, BadSetting, UnreadableFile
from thermeld.image import Image

MOST_JOINT = 12  # pairs that are refined together; more add little
ALIKE_SHARE = 0.02  # of the width: a pair's own warp this near to the others' belongs to them
LEAST_PAIRS = 2


@dataclass(frozen=True)
class Parallax:
    """Why near things shift: the cameras look from two places.

    Attributes:
        baseline_m: from the visible camera to the right, to the infrared one.
        focal_px: of the visible camera, in pixels.
        distance_m: at which the rig's warp is right.
    """

    baseline_m: float
    focal_px: float
    distance_m: float

    def __post_init__(self) -> None:
        values = (self.baseline_m, self.focal_px, self.distance_m)
        if not np.isfinite(values).all() or self.focal_px <= 0 or self.distance_m <= 0:
            raise BadSetting(
                "parallax needs a baseline, and a focal length and a distance above 0, "
                f"got {self.baseline_m:g} m, {self.focal_px:g} px and {self.distance_m:g} m"
            )

    def shift_px(self, distance_m: float) -> float:
        """How far right the infrared picture moves for things at another distance."""
        if not (np.isfinite(distance_m) and distance_m > 0):
            raise BadSetting(f"a distance is above 0 m, got {distance_m:g}")
        return self.focal_px * self.baseline_m * (1 / distance_m - 1 / self.distance_m)


@dataclass(frozen=True)
class Rig:
    """Two cameras fixed to each other.

    Attributes:
        warp: infrared onto visible.
        residuals: by pair or point, how far its own evidence lies from the warp, visible pixels.
        left_out: pairs or points that disagree with the others, or in which nothing was found.
        parallax: for other distances, if baseline and focal length are known.
    """

    warp: Warp
    residuals: Mapping[str, float]
    left_out: tuple[str, ...] = ()
    parallax: Parallax | None = None

    def at(self, distance_m: float | None) -> Warp:
        """The warp for things at a distance; None for the distance it was calibrated at.

        Raises:
            BadSetting: baseline and focal length are not known, or the distance is not above 0.
        """
        if distance_m is None:
            return self.warp
        if self.parallax is None:
            raise BadSetting(
                "this rig does not know its baseline; calibrate it with --baseline, --focal-px "
                "and --distance"
            )
        return self.warp.shifted(self.parallax.shift_px(distance_m))


def calibrate(pairs: Mapping[str, tuple[Image, Image]], *, model: str = "affine") -> Rig:
    """One warp from several pairs of the same cameras.

    Each pair is aligned by itself; those that agree with most others begin a joint refinement of
    all of them. Bad pairs are left out.

    Args:
        pairs: infrared and visible in [0, 1] by name; all infrared pictures of one size, and all
            visible ones.
        model: "translation", "affine" or "homography".

    Raises:
        BadImage: sizes differ, or fewer than two pairs agree on a warp.
        BadSetting: unknown model.
    """
    _require_one_size(pairs)
    ready = {name: Pyramid(*pair) for name, pair in pairs.items()}
    own = _own_warps(pairs, model)
    kept = agreeing(own)
    if len(kept) < LEAST_PAIRS:
        raise BadImage(
            f"of {len(pairs)} pairs, fewer than {LEAST_PAIRS} agree on a warp; give more pairs "
            "with edges that both cameras see, or points picked by hand (--points)"
        )
    middle = np.median([own[name].matrix for name in kept], axis=0)
    joint = [ready[name] for name in kept[:MOST_JOINT]]
    warp = Warp(improved(joint, middle, (FIRST, *THEN), model), *_sizes(joint[0]))
    residuals = {name: apart_px(own[name], warp) for name in kept}
    return Rig(warp, residuals, tuple(name for name in pairs if name not in kept))


def from_points(picked: Picked, ir_size: Size, vis_size: Size, *, model: str = "auto") -> Rig:
    """A rig from points picked by hand; see `points.fitted`."""
    matrix, errors, used = fitted(picked, model)
    names = [f"point {at + 1}" for at in range(len(errors))]
    residuals = {name: float(error) for name, error in zip(names, errors, strict=True)}
    left = tuple(name for name, holds in zip(names, used, strict=True) if not holds)
    return Rig(Warp(matrix, ir_size, vis_size), residuals, left)


def agreeing(own: Mapping[str, Warp]) -> list[str]:
    """The largest group of warps that lie near one of them, nearest first."""
    best: list[str] = []
    for centre in own.values():
        near = ALIKE_SHARE * max(centre.vis_size)
        gaps = {name: apart_px(warp, centre) for name, warp in own.items()}
        group = sorted((name for name in own if gaps[name] <= near), key=lambda name: gaps[name])
        if len(group) > len(best):
            best = group
    return best


def apart_px(first: Warp, second: Warp) -> float:
    """Mean distance, in visible pixels, between where two warps send the infrared picture."""
    points = spread(first.ir_size)
    gap = transformed(first.matrix, points) - transformed(second.matrix, points)
    return float(np.hypot(gap[:, 0], gap[:, 1]).mean())


def rig_to_json(rig: Rig) -> str:
    """A rig as JSON text."""
    facts: dict[str, Any] = {"thermeld": "rig", "version": VERSION, "warp": warp_facts(rig.warp)}
    facts["residuals_px"] = {name: round(value, 3) for name, value in rig.residuals.items()}
    facts["left_out"] = list(rig.left_out)
    facts["parallax"] = None if rig.parallax is None else vars(rig.parallax)
    return json.dumps(facts, indent=1, allow_nan=False) + "\n"


def read_rig(path: str | Path) -> Rig:
    """Read a rig's JSON file, or a warp's as a rig without residuals.

    Raises:
        UnreadableFile: missing or damaged; see `files.read_facts`.
    """
    path = Path(path)
    facts = read_facts(path, ["rig", "warp"])
    try:
        return rig_from_facts(facts)
    except BadSetting as error:
        raise UnreadableFile(f"{path}: {error}") from error


def rig_from_facts(facts: Mapping[str, Any]) -> Rig:
    """The rig that plain values state, or a warp as a rig without residuals.

    Raises:
        BadSetting: neither, or something is missing, of a wrong kind, or impossible.
    """
    if facts.get("thermeld") not in ("rig", "warp") or facts.get("version") != VERSION:
        raise BadSetting(
            f"not a warp or rig of thermeld's, version {VERSION}; make it with align or rig"
        )
    if facts["thermeld"] == "warp":
        return Rig(warp_from_facts(facts), {})
    warp = facts.get("warp")
    if not isinstance(warp, dict):
        raise BadSetting("a rig holds a warp")
    return Rig(warp_from_facts(warp), {}, parallax=_parallax(facts.get("parallax")))


def _own_warps(pairs: Mapping[str, tuple[Image, Image]], model: str) -> dict[str, Warp]:
    found = {}
    for name, pair in pairs.items():
        one = estimate(*pair, model=model)
        if one.refused is None:
            found[name] = one.warp
    return found


def _require_one_size(pairs: Mapping[str, tuple[Image, Image]]) -> None:
    for at, role in enumerate(("infrared", "visible")):
        sizes = {pair[at].shape[:2] for pair in pairs.values()}
        if len(sizes) > 1:
            listed = ", ".join(f"{size[1]}x{size[0]}" for size in sorted(sizes)[:3])
            raise BadImage(
                f"the {role} pictures have several sizes ({listed}); a rig is for two cameras "
                "with fixed settings, so sort the pictures by camera"
            )


def _sizes(pair: Pyramid) -> tuple[Size, Size]:
    return (pair.ir_size[0], pair.ir_size[1]), (pair.vis_size[0], pair.vis_size[1])


def _parallax(value: Any) -> Parallax | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadSetting("parallax must be an object")
    names = ("baseline_m", "focal_px", "distance_m")
    return Parallax(*(number(value.get(name), name) for name in names))
