"""One triple of images, scored: the door to every metric."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from thermeld.errors import BadImage, BadSetting, RangeUnknown, SizeMismatch
from thermeld.image import Stored, eight_bits, require_finite, require_image
from thermeld.metrics.plane import Levels, Picture, Plane
from thermeld.registry import LABELLED, METRICS, Metric, find_metric, lookup

CONVENTIONS = {
    "vifb": "the VIFB benchmark: three channels, each against its own, then averaged",
    "tang": "the survey code of L. Tang et al. since March 2023: all three images as 8-bit gray",
    "tang2022": "the same code before March 2023, with which its published tables were made",
    "cddfuse": "the Python evaluator of CDDFuse, DDFM, EMMA and others: gray by OpenCV",
    "paper": "the metric's own paper, where no evaluation code above has it: 8-bit gray",
}

Views = list[tuple[Plane, Plane, Plane]]


class Triple:
    """Infrared, visible and fused; whatever several metrics need is measured once.

    Args:
        ir: (H, W) or (H, W, 3) in RGB order; unsigned integers, or floats in [0, 1].
        vis: the same size.
        fused: the same size.
        labels: (H, W), classes, for the metrics that need them.

    Raises:
        BadImage: not an image, or NaN in it.
        RangeUnknown: floats outside [0, 1], or signed integers.
        SizeMismatch: they differ in height or width.
    """

    def __init__(
        self, ir: ArrayLike, vis: ArrayLike, fused: ArrayLike, labels: ArrayLike | None = None
    ) -> None:
        given = {"infrared": ir, "visible": vis, "fused": fused}
        levels = {role: _levels(np.asarray(pixels), role) for role, pixels in given.items()}
        self.labels = None if labels is None else _classes(np.asarray(labels))
        _require_one_size(levels if self.labels is None else {**levels, "labels": self.labels})
        self.ir, self.vis, self.fused = (Picture(pixels) for pixels in levels.values())
        self._views: dict[str, Views] = {}

    def measure(self, entry: Metric, convention: str | None = None) -> float:
        """The value of one metric; NaN where its definition is 0/0 or no window fits.

        Raises:
            UnknownName: the metric does not exist in this convention.
            BadSetting: it needs labels, and there are none.
        """
        chosen = convention or entry.card.default
        lookup(entry.card.conventions, chosen, f"convention of {entry.card.name}")
        if entry.card.labelled and self.labels is None:
            raise BadSetting(f"{entry.card.name} needs a label map; give one (labels), or leave it")
        extra = (self.labels,) if entry.card.labelled else ()
        views = self._planes(chosen)
        return float(np.mean([entry.rule(*view, *extra, chosen) for view in views]))

    def _planes(self, convention: str) -> Views:
        kind = convention if convention in ("vifb", "cddfuse") else "gray"
        if kind not in self._views:
            self._views[kind] = self._views_of(kind)
        return self._views[kind]

    def _views_of(self, kind: str) -> Views:
        pictures = (self.ir, self.vis, self.fused)
        if kind == "gray":
            return [(self.ir.gray, self.vis.gray, self.fused.gray)]
        if kind == "cddfuse":
            return [(self.ir.gray32, self.vis.gray32, self.fused.gray32)]
        count = max(len(picture.channels) for picture in pictures)
        ir, vis, fused = (p.channels * (count // len(p.channels)) for p in pictures)
        return list(zip(ir, vis, fused, strict=True))


def score(
    ir: ArrayLike,
    vis: ArrayLike,
    fused: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    metrics: Iterable[str] | None = None,
    convention: str | None = None,
) -> dict[str, float]:
    """Measure one fused image against its two sources.

    Args:
        ir: infrared, (H, W) or (H, W, 3) RGB; unsigned integers, or floats in [0, 1].
        vis: visible, the same size.
        fused: the fused image, the same size.
        labels: (H, W), the class of every pixel as in `TARGETS`, for the metrics that need it.
        metrics: which, in order; all that exist in the convention and can be measured if not
            given.
        convention: whose formulas and treatment of colour, a key of `CONVENTIONS`; each
            metric's own default if not given.

    Returns:
        A value per name as asked for. NaN where a definition is 0/0, as for constant images.

    Raises:
        UnknownName: no such metric or convention, or the metric does not exist in it.
        BadSetting: a metric was asked for that needs labels, and there are none.
        FusionError: the images are refused, see `Triple`.

    Example:
        score(ir, vis, fused, metrics=["EN", "VIF", "Qabf"], convention="tang")
    """
    if convention is not None:
        lookup(CONVENTIONS, convention, "convention of metrics")
    names = names_in(convention, labelled=labels is not None) if metrics is None else list(metrics)
    triple = Triple(ir, vis, fused, labels)
    return {name: triple.measure(find_metric(name), convention) for name in names}


def names_in(convention: str | None, *, labelled: bool = False) -> list[str]:
    """The metrics that exist in a convention; all of them for None.

    Args:
        convention: a key of `CONVENTIONS`.
        labelled: those that need a label map too.
    """
    return [
        name
        for name, entry in (METRICS | LABELLED if labelled else METRICS).items()
        if convention is None or convention in entry.card.conventions
    ]


def _classes(labels: Stored) -> Levels:
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise BadImage(
            f"the label map holds {labels.dtype} of shape {labels.shape}; it must be one 8-bit "
            "number of a class for every pixel, not colours"
        )
    return np.asarray(labels, np.uint8)


def _levels(pixels: Stored, role: str) -> Levels:
    pixels = require_image(pixels, role)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        raise BadImage(f"{role} image has an alpha channel; score its first three channels")
    require_finite(pixels)
    low, high = pixels.min(), pixels.max()
    if not np.issubdtype(pixels.dtype, np.unsignedinteger) and (
        low < 0 or high > 1 or not np.issubdtype(pixels.dtype, np.floating)
    ):
        raise RangeUnknown(
            f"{role} image holds {pixels.dtype} from {low:g} to {high:g}; give floats in 0..1 "
            "(divide by the largest possible value) or unsigned integers (astype('uint8'))"
        )
    return eight_bits(pixels)


def _require_one_size(levels: dict[str, Levels]) -> None:
    sizes = {role: pixels.shape[:2] for role, pixels in levels.items()}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{role} {width}x{height}" for role, (height, width) in sizes.items())
        raise SizeMismatch(f"the images differ in size ({found}); resize them to one first")
