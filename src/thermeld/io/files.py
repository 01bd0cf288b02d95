"""Image files to arrays, as stored: no scaling, no change of depth.

Content decides what a file is, whatever its name says.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermeld.errors import UnreadableFile
from thermeld.image import Stored
from thermeld.io.headers import Header, format_of, read_header
from thermeld.io.native import decode

MAX_PIXELS = 268_435_456  # 2**28, as 16384 x 16384: 1.6 GB as 16-bit RGB
MAX_BYTES = 2**31 - 1  # OpenCV counts bytes in a signed 32-bit integer
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
    applied. Colour profiles are ignored, and so are the transparent colour of a grey PNG and the
    alpha of an 8-bit grey TIFF.
    Only PNG has checksums: in the other formats a few altered bytes can go unnoticed.

    Raises:
        UnreadableFile: missing, not an image, cut off, damaged, larger than `max_pixels` (found
            before memory is taken), or of an unsupported kind.
    """
    path = Path(path)
    return read_picture(read_bytes(path), path, max_pixels=max_pixels)


def read_picture(data: bytes, path: Path, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """An image that is in memory already; `path` is where it came from. See `read_image`."""
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


def read_bytes(path: Path) -> bytes:
    """All of a file, if it begins like an image.

    Raises:
        UnreadableFile: missing, no plain file, too large, or nothing like an image.
    """
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
    pixels = decode(header.payload)
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
