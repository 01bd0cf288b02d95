"""The array contract: what an image is inside this package, and the ways in and out of it.

Inside, an image is float32 in [0, 1], shape (H, W) or (H, W, 3) in RGB order. Whatever comes
from files and cameras passes `unit` on its way in and `to_depth` on its way out; nothing else
converts. Luminance is BT.601 on full-range values.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil, exp, inf, isqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from thermeld.equalise import Curve, Equalise, Levels
from thermeld.errors import BadImage, BadSetting, RangeUnknown, SizeMismatch

Gray: TypeAlias = NDArray[np.float32]  # (H, W) in [0, 1]
Image: TypeAlias = NDArray[np.float32]  # (H, W) or (H, W, 3) RGB in [0, 1]
Stored: TypeAlias = NDArray[np.generic]  # as a file or camera holds it: any depth, 1 to 4 channels

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601, as every published table uses


@dataclass(frozen=True)
class Window:
    """Which stored values become black and white.

    Attributes:
        low: value (or percentile) that becomes 0.
        high: value (or percentile) that becomes 1.
        percentile: whether the two are percentiles of the image at hand.
    """

    low: float
    high: float
    percentile: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise BadSetting(f"window must rise, got {self.low:g}:{self.high:g}")
        if self.percentile and not (self.low >= 0 and self.high <= 100):
            raise BadSetting(f"percentiles lie in 0..100, got {self.low:g} and {self.high:g}")

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read "LOW:HIGH" in stored values, or "pLOW:pHIGH" in percentiles.

        Raises:
            BadSetting: anything else.
        """
        parts = text.strip().split(":")
        percentile = all(part.strip().startswith("p") for part in parts)
        try:
            low, high = (
                float(part.strip().removeprefix("p") if percentile else part) for part in parts
            )
        except ValueError as error:
            raise BadSetting(
                f"window {text!r} is not understood; give auto, {', '.join(WINDOWS)}, LOW:HIGH in "
                "stored values (as 7000:9000) or pLOW:pHIGH in percentiles (as p1:p99)"
            ) from error
        return cls(low, high, percentile)

    def on(self, pixels: Stored) -> "Window":
        """The same window in stored values of this image.

        Raises:
            BadImage: NaN or infinite values.
        """
        if not self.percentile:
            return self
        require_finite(pixels)
        low, high = np.percentile(np.asarray(pixels, np.float64), [self.low, self.high])
        # A constant image has no width; the least step keeps it black and the window rising.
        return Window(float(low), max(float(high), float(np.nextafter(low, np.inf))))

    def shade(self, pixels: Stored) -> Image:
        """Pixels of any shape as float32 in [0, 1]; the window is in stored values."""
        scaled = (pixels.astype(np.float64) - self.low) / (self.high - self.low)
        return np.clip(scaled, 0.0, 1.0).astype(np.float32)


Scale: TypeAlias = Window | Equalise | Curve  # all ways from stored values to [0, 1]


CUT_PERCENTILES = (10, 25, 40, 55, 70, 85)
CUT_SHARE = 0.2  # of the window's width; frames of the clips of M2VD differ by 0.008 at most


class SteadyWindow:
    """A percentile window held steady over the frames of a video, so that nothing flickers.

    Both ends follow those of the frames with a delay (first-order low-pass), and never faster
    than the window's own width per `seconds`: a flash or a cold drop that enters for a few
    frames moves them by a few hundredths. After a cut, that is when most of the distribution of
    values jumps at once (another scene, or the camera recalibrated itself), they start anew.

    Args:
        window: percentiles are followed; a window in stored values is steady as it is.
        seconds: the delay; 0 takes every frame for itself.
        fps: frames per second.

    Raises:
        BadSetting: negative seconds, or no positive frame rate.
    """

    def __init__(self, window: Window, *, seconds: float = 2.0, fps: float = 25) -> None:
        if not (0 <= seconds < inf and 0 < fps < inf):
            raise BadSetting(
                f"a steady window needs seconds >= 0 and a positive frame rate, got {seconds:g} s "
                f"at {fps:g} frames per second"
            )
        self.window = window
        self._pace = 1.0 - exp(-1.0 / (fps * seconds)) if seconds else 1.0
        self._ends: Levels | None = None
        self._spread: Levels = np.empty(0)

    def limits(self, frame: Stored) -> tuple[float, float]:
        """The values that become 0 and 1 in this frame, the next of the video.

        Large frames are judged by an even grid of about 80,000 of their values.

        Raises:
            BadImage: NaN or infinite values.
        """
        if not self.window.percentile:
            return self.window.low, self.window.high
        sample = np.sort(_thinned(frame), axis=None)  # integers sort faster than they partition
        found = self.window.on(sample)
        ends = np.array([found.low, found.high])
        spread = np.percentile(sample.astype(np.float64), CUT_PERCENTILES)
        if self._ends is None or not self._pace < 1.0 or self._is_cut(spread):
            self._ends = ends
        else:
            width = self._ends[1] - self._ends[0]
            self._ends = self._ends + self._pace * np.clip(ends - self._ends, -width, width)
        self._spread = spread
        return float(self._ends[0]), float(self._ends[1])

    def _is_cut(self, spread: Levels) -> bool:
        """Whether values jumped, by the median of percentiles: what is small cannot move it."""
        assert self._ends is not None
        jump = float(np.median(np.abs(spread - self._spread)))
        return jump > CUT_SHARE * float(self._ends[1] - self._ends[0])


def _thinned(frame: Stored) -> Stored:
    step = max(1, isqrt(frame.shape[0] * frame.shape[1] // 80_000))
    return frame[step // 2 :: step, step // 2 :: step]


# Thermal counts use a sliver of their 16 bits, and a few dead pixels lie far outside it.
THERMAL_WINDOW = Window(0.1, 99.9, percentile=True)
WINDOWS: dict[str, Scale | None] = {
    "full": None,
    "percentile": THERMAL_WINDOW,
    "minmax": Window(0, 100, percentile=True),
    "equalise": Equalise(),
}


def thermal_window(
    choice: "str | Window | Equalise",
) -> Callable[[np.dtype[np.generic]], Scale | None]:
    """How infrared values are scaled, by their type: "auto", one of WINDOWS, or a window.

    "auto" stretches 16-bit counts by percentiles and takes 8 bits as they are.

    Raises:
        BadSetting: not understood.
    """
    if not isinstance(choice, str | Window | Equalise):
        raise BadSetting(f"window must be a text as 'auto' or '7000:9000', or a Window: {choice!r}")
    if choice == "auto":
        return _auto_window
    if isinstance(choice, str):
        choice = choice.replace("equalize", "equalise")
        return partial(_same_window, WINDOWS[choice] if choice in WINDOWS else Window.parse(choice))
    return partial(_same_window, choice)


def _auto_window(dtype: np.dtype[np.generic]) -> Scale | None:
    return THERMAL_WINDOW if dtype == np.uint16 else None


def _same_window(window: Scale | None, dtype: np.dtype[np.generic]) -> Scale | None:
    return window


def unit(pixels: Stored, *, window: Scale | None = None) -> Image:
    """Scale stored pixels to float32 in [0, 1].

    Args:
        pixels: any shape. Unsigned integers have a natural range, 0 to their maximum; floats
            without a window must already lie in [0, 1].
        window: what becomes 0 and 1 instead; values outside are clipped. A constant image
            under percentiles becomes 0.

    Raises:
        BadImage: NaN or infinite values.
        RangeUnknown: no window, and the type or the values have no natural range.
    """
    if not np.issubdtype(pixels.dtype, np.unsignedinteger):
        require_finite(pixels)
    if window is not None:
        return window.on(pixels).shade(pixels)
    if np.issubdtype(pixels.dtype, np.unsignedinteger):
        top = np.iinfo(pixels.dtype).max  # type: ignore[type-var]
        return np.asarray(pixels, np.float32) * np.float32(1.0 / top)
    require_unit_range(pixels)
    return np.asarray(pixels, np.float32)


def require_finite(pixels: Stored) -> None:
    """Refuse NaN, infinities and what is not a real number.

    Raises:
        BadImage: with how many values are bad.
    """
    if not (np.issubdtype(pixels.dtype, np.floating) or np.issubdtype(pixels.dtype, np.integer)):
        raise BadImage(f"pixels must be integers or floats, got {pixels.dtype}")
    bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
    if bad:
        raise BadImage(
            f"{bad} of {pixels.size} values are NaN or infinite; replace them before fusing"
        )


def require_unit_range(pixels: Stored) -> None:
    """Refuse values outside [0, 1] whose range nobody stated.

    Raises:
        RangeUnknown: with the range found.
    """
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0.0 or high > 1.0 or not np.issubdtype(pixels.dtype, np.floating):
        raise RangeUnknown(
            f"{pixels.dtype} pixels from {low:g} to {high:g} have no natural range; "
            "state a window, as 'LOW:HIGH' in stored values or 'p0.1:p99.9' in percentiles"
        )


def to_depth(image: Image, dtype: DTypeLike) -> Stored:
    """Store an image in [0, 1] as unsigned integers (rounded half up) or floats; clips."""
    kind = np.dtype(dtype)
    clipped = np.clip(image, 0.0, 1.0)
    if np.issubdtype(kind, np.floating):
        return clipped.astype(kind)
    top = np.iinfo(kind).max
    stored: Stored = np.floor(clipped * np.float32(top) + np.float32(0.5)).astype(kind)
    return stored


def eight_bits(pixels: Stored) -> NDArray[np.uint8]:
    """What an 8-bit file of stored pixels would hold.

    Raises:
        RangeUnknown: as `unit`.
    """
    return np.asarray(to_depth(unit(pixels), np.uint8), np.uint8)


def require_image(pixels: Stored, role: str) -> Stored:
    """The same pixels as (H, W), (H, W, 3) or (H, W, 4); a lone last channel is dropped.

    Args:
        pixels: what the caller handed over.
        role: "infrared" or "visible", for the message.

    Raises:
        BadImage: any other shape, or no pixels.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise BadImage(
            f"{role} image has shape {pixels.shape}; give (H, W), (H, W, 3) in RGB order, "
            "or (H, W, 4) with alpha"
        )
    if pixels.size == 0:
        raise BadImage(f"{role} image has no pixels (shape {pixels.shape})")
    return pixels


def require_same_size(ir: Stored, vis: Stored) -> None:
    """Refuse a pair whose height or width differ.

    Raises:
        SizeMismatch: with both sizes and what to do.
    """
    if ir.shape[:2] != vis.shape[:2]:
        raise SizeMismatch(
            f"infrared is {ir.shape[1]}x{ir.shape[0]} but visible is "
            f"{vis.shape[1]}x{vis.shape[0]}; if both show the same view, ask for a resize: "
            "fit 'vis' resizes the infrared image, fit 'ir' the visible one"
        )


def luminance(image: Image) -> Gray:
    """BT.601 luminance of (H, W, 3); (H, W) is returned as it is."""
    return image if image.ndim == 2 else np.ascontiguousarray(image @ LUMA)


def with_luminance(image: Image, luma: Gray) -> Image:
    """The colours of `image` (H, W, 3) at another luminance, clipped to [0, 1].

    Replacing Y in YCbCr and going back adds the same amount to red, green and blue, so that is
    all that is done here.
    """
    return np.clip(image + (luma - luminance(image))[:, :, None], 0.0, 1.0)


@dataclass(frozen=True)
class Tile:
    """One piece of a large image.

    Attributes:
        read: rows and columns of the input that the method sees.
        keep: rows and columns of the method's result that hold, counted within `read`.
        write: where these go in the output.
    """

    read: tuple[slice, slice]
    keep: tuple[slice, slice]
    write: tuple[slice, slice]


def tiles(size: tuple[int, int], *, tile_px: int, reach_px: int, align_px: int) -> Iterator[Tile]:
    """Cut an image into tiles whose seams cannot be seen.

    Args:
        size: (H, W).
        tile_px: largest side of the part of a tile that is kept.
        reach_px: how far a method looks; each tile sees that much more on every side.
        align_px: tiles begin and end at multiples of this, image borders excepted.
    """
    spans = [
        list(_spans(length, tile_px=tile_px, reach_px=reach_px, align_px=align_px))
        for length in size
    ]
    for read_y, keep_y, write_y in spans[0]:
        for read_x, keep_x, write_x in spans[1]:
            yield Tile((read_y, read_x), (keep_y, keep_x), (write_y, write_x))


def _spans(
    length: int, *, tile_px: int, reach_px: int, align_px: int
) -> Iterator[tuple[slice, slice, slice]]:
    pieces = ceil(length / tile_px)
    step = _up(ceil(length / pieces), align_px)
    for start in range(0, length, step):
        stop = min(start + step, length)
        low = max(0, start - reach_px) // align_px * align_px
        high = min(length, _up(stop + reach_px, align_px))
        yield slice(low, high), slice(start - low, stop - low), slice(start, stop)


def _up(value: int, multiple: int) -> int:
    return ceil(value / multiple) * multiple
