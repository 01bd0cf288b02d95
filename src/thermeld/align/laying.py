"""Both pictures on one grid of pixels, and what to show where infrared did not look."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from thermeld.align.estimate import Alignment, estimate
from thermeld.align.warp import Mask, Warp, apply, common_rectangle
from thermeld.errors import BadSetting
from thermeld.image import Gray, Stored, luminance, unit

WEDGES = ("visible", "crop", "black")
FEATHER_PX = 4  # over which the fused picture passes into the visible one


@dataclass(frozen=True)
class Laid:
    """A pair on the visible picture's pixels.

    Attributes:
        ir: (H, W) or (H, W, C), of the stored type.
        vis: likewise; smaller than it was if cropped.
        share: float32 (H, W), 1 where the fused picture is to be shown and 0 where the visible
            one is; None where it is to be shown all over.
        note: what was done, in one line.
    """

    ir: Stored
    vis: Stored
    share: Gray | None
    note: str

    def finished(self, fused: Stored) -> Stored:
        """The fused picture, the visible one in its place where infrared did not look."""
        if self.share is None:
            return fused
        under: Any = self.vis if fused.ndim == 3 or self.vis.ndim == 2 else _grey(self.vis)
        share = self.share if fused.ndim == 2 else self.share[:, :, None]
        mixed = under + share * (fused.astype(np.float32) - under)
        if np.issubdtype(fused.dtype, np.integer):
            mixed = np.floor(mixed + 0.5)
        finished: Stored = mixed.astype(fused.dtype)
        return finished


class Aligner:
    """Lays infrared pictures on visible ones, by one warp for all or one found for each pair.

    Args:
        warp: of these cameras, also at other resolutions; None estimates one for every pair.
        wedges: what to show where infrared did not look: "visible", "black", or "crop" to the
            largest rectangle that both see.
        local: whether estimated warps may bend smoothly.

    May be called from several threads at once.

    Raises:
        BadSetting: unknown `wedges`.
    """

    def __init__(
        self, warp: Warp | None = None, *, wedges: str = "visible", local: bool = False
    ) -> None:
        if wedges not in WEDGES:
            raise BadSetting(f"wedges must be one of {', '.join(WEDGES)}, got {wedges!r}")
        self.warp, self.wedges, self.local = warp, wedges, local

    def __call__(self, ir: Stored, vis: Stored, shown: Callable[[Stored], Gray]) -> Laid:
        """Lay one pair.

        Args:
            ir: (H, W) or (H, W, C), any stored type.
            vis: likewise.
            shown: makes (H, W) in [0, 1] of the infrared picture, to be aligned by.

        Raises:
            SizeMismatch: the warp is for pictures of other shapes.
            BadImage: too small to be aligned.
        """
        warp, note = self._warp(ir, vis, shown)
        laid, seen = apply(warp, ir, extend=self.wedges != "black")
        if seen.all() or self.wedges == "black":
            return Laid(laid, vis, None, note)
        if self.wedges == "crop":
            return _cropped(laid, vis, seen, note)
        return Laid(laid, vis, _feathered(seen), note)

    def _warp(self, ir: Stored, vis: Stored, shown: Callable[[Stored], Gray]) -> tuple[Warp, str]:
        ir_size, vis_size = (ir.shape[0], ir.shape[1]), (vis.shape[0], vis.shape[1])
        if self.warp is not None:
            warp = self.warp.scaled(ir_size, vis_size)
            return warp, f"aligned by the given warp: displaced by {warp.displaced_px():.1f} px"
        found: Alignment = estimate(shown(ir), luminance(unit(_opaque(vis))), local=self.local)
        return found.warp, found.sentence


def _cropped(ir: Stored, vis: Stored, seen: Mask, note: str) -> Laid:
    rows, columns = common_rectangle(seen)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        raise BadSetting("the two views have no rectangle in common, so nothing is left to crop to")
    size = f"{columns.stop - columns.start}x{rows.stop - rows.start}"
    return Laid(
        np.ascontiguousarray(ir[rows, columns]),
        np.ascontiguousarray(vis[rows, columns]),
        None,
        f"{note}, cropped to {size}",
    )


def _feathered(seen: Mask) -> Gray:
    """1 well inside, 0 outside, rising over a few pixels; the picture's own border is inside."""
    framed = cv2.copyMakeBorder(seen.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.clip(depth / FEATHER_PX, 0.0, 1.0).astype(np.float32)


def _grey(vis: Stored) -> Stored:
    work: Any = vis[:, :, :3]
    return luminance(work.astype(np.float32))


def _opaque(image: Stored) -> Stored:
    return image[:, :, :3] if image.ndim == 3 else image
