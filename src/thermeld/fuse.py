"""The main job: what cameras and files give, through a method, to what people want back."""

from collections.abc import Iterator, Mapping
from copy import copy
from os import PathLike, fspath
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from thermeld import methods as _methods  # noqa: F401 - fills the table
from thermeld.align import Aligner, Laid
from thermeld.errors import BadImage, BadSetting
from thermeld.image import (
    Gray,
    Image,
    Scale,
    Stored,
    Tile,
    Window,
    luminance,
    require_image,
    require_same_size,
    thermal_window,
    tiles,
    to_depth,
    unit,
    with_luminance,
)
from thermeld.methods.neural import OnnxFusion, method_from_file
from thermeld.methods.runtimes import PRECISIONS, RUNTIMES
from thermeld.methods.upsample import SCALES, CoarseMap, fitted, scale_for
from thermeld.registry import METHODS, BlendingFusion, Method, MethodCard, lookup

DEFAULT_METHOD = "thermeld-nano"
COLORS = ("ycbcr", "blend", "gray", "per-channel")
FITS = ("ir", "vis")
TILE_PX = 256  # a tile of 64 feature planes takes 17 MB; larger tiles are slower, not faster


def fuse(ir: Stored, vis: Stored, *, method: str = DEFAULT_METHOD, **options: Any) -> Stored:
    """Fuse one aligned infrared/visible pair. For many pairs, build a `Fuser` once.

    Args:
        ir: infrared, (H, W), (H, W, 3) or (H, W, 4); uint8, uint16, or float in [0, 1].
        vis: visible, likewise; colour is RGB.
        method: a name of `list_methods()`, or the path of an ONNX file with its card beside it.
        options: as of `Fuser`.

    Returns:
        The fused image, with the size, channels and type of `vis`.

    Raises:
        FusionError: see `Fuser`.
    """
    return Fuser(method, **options)(ir, vis)


def list_methods() -> tuple[MethodCard, ...]:
    """The cards of all methods, by family and name."""
    return tuple(
        sorted(
            (entry.card for entry in METHODS.values()), key=lambda card: (card.family, card.name)
        )
    )


def find_method(name: str | PathLike[str]) -> Method:
    """A method by its name, or by the path of an ONNX file.

    Raises:
        UnknownName: no method of that name.
        BadModel: the file or its card is missing or damaged.
    """
    if not isinstance(name, str | PathLike):
        raise BadSetting(f"a method is a name or the path of an ONNX file, got {name!r}")
    name = fspath(name)
    if name.lower().endswith(".onnx"):
        return method_from_file(Path(name))
    return lookup(METHODS, name, "method")


class Fuser:
    """Fuses pairs by one method; owns range, colour, size, tiles and threads.

    Args:
        method: a name of `list_methods()` or the path of an ONNX file.
        color: what becomes of colour. "ycbcr" fuses luminance and keeps the visible image's
            chrominance; "blend" mixes infrared into red, green and blue alike by the method's
            blending map, so hot areas turn grey (only methods that blend); "gray" gives one
            channel; "per-channel" fuses red, green and blue each with the infrared channel of
            the same index (the one plane, if there is one), as the VIFB benchmark does, which
            tints hot areas. Methods that see the three channels as one problem (`Method.joint`:
            `gtf`, `gff`) then do so.
        fit: what to do when sizes differ: None refuses, "vis" resizes the infrared image to
            the visible one's size, "ir" the visible to the infrared one's.
        aligner: lays the infrared image on the visible one's pixels first, whatever their sizes
            (then `fit` has nothing to do); None takes the two as they are.
        window: which infrared values become black and white: "auto" (8 bit as they are, 16 bit
            from the 0.1 to the 99.9 percentile of each image), "full", "LOW:HIGH" in stored
            values, "pLOW:pHIGH" in percentiles, "percentile" (as for 16 bit), "minmax",
            "equalise" (shades by rank, see `Equalise`), or a `Window`. Values outside are
            clipped.
        threads: of the method; 0 for all cores.
        runtime: what runs a network: "onnxruntime", "openvino" (an extra), or "auto", whichever
            is faster on this machine, timed once and remembered.
        precision: of a network's arithmetic: "float32", "bfloat16", "int8", or "auto", the
            fastest this machine and the network offer. Only float32 gives the same result
            everywhere, to one grey level.
        map_scale: methods that blend can make their map at 1/2 to 1/4 of the scale and bring it
            to full scale along the visible image's edges: faster, and less exact. "auto" does so
            for pictures larger than about 640x512; methods that do not blend take no notice.
        tile_px: images are worked on in pieces of this size, so that memory stays bounded
            however large they are; 0 for whole images.
        settings: of the method, as {"levels": 4}.

    A `Fuser` may be called from several threads at once.

    Raises:
        UnknownName: no such method or setting.
        BadSetting: an impossible value.
        BadModel, MissingExtra: the method cannot be loaded.
    """

    def __init__(
        self,
        method: str | PathLike[str] = DEFAULT_METHOD,
        *,
        color: str = "ycbcr",
        fit: str | None = None,
        aligner: Aligner | None = None,
        window: str | Window = "auto",
        threads: int = 0,
        runtime: str = RUNTIMES[0],
        precision: str = PRECISIONS[0],
        map_scale: int | str = 1,
        tile_px: int = TILE_PX,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        entry = find_method(method)
        self.card = entry.card
        self.color = _one_of("color", color, COLORS)
        self.fit = None if fit is None else _one_of("fit", fit, FITS)
        self.aligner = aligner
        self.window = thermal_window(window)
        self.tile_px = tile_px
        for name, count in (("threads", threads), ("tile_px", tile_px)):
            if not isinstance(count, int) or count < 0:
                raise BadSetting(f"{name} must be a whole number and not negative, got {count!r}")
        if color == "blend" and not self.card.blends:
            raise BadSetting(
                f"{self.card.name} makes no blending map, so color 'blend' is not possible; "
                "use 'ycbcr', or a method that blends (see list_methods)"
            )
        self.map_scale = self._checked_scale(map_scale)
        # How far a method looks is known for its own settings only; others get whole images.
        changed = dict(entry.settings) | dict(settings or {}) != dict(entry.settings)
        self._reach = None if changed else self.card.reach_px
        engine = _engine_of(entry, runtime, precision)
        self._plane = entry.build(threads=threads, **engine, **(settings or {}))
        self._joint = entry.joint

    def __call__(self, ir: Stored, vis: Stored) -> Stored:
        """Fuse one pair.

        Args:
            ir: (H, W), (H, W, 3) or (H, W, 4); uint8, uint16, or float in [0, 1] (any float or
                signed integer with a window). Colour infrared is reduced to its luminance,
                except when fusing per channel; alpha is ignored.
            vis: likewise, RGB; without a window its integers span their whole type.

        Returns:
            (H, W) or (H, W, 3) or (H, W, 4) with the type, channels and alpha of `vis`.

        Raises:
            SizeMismatch: sizes differ and no fit was asked for.
            BadImage: NaN, wrong shape.
            RangeUnknown: floats outside [0, 1] without a window.
        """
        return self.with_note(ir, vis)[0]

    def with_note(self, ir: Stored, vis: Stored) -> tuple[Stored, str]:
        """Fuse one pair, and say in one line how it was aligned; "" without an aligner."""
        if self.aligner is None:
            ir, vis = self._fitted(ir, vis)
            return self._fuse(ir, vis, self._fixed_window(ir)), ""
        laid, window = self._laid(ir, vis, self.aligner)
        return laid.finished(self._fuse(laid.ir, laid.vis, window)), laid.note

    def _laid(self, ir: Stored, vis: Stored, aligner: Aligner) -> tuple[Laid, Scale | None]:
        ir = require_image(np.asarray(ir), "infrared")
        vis = require_image(np.asarray(vis), "visible")
        # The window is of the picture as it came: wedges and repeated borders are no part of it.
        return aligner(ir, vis, self.infrared), self._fixed_window(ir)

    def _fuse(self, ir: Stored, vis: Stored, window: Scale | None) -> Stored:
        size = vis.shape[:2]
        colour = vis.ndim == 3 and self.color != "gray"
        fused = np.empty((*size, 3) if colour else size, vis.dtype)
        coarse = self._coarse_map(ir, vis, window)
        for tile in self._tiles(size, pointwise=coarse is not None):
            view = unit(_opaque(ir[tile.read]), window=window)
            plane = unit(_opaque(vis[tile.read]))
            luma = luminance(plane)
            share = coarse.at(tile.read, luma) if coarse else None
            if colour and self.color == "ycbcr" and vis.dtype == np.uint8:
                change = self._luminance(luminance(view), luma, share) - luma
                fused[tile.write] = _brightened(_opaque(vis[tile.write]), change[tile.keep])
                continue
            piece = self._fuse_units(view, plane, share)
            fused[tile.write] = to_depth(piece[tile.keep], vis.dtype)
        return _with_alpha_of(vis, fused)

    def blending_map(self, ir: Stored, vis: Stored) -> Gray:
        """The method's share of infrared, float32 (H, W) in [0, 1]: which sensor is shown where.

        Raises:
            BadSetting: the method makes no map.
            SizeMismatch, BadImage, RangeUnknown: as when fusing.
        """
        if not self.card.blends:
            raise BadSetting(f"{self.card.name} makes no blending map")
        if self.aligner is not None:
            laid, window = self._laid(ir, vis, self.aligner)
            share = self._map(laid.ir, laid.vis, window)
            return share if laid.share is None else share * laid.share
        ir, vis = self._fitted(ir, vis)
        return self._map(ir, vis, self._fixed_window(ir))

    def _map(self, ir: Stored, vis: Stored, window: Scale | None) -> Gray:
        coarse = self._coarse_map(ir, vis, window)
        if coarse:
            return coarse.at(np.s_[: vis.shape[0], : vis.shape[1]], _gray(vis, None))
        return self._whole_map(ir, vis, window)

    def _whole_map(self, ir: Stored, vis: Stored, window: Scale | None) -> Gray:
        share = np.empty(vis.shape[:2], np.float32)
        for tile in self._tiles(vis.shape[:2]):
            piece = self._share(_gray(ir[tile.read], window), unit(_opaque(vis[tile.read])))
            share[tile.write] = piece[tile.keep]
        return share

    def with_window(self, window: str | Window) -> "Fuser":
        """The same fuser, sharing what it has loaded, with another window for the infrared.

        Raises:
            BadSetting: not understood.
        """
        other = copy(self)
        other.window = thermal_window(window)
        return other

    def with_aligner(self, aligner: Aligner | None) -> "Fuser":
        """The same fuser, sharing what it has loaded, laying pictures by another aligner."""
        other = copy(self)
        other.aligner = aligner
        return other

    def infrared(self, ir: Stored) -> Gray:
        """The infrared plane as it is fused: windowed luminance, float32 (H, W) in [0, 1]."""
        ir = require_image(np.asarray(ir), "infrared")
        return _gray(ir, self._fixed_window(ir))

    def _fitted(self, ir: Stored, vis: Stored) -> tuple[Stored, Stored]:
        ir = require_image(np.asarray(ir), "infrared")
        vis = require_image(np.asarray(vis), "visible")
        if self.fit == "vis":
            ir = resized(ir, vis.shape[:2])
        elif self.fit == "ir":
            vis = resized(vis, ir.shape[:2])
        require_same_size(ir, vis)
        return ir, vis

    def _fixed_window(self, ir: Stored) -> Scale | None:
        """The window in stored values, the same for every tile of this image."""
        window = self.window(ir.dtype)
        if window is None or not window.percentile:
            return window
        return window.on(_opaque(ir))

    def _checked_scale(self, scale: int | str) -> int | str:
        if scale not in (*SCALES, "auto"):
            raise BadSetting(f"map_scale must be 1, 2, 3, 4 or auto, got {scale!r}")
        if scale in SCALES[1:] and (not self.card.blends or self.color == "per-channel"):
            raise BadSetting(
                f"{self.card.name} with color {self.color!r} makes no single blending map, so "
                f"map_scale {scale} is not possible; use 1"
            )
        return scale

    def _coarse_map(self, ir: Stored, vis: Stored, window: Scale | None) -> CoarseMap | None:
        """The map made at reduced scale, or None where it is to be made at full scale."""
        size = vis.shape[:2]
        scale = scale_for(size) if self.map_scale == "auto" else int(self.map_scale)
        if scale == 1 or not self.card.blends or self.color == "per-channel":
            return None
        sampled = self._sampled_map(ir, vis, window, scale)
        if sampled:
            return sampled
        low = (-(-size[0] // scale), -(-size[1] // scale))
        ir, vis = resized(_opaque(ir), low), resized(_opaque(vis), low)
        share = self._whole_map(ir, vis, window)
        return fitted(share, _gray(vis, None), size=size)

    def _sampled_map(
        self, ir: Stored, vis: Stored, window: Scale | None, scale: int
    ) -> CoarseMap | None:
        """The map at every `scale`-th pixel of the picture as it is, if the method can do that."""
        plane = self._plane
        reach = plane.coarse_reach_px(scale) if isinstance(plane, OnnxFusion) else None
        if reach is None or not isinstance(plane, OnnxFusion) or self._shows_colour(vis):
            return None
        size = vis.shape[:2]
        known = np.empty((-(-size[0] // scale), -(-size[1] // scale)), np.float32)
        side = max(self.tile_px * scale, 4 * reach) if self.tile_px else max(size)
        for tile in tiles(size, tile_px=side, reach_px=reach, align_px=scale):
            views = _gray(ir[tile.read], window), _gray(vis[tile.read], None)
            piece = plane.coarse_map(*views, scale)
            write, keep = (_every(places, scale) for places in (tile.write, tile.keep))
            known[write] = piece[keep]
        return CoarseMap(known, (scale, scale))

    def _shows_colour(self, vis: Stored) -> bool:
        """Whether the map is made from the colours of the visible image."""
        return self.color == "blend" and vis.ndim == 3

    def _tiles(self, size: tuple[int, int], *, pointwise: bool = False) -> Iterator[Tile]:
        reach, align = (0, 1) if pointwise else (self._reach, self.card.align_px)
        whole = max(size)
        # With tiles of four reaches, margins cost at most 2.25 times the work.
        side = whole if reach is None or not self.tile_px else max(self.tile_px, 4 * reach)
        return tiles(size, tile_px=side, reach_px=reach or 0, align_px=align)

    def _fuse_units(self, ir: Image, vis: Image, share: Gray | None = None) -> Image:
        """One piece; `share` is given where the map was made at reduced scale."""
        if self.color == "per-channel" and vis.ndim == 3:
            return self._fuse_channels(ir if ir.ndim == 3 else np.dstack([ir] * 3), vis)
        ir = luminance(ir)
        if self.color == "blend":
            share = self._share(ir, vis) if share is None else share
            if vis.ndim == 3:
                share, ir = share[:, :, None], ir[:, :, None]
            return share * ir + (np.float32(1.0) - share) * vis
        fused = self._luminance(ir, luminance(vis), share)
        return with_luminance(vis, fused) if vis.ndim == 3 and self.color == "ycbcr" else fused

    def _luminance(self, ir: Gray, luma: Gray, share: Gray | None) -> Gray:
        return self._plane(ir, luma) if share is None else luma + share * (ir - luma)

    def _fuse_channels(self, ir: Image, vis: Image) -> Image:
        if self._joint:
            return self._plane(ir, vis)
        pairs = (np.ascontiguousarray(np.moveaxis(view, 2, 0)) for view in (ir, vis))
        return np.dstack([self._plane(*pair) for pair in zip(*pairs, strict=True)])

    def _share(self, ir: Gray, vis: Image) -> Gray:
        plane = vis if self.color == "blend" else luminance(vis)
        return cast(BlendingFusion, self._plane).blending_map(ir, plane)


def resized(image: Stored, size: tuple[int, int]) -> Stored:
    """An image at another (H, W): area mean when shrinking, bicubic when growing.

    Bicubic overshoots; the result is clipped to the range of the input's values.
    """
    if image.shape[:2] == size:
        return image
    shrinking = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    work = _resizable(image)
    result = cv2.resize(
        work, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    )
    clipped = np.clip(result, work.min(), work.max())
    if image.dtype != work.dtype and np.issubdtype(image.dtype, np.integer):
        clipped = np.rint(clipped)
    stored: Stored = clipped.astype(image.dtype)
    return stored


def _resizable(image: Stored) -> Any:
    """The image in a type that OpenCV resizes."""
    if image.dtype.kind not in "uif":
        raise BadImage(f"pixels must be integers or floats, got {image.dtype}")
    if image.dtype in (np.uint8, np.uint16, np.float32):
        return image
    return image.astype(np.float32 if image.dtype.itemsize < 4 else np.float64)


def _brightened(image: Stored, change: Gray) -> Stored:
    """What `with_luminance` and `to_depth` give for 8-bit colours, in a quarter of their time.

    Red, green and blue are whole grey levels and change alike, so only the change is rounded.
    """
    levels = np.floor(change * np.float32(255) + np.float32(0.5)).astype(np.int16)
    colours: Any = np.ascontiguousarray(image)
    return np.asarray(cv2.add(colours, cv2.merge([levels] * 3), dtype=cv2.CV_8U))


def _every(places: tuple[slice, slice], step: int) -> tuple[slice, slice]:
    """Rows and columns as counted in every `step`-th one."""
    rows, columns = (slice(-(-each.start // step), -(-each.stop // step)) for each in places)
    return rows, columns


def _engine_of(entry: Method, runtime: str, precision: str) -> dict[str, str]:
    """What a network is built with; rules have no such choice."""
    if entry.card.family == "neural":
        return {"runtime": runtime, "precision": precision}
    for what, value, plain in (
        ("runtime", runtime, RUNTIMES[0]),
        ("precision", precision, PRECISIONS[0]),
    ):
        if value not in (plain, "auto"):
            raise BadSetting(
                f"{entry.card.name} is a rule, not a network: it has no {what}, got {value!r}"
            )
    return {}


def _gray(ir: Stored, window: Scale | None) -> Gray:
    return luminance(unit(_opaque(ir), window=window))


def _opaque(image: Stored) -> Stored:
    return image[:, :, :3] if image.ndim == 3 else image


def _with_alpha_of(vis: Stored, fused: Stored) -> Stored:
    if vis.ndim == 2 or vis.shape[2] == 3 or fused.ndim == 2:
        return fused
    return np.dstack([fused, vis[:, :, 3]])


def _one_of(what: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadSetting(f"{what} must be one of {', '.join(known)}, got {value!r}")
    return value
