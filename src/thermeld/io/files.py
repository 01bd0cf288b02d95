"""Image files to arrays and back, as stored: no scaling, no change of depth, nothing lost.

Content decides what a file is when reading, its name when writing. Nothing is written in
place: a result appears under its name when it is complete, or not at all.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import W_OK, access
from pathlib import Path
from secrets import token_hex
from threading import Lock

import cv2
import numpy as np

from thermeld.errors import BadImage, BadSetting, UnreadableFile, UnwritableFile
from thermeld.image import Stored, require_finite, require_image, require_unit_range, to_depth
from thermeld.io.headers import SUFFIXES, Header, format_of, read_header

MAX_PIXELS = 268_435_456  # 2**28, as 16384 x 16384: 1.6 GB as 16-bit RGB
MAX_BYTES = 2**31 - 1  # OpenCV counts bytes in a signed 32-bit integer
MAX_SIDE = {"jpeg": 65_535, "webp": 16_383}  # the formats cannot count further
DEPTHS = {"png": np.uint16, "tiff": np.uint16}  # deepest integers; all others hold 8 bits
# Types no format of ours and no later step knows, and the smallest that holds them exactly.
EXACT = {"int8": np.float32, "int16": np.float32, "int32": np.float64, "uint32": np.float64}
PICTURE_TYPES = ("uint8", "uint16", "float32", "float64")


@dataclass(frozen=True)
class Picture:
    """An image as its file holds it, turned upright.

    Attributes:
        pixels: uint8, uint16, float32 or float64; (H, W), or (H, W, 3) in RGB order.
        alpha: opacity, (H, W) of the same type, or None.
        path: where it came from.
        format: "png", "jpeg", "webp", "bmp" or "tiff": what it is, whatever its name says.
    """

    pixels: Stored
    alpha: Stored | None
    path: Path
    format: str

    @property
    def depth(self) -> np.dtype[np.generic]:
        """Type of the stored values, to be handed to `thermeld.image.to_depth`."""
        return self.pixels.dtype


def read_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read PNG, JPEG, WebP, BMP or TIFF.

    Palettes become RGB, 1, 2 and 4 bits become 8, CMYK becomes RGB, and 10, 12 or 14 bits fill
    the upper bits of 16. Signed integers and uint32 in TIFF become the smallest float that
    holds them exactly. Of several pages or frames the first is read. The EXIF orientation is
    applied. Colour profiles are ignored, and so is a transparent colour of a grey PNG.
    A JPEG whose picture data is altered but complete can be read with wrong pixels.

    Raises:
        UnreadableFile: missing, not an image, cut off, damaged, larger than `max_pixels` (found
            before memory is taken), or of an unsupported kind.
    """
    path = Path(path)
    data = _read_bytes(path)
    try:
        header = read_header(data)
        pixels = _decode(header, max_pixels)
    except UnreadableFile as error:
        raise UnreadableFile(f"{shown(path)}: {error}") from error
    pixels, alpha = _split(_upright(pixels, header.orientation), header)
    return Picture(pixels, alpha, path, header.format)


def shown(path: Path) -> str:
    """The path on one line that any terminal can print."""
    name = str(path)
    return name if name.isprintable() else ascii(name)


def _read_bytes(path: Path) -> bytes:
    try:
        found = path.stat()
        _require_plain_file(found.st_mode, found.st_size)
        with path.open("rb") as file:
            head = file.read(64)
            format_of(head)  # do not read gigabytes of something else
            return head + file.read()
    except UnreadableFile as error:
        raise UnreadableFile(f"{shown(path)}: {error}") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise UnreadableFile(f"{shown(path)}: {_reason(error)}") from error


def _require_plain_file(mode: int, size: int) -> None:
    if stat.S_ISDIR(mode):
        raise UnreadableFile("is a folder; name a file in it")
    if not stat.S_ISREG(mode):  # reading a pipe could wait for ever
        raise UnreadableFile("is a device or a pipe; copy it to a file first")
    if size > MAX_BYTES:
        raise UnreadableFile(f"is {size / 2**30:.1f} GiB large; 2 GiB is the most; crop it first")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist; check the spelling and the folder"
    if isinstance(error, PermissionError):
        return "no permission; check who owns it and its access rights"
    return f"{getattr(error, 'strerror', None) or error}; check the path and the disk"


def _decode(header: Header, max_pixels: int) -> Stored:
    size = f"{header.width}x{header.height}"
    if header.width * header.height > max_pixels:
        raise UnreadableFile(f"says it is {size}; the limit is {max_pixels} pixels; crop it first")
    broken = "damaged, or a variant that OpenCV does not know; export it again as PNG"
    try:
        with _silent_opencv():
            raw = np.frombuffer(header.payload, np.uint8)
            pixels = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableFile(f"{broken} ({size} {header.format})") from error
    if pixels is None:
        raise UnreadableFile(f"{broken} ({size} {header.format})")
    if pixels.shape[:2] != (header.height, header.width):
        found = f"{pixels.shape[1]}x{pixels.shape[0]}"
        raise UnreadableFile(f"damaged: says it is {size} but holds {found}; export it again")
    return _known_type(pixels)


def _known_type(pixels: Stored) -> Stored:
    kind = pixels.dtype.name
    if kind in PICTURE_TYPES:
        return pixels
    if kind not in EXACT:
        raise UnreadableFile(f"holds {kind} values; export it as 16-bit integers or float32")
    return pixels.astype(EXACT[kind])


_silencers = 0
_level = 0
_silence = Lock()


@contextmanager
def _silent_opencv() -> Iterator[None]:
    """OpenCV's log is off inside; counted, so that threads do not undo one another."""
    global _silencers, _level
    log = cv2.utils.logging
    with _silence:
        if _silencers == 0:
            _level = log.setLogLevel(log.LOG_LEVEL_SILENT)
        _silencers += 1
    try:
        yield
    finally:
        with _silence:
            _silencers -= 1
            if _silencers == 0:
                log.setLogLevel(_level)


def _upright(pixels: Stored, orientation: int) -> Stored:
    """Undo an EXIF orientation: 2, 4, 5, 7 are mirrored; 5 to 8 lie on their side."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _split(pixels: Stored, header: Header) -> tuple[Stored, Stored | None]:
    """(H, W) or (H, W, 3) RGB, and alpha where there is one, from the decoder's BGR(A)."""
    alpha = None
    if pixels.ndim == 3:
        if pixels.shape[2] == 4 and header.alpha:
            alpha = np.ascontiguousarray(pixels[:, :, 3])
        pixels = pixels[:, :, 0] if header.grey else pixels[:, :, 2::-1]
    if header.inverted and np.issubdtype(pixels.dtype, np.unsignedinteger):
        pixels = np.invert(pixels)
    return np.ascontiguousarray(pixels), alpha


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
    try:
        with _silent_opencv():
            done, encoded = cv2.imencode(f".{name}", planes, flags.get(name, []))  # type: ignore[arg-type]
    except cv2.error as error:
        raise UnwritableFile(f"OpenCV cannot encode this image as {name}; write .png") from error
    if not done:
        raise UnwritableFile(f"OpenCV cannot encode this image as {name}; write .png")
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
    # Same folder, for renaming is only sure within one disk; hidden, so that no one pairs it.
    unfinished = path.with_name(f".{token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise UnwritableFile(_cannot_write(path, error)) from error
    return path
