"""Arrays to image files.

The name decides the format. Nothing is written in place: a result appears under its name when
it is complete, or not at all.
"""

from os import W_OK, access
from pathlib import Path

import cv2
import numpy as np

from thermeld.errors import BadImage, BadSetting, UnwritableFile
from thermeld.image import Stored, require_finite, require_image, require_unit_range, to_depth
from thermeld.io.files import PICTURE_TYPES, shown
from thermeld.io.headers import SUFFIXES
from thermeld.io.parts import write_whole

MAX_SIDE = {"jpeg": 65_535, "webp": 16_383}  # the formats cannot count further
DEPTHS = {"png": np.uint16, "tiff": np.uint16}  # deepest integers; all others hold 8 bits


def encode_image(
    pixels: Stored, kind: str | Path, *, alpha: Stored | None = None, quality: int = 95
) -> bytes:
    """The bytes of an image file.

    PNG and TIFF keep 8 and 16 bits; JPEG, WebP and BMP get 8, rounded. TIFF keeps floats; in
    the other formats floats must lie in [0, 1] and become the deepest integers there are.
    WebP is lossless, for results are measured; it has no grey and stores it as three equal
    channels, as grey with alpha is in every format. JPEG has no alpha and drops it.

    Args:
        pixels: uint8, uint16, float32 or float64; (H, W), or (H, W, 3) in RGB order.
        kind: a format ("png"), a suffix (".png") or a file name.
        alpha: opacity, (H, W), of the type of `pixels`.
        quality: of JPEG, 1 to 100.

    Raises:
        BadImage: pixels or alpha of another shape or type, or NaN.
        RangeUnknown: floats outside [0, 1] for a format of integers.
        UnwritableFile: unknown format, or an image too large for it.
        BadSetting: impossible quality.
    """
    name = _format_named(kind)
    if not 1 <= quality <= 100:
        raise BadSetting(f"quality lies in 1..100, got {quality}")
    planes = _stack(pixels, None if name == "jpeg" else alpha)
    sides = planes.shape[1::-1]
    if max(sides) > MAX_SIDE.get(name, max(sides)):
        raise UnwritableFile(
            f"{sides[0]}x{sides[1]} is too large for {name} (at most {MAX_SIDE[name]} per side); "
            "write .png or .tiff"
        )
    return _encode(_fit_depth(planes, name), name, quality)


def _stack(pixels: Stored, alpha: Stored | None) -> Stored:
    """(H, W), (H, W, 3) BGR or (H, W, 4) BGRA, as OpenCV wants it."""
    pixels = require_image(pixels, "output")
    if pixels.dtype.name not in PICTURE_TYPES or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise BadImage(
            f"cannot write {pixels.dtype} pixels of shape {pixels.shape}; give (H, W) or "
            f"(H, W, 3) of type {', '.join(PICTURE_TYPES)}, and alpha on its own"
        )
    if alpha is None:
        return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1])
    if alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype:
        raise BadImage(
            f"alpha is {alpha.dtype} {alpha.shape}; give {pixels.dtype} {pixels.shape[:2]}"
        )
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(np.dstack([colour[:, :, ::-1], alpha]))


def _fit_depth(planes: Stored, name: str) -> Stored:
    deepest = DEPTHS.get(name, np.uint8)
    if np.issubdtype(planes.dtype, np.floating):
        if name == "tiff":
            return planes
        require_finite(planes)
        require_unit_range(planes)
        return to_depth(planes.astype(np.float32), deepest)
    if planes.dtype == np.uint16 and deepest == np.uint8:
        wide = planes.astype(np.uint32)
        return ((wide + 128) // 257).astype(np.uint8)  # 65535 = 255 * 257, so this rounds
    return planes


def _encode(planes: Stored, name: str, quality: int) -> bytes:
    flags = {
        "jpeg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        # Plain lossless mode may change colours where alpha is zero.
        "webp": [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR],
    }
    refusal = f"OpenCV cannot encode this image as {name}; write .png"
    try:
        done, encoded = cv2.imencode(f".{name}", planes, flags.get(name, []))  # type: ignore[arg-type]
    except cv2.error as error:
        raise UnwritableFile(refusal) from error
    if not done:
        raise UnwritableFile(refusal)
    return encoded.tobytes()


def _format_named(kind: str | Path) -> str:
    text = str(kind).lower()
    suffix = Path(text).suffix or (text if text.startswith(".") else f".{text}")
    if suffix not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise UnwritableFile(f"{shown(Path(kind))}: no image format of that name; known: {known}")
    return SUFFIXES[suffix]


def require_writable(path: str | Path, overwrite: bool) -> None:
    """Refuse a place that cannot take the result, before work is spent on it.

    Raises:
        UnwritableFile: unknown suffix, a folder, exists and `overwrite` is false, or its folder
            cannot be made or written to.
    """
    path = Path(path)
    try:
        _require_place(path, overwrite)
    except OSError as error:
        raise UnwritableFile(_cannot_write(path, error)) from error


def _require_place(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise UnwritableFile(f"{shown(path)}: is a folder; name a file in it, as result.png")
    if path.suffix.lower() not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise UnwritableFile(f"{shown(path)}: the name must end with one of {known}")
    if path.exists() and not overwrite:
        raise UnwritableFile(
            f"{shown(path)}: exists already; choose another name or allow it with --overwrite"
        )
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if not nearest.is_dir():
        raise UnwritableFile(f"{shown(nearest)}: is a file, so nothing can be written below it")
    if not access(nearest, W_OK):
        raise UnwritableFile(f"{shown(nearest)}: no permission to write; choose another folder")


def _cannot_write(path: Path, error: OSError | ValueError) -> str:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return f"{shown(path)}: {reason}; free space, check access rights or choose another folder"


def write_image(
    path: str | Path,
    pixels: Stored,
    *,
    alpha: Stored | None = None,
    overwrite: bool = False,
    quality: int = 95,
) -> Path:
    """Write an image in the format its name asks for, wholly or not at all.

    Missing folders are made. What `encode_image` says of formats holds here.

    Raises:
        UnwritableFile: see `require_writable`; or the disk is full or fails.
        BadImage: see `encode_image`.
    """
    path = Path(path)
    require_writable(path, overwrite)
    encoded = encode_image(pixels, path.suffix, alpha=alpha, quality=quality)
    return write_bytes(path, encoded, overwrite=overwrite)


def write_bytes(path: Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write an encoded image, wholly or not at all; missing folders are made.

    Raises:
        UnwritableFile: see `require_writable`; or the disk is full or fails.
    """
    require_writable(path, overwrite)
    try:
        write_whole(path, data)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise UnwritableFile(_cannot_write(path, error)) from error
    return path
