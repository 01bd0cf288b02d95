"""The thermographer's view: heat in colours, and of the visible picture only its edges.

Fusion mixes brightness of two kinds, so its colours mean no temperature. Here they do: the
palette's colour is left alone, and to its red, green and blue the same fine detail of the
visible luminance is added, which is zero on average around every point. So differences of the
channels, and everything's mean over a few pixels, are the palette's, and can be read against
the legend.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from thermeld.align import Aligner
from thermeld.equalise import Curve
from thermeld.errors import BadSetting
from thermeld.fuse import resized
from thermeld.image import (
    THERMAL_WINDOW,
    Gray,
    Scale,
    Stored,
    Window,
    luminance,
    require_finite,
    require_image,
    thermal_window,
    to_depth,
    unit,
)
from thermeld.io import read_image, read_thermal, superpose
from thermeld.legend import DEGREES, with_legend
from thermeld.palette import Colours, colours, painted

ROOM = 0.14  # what edges may add or take; palettes are drawn that much narrower at both ends
FINE = 1 / 320  # of the longer side: blur (sigma) whose residue is called an edge
NOISE = 1.5  # times the median residue is taken for noise
STRONGEST = 98  # percentile of residues that uses all the room
FAINTEST = 0.02  # a residue of this size is not amplified further, or fog would turn to grain


@dataclass(frozen=True)
class Look:
    """How heat is shown.

    Attributes:
        palette: of `thermeld.palette.PALETTES`.
        window: which values are the coldest and the hottest colour, as of `Fuser`; "auto" is
            the 0.1 to 99.9 percentile, and all of the range for 8 bits.
        edges: how much of the visible edges is laid over, 0 to 1.
        legend: put a legend beside it.
        unit: of the values, above the legend; "" is "counts" for 16 bits, "%" of the range for
            8 bits, and nothing for floats.
    """

    palette: str = "iron"
    window: str | Window = "auto"
    edges: float = 1.0
    legend: bool = True
    unit: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.edges <= 1:
            raise BadSetting(f"edges must lie in 0..1, got {self.edges:g}")
        thermal_window(self.window)
        colours(self.palette)


def present(
    values: Stored,
    vis: Stored | None = None,
    look: Look | None = None,
    *,
    aligner: Aligner | None = None,
) -> Stored:
    """Heat in a palette's colours, with the edges of the visible picture laid over it.

    Args:
        values: (H, W), degrees, counts or grey levels; NaN where there is none is shown as the
            coldest. Colour is reduced to its luminance.
        vis: the same view, (H', W'), (H', W', 3) or with alpha; `values` are brought to its
            size. None for the palette alone.
        look: palette, window, edges, legend.
        aligner: lays `values` on `vis` first. It must crop: where nothing was measured, no colour
            may stand.

    Returns:
        uint8 (H', W', 3) RGB, wider by its legend.

    Raises:
        UnknownName: no such palette.
        BadSetting: an aligner that does not crop, or views that share nothing.
        BadImage: wrong shape, or no value is a number.
    """
    look = look or Look()
    values = _plane(require_image(np.asarray(values), "infrared"))
    window = _scale(look.window, values)
    table = colours(look.palette, room=ROOM * look.edges)
    if aligner is not None and aligner.wedges != "crop":
        raise BadSetting("heat is shown only where it was measured; align with wedges 'crop'")
    if vis is not None and aligner is not None:
        laid = aligner(values, require_image(np.asarray(vis), "visible"), window.shade)
        values, vis = laid.ir, laid.vis
    if vis is None:
        shown = painted(window.shade(values), table)
    else:
        vis = require_image(np.asarray(vis), "visible")
        shown = painted(window.shade(resized(values, vis.shape[:2])), table)
        grey = luminance(unit(vis[:, :, :3] if vis.ndim == 3 else vis))
        shown = shown + visible_edges(grey, room=ROOM * look.edges)[:, :, None]
    picture = to_depth(shown, np.uint8)
    if not look.legend:
        return picture
    return _with_legend(picture, table, window, look.unit or _unit(values))


def present_file(
    ir: Path,
    vis: Path | None = None,
    look: Look | None = None,
    *,
    kelvin_per_count: float | None = None,
    aligner: Aligner | None = None,
) -> Stored:
    """As `present`, of files: in degrees where the file tells them, else in what it holds.

    Args:
        ir: a thermal picture. With a FLIR radiometric JPEG alone, the edges are those of the
            visible picture inside it, laid where the camera says.
        vis: of the same view.
        look: its unit is replaced by degrees where these are known.
        kelvin_per_count: as of `read_thermal`.
        aligner: of two files; the pictures of one file lie where the camera says.

    Raises:
        UnreadableFile: a file cannot be read.
        FusionError: as `present`.
    """
    look = look or Look()
    thermal = read_thermal(ir, kelvin_per_count=kelvin_per_count)
    visible = read_image(vis).pixels if vis else None
    if thermal is None:
        return present(read_image(ir).pixels, visible, look, aligner=aligner)
    values = thermal.counts
    if visible is None and thermal.visible:
        values, visible = superpose(values, thermal)
        aligner = None
    if thermal.radiometry is not None:
        values, look = thermal.radiometry.celsius(values), replace(look, unit=DEGREES)
    return present(values, visible, look, aligner=aligner)


def visible_edges(luma: Gray, *, room: float) -> Gray:
    """The fine detail of a picture, within -room to room and zero on average everywhere.

    Args:
        luma: (H, W) in [0, 1].
        room: 0 gives none.

    Returns:
        (H, W). What is blurred away by 1/320 of the longer side, less noise, amplified so that
        the strongest of it uses the room.
    """
    sigma = max(1.0, max(luma.shape) * FINE)
    residue = luma - _blurred(luma, sigma)
    noise = NOISE * float(np.median(np.abs(residue)))
    residue = np.copysign(np.maximum(np.abs(residue) - np.float32(noise), 0), residue)
    strongest = max(float(np.percentile(np.abs(residue), STRONGEST)), FAINTEST)
    detail = np.float32(room) * np.tanh(residue / np.float32(strongest))
    # Squashing is not even-handed: what it left of a mean is taken out again.
    even: Gray = np.clip(detail - _blurred(detail, 2 * sigma), -room, room)
    return even


def _blurred(plane: Gray, sigma: float) -> Gray:
    soft = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(soft, np.float32)


def _plane(values: Stored) -> Stored:
    """(H, W) with a number everywhere; a pixel without one gets the smallest there is."""
    if values.ndim == 3:
        grey: Stored = luminance(values[:, :, :3].astype(np.float32))
        whole = np.issubdtype(values.dtype, np.integer)
        return _plane((np.rint(grey) if whole else grey).astype(values.dtype))
    bad = ~np.isfinite(values)
    filled: Stored = values
    if bad.any() and not bad.all():
        filled = np.where(bad, values[~bad].min(), values)
    require_finite(filled)
    return filled


def _scale(choice: str | Window, values: Stored) -> Window | Curve:
    """The window in stored values; 8 bits have a natural one, all others need a stretch."""
    if choice == "auto":
        chosen: Scale | None = None if values.dtype == np.uint8 else THERMAL_WINDOW
    else:
        chosen = thermal_window(choice)(values.dtype)
    if chosen is None:
        whole = np.issubdtype(values.dtype, np.integer)
        chosen = Window(0, float(np.iinfo(values.dtype).max) if whole else 1.0)  # type: ignore[type-var]
    return chosen.on(values)


def _unit(values: Stored) -> str:
    if np.issubdtype(values.dtype, np.floating):
        return ""  # nothing tells degrees from watts
    return "%" if values.dtype == np.uint8 else "counts"


def _with_legend(picture: Stored, table: Colours, window: Window | Curve, name: str) -> Stored:
    if isinstance(window, Window):
        low, high = window.low, window.high
    else:
        low, high = window.values[[0, -1]].tolist()
    factor = 100 / 255 if name == "%" else 1.0

    def place(value: float) -> float:
        return float(window.shade(np.array([[value / factor]]))[0, 0])

    return with_legend(picture, table, place, ends=(low * factor, high * factor), unit=name)
