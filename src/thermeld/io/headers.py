"""What a file really is, read from its bytes before anything is decoded.

Decoders are generous: OpenCV fills the rest of a cut-off picture with grey and says nothing.
So each format is walked here from its first byte to its end marker, and the size is known (and
can be refused) before memory is taken for pixels.

Sources: PNG (W3C, 3rd edition) section 5; JPEG (ITU T.81) annex B; WebP container (RFC 9649);
BMP as in Windows' BITMAPINFOHEADER; TIFF in `tiff`.
"""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from thermeld.errors import UnreadableFile
from thermeld.io.tiff import CUT_OFF, exif_orientation, read_page, unpack

# How names end, and the format that is written under such a name. Reading goes by content.
SUFFIXES = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
}

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# All that pixels depend on. Colour profiles and notes are kept from the decoder: its complaints
# about them would reach the user's terminal.
PNG_PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
# Within JPEG picture data: any marker but an escaped 0xFF, a restart or padding.
JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
JPEG_SEGMENTS = {*range(0xC0, 0xD0), *range(0xDA, 0xF0), 0xFE}
SOI, EOI, SOS, APP1 = 0xD8, 0xD9, 0xDA, 0xE1
MAX_SCANS = 100  # encoders make 10 or so; each costs the decoder a pass over the whole picture


@dataclass(frozen=True)
class Header:
    """What is known before decoding.

    Attributes:
        format: "png", "jpeg", "webp", "bmp" or "tiff".
        width: pixels as stored, before the orientation is applied.
        height: pixels as stored.
        payload: what to hand to the decoder.
        orientation: 1 to 8, as in EXIF; 1 is upright.
        grey: one value per pixel, though the decoder may give it three times.
        alpha: a fourth decoded channel is opacity.
        inverted: zero is white, and the decoder leaves it so.
    """

    format: str
    width: int
    height: int
    payload: bytes
    orientation: int = 1
    grey: bool = False
    alpha: bool = True
    inverted: bool = False


def format_of(head: bytes) -> str:
    """The format that the first 16 bytes (or more) announce.

    Raises:
        UnreadableFile: none of ours, saying what it looks like instead.
    """
    if head.startswith(PNG_MAGIC):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head.startswith(b"BM") and head[6:10] == bytes(4):  # four reserved bytes; text has none
        return "bmp"
    raise UnreadableFile(_what_else(head))


def _what_else(head: bytes) -> str:
    known = "give PNG, JPEG, WebP, TIFF or BMP"
    if not head:
        return "empty file (0 bytes); copy or export it again"
    if head.startswith(b"GIF8"):
        return f"a GIF, which is not supported; {known}"
    if head[4:8] == b"ftyp":
        return f"a video, HEIC or AVIF file, not an image this program reads; {known}"
    if not head.strip(b"\0"):
        return "not an image: begins with zeros, as after a failed copy; copy it again"
    if all(byte in b"\t\n\r" or byte >= 32 for byte in head) and 127 not in head:
        return f"not an image: begins like text; {known}"
    return f"not an image: begins with unknown bytes ({head[:4].hex(' ')}); {known}"


def read_header(data: bytes) -> Header:
    """Walk a whole file.

    Raises:
        UnreadableFile: not an image, cut off or damaged; the sentence does not name the file.
    """
    header = WALKS[format_of(data[:64])](data)
    if header.width < 1 or header.height < 1:
        raise UnreadableFile(
            f"damaged: says it is {header.width}x{header.height} pixels; export it again"
        )
    return header


def _png(data: bytes) -> Header:
    kept = [PNG_MAGIC]
    at, orientation = len(PNG_MAGIC), 1
    kinds: set[bytes] = set()
    while b"IEND" not in kinds:
        (size,) = unpack(">I", data, at)
        chunk = data[at : at + size + 12]
        if len(chunk) < size + 12:
            raise UnreadableFile(CUT_OFF)
        kind = chunk[4:8]
        if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise UnreadableFile("damaged: a checksum inside is wrong; copy or export it again")
        if kind in PNG_PIXEL_CHUNKS:
            kept.append(chunk)
        elif kind == b"eXIf":
            orientation = exif_orientation(chunk[8:-4])
        kinds.add(kind)
        at += len(chunk)
    if kept[1][4:8] != b"IHDR" or len(kept[1]) != 25 or b"IDAT" not in kinds:
        raise UnreadableFile("damaged: its parts are missing or out of order; export it again")
    width, height, _, colour = struct.unpack_from(">IIBB", kept[1], 8)
    return Header("png", width, height, b"".join(kept), orientation, grey=colour in (0, 4))


def _jpeg(data: bytes) -> Header:
    at, orientation, scans = 2, 0, 0
    frames: list[tuple[int, ...]] = []
    while True:
        found = JPEG_MARKER.search(data, at)
        if found is None:
            raise UnreadableFile(CUT_OFF)
        marker, at = found[1][0], found.end()
        if marker == EOI:
            break
        if marker not in JPEG_SEGMENTS:
            raise UnreadableFile("damaged: misplaced marker in its picture data; copy it again")
        (length,) = unpack(">H", data, at)
        if marker in JPEG_FRAMES:
            frames.append(unpack(">HH", data, at + 3))
        elif marker == APP1 and not orientation and data[at + 2 : at + 8] == b"Exif\0\0":
            orientation = exif_orientation(data[at + 2 : at + length])
        scans += marker == SOS
        at += length
    height, width = _frame_size(frames, scans)
    return Header("jpeg", width, height, data, orientation or 1)


def _frame_size(frames: list[tuple[int, ...]], scans: int) -> tuple[int, ...]:
    if len(frames) > 1:  # the decoder takes memory by the first, whatever later ones say
        raise UnreadableFile("damaged: states its size twice; copy or export it again")
    if scans > MAX_SCANS:
        raise UnreadableFile(f"holds {scans} scans, {MAX_SCANS} are the most; export it again")
    return frames[0] if frames else (0, 0)


def _webp(data: bytes) -> Header:
    (riff,) = unpack("<I", data, 4)
    end, at = riff + 8, 12
    if end > len(data):
        raise UnreadableFile(CUT_OFF)
    chunks: dict[bytes, bytes] = {}
    while at + 8 <= end:
        (size,) = unpack("<I", data, at + 4)
        if at + 8 + size > end:
            raise UnreadableFile(CUT_OFF)
        chunks.setdefault(data[at : at + 4], data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    width, height = _webp_size(chunks)
    orientation = exif_orientation(chunks.get(b"EXIF", b""))
    return Header("webp", width, height, data, orientation)


def _webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    if not chunks.keys() & {b"VP8 ", b"VP8L", b"ANMF"}:
        raise UnreadableFile("damaged: it holds no picture; copy or export it again")
    if b"VP8X" in chunks:
        low, high, low2, high2 = unpack("<HBHB", chunks[b"VP8X"], 4)
        return (high << 16 | low) + 1, (high2 << 16 | low2) + 1
    if b"VP8L" in chunks:
        (packed,) = unpack("<I", chunks[b"VP8L"], 1)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = unpack("<HH", chunks.get(b"VP8 ", b""), 6)
    return width & 0x3FFF, height & 0x3FFF


def _bmp(data: bytes) -> Header:
    pixels_at, header_size = unpack("<II", data, 10)
    packed = 0
    if header_size == 12:  # OS/2: unsigned 16-bit sides, never packed
        width, height, _, bits = unpack("<HHHH", data, 18)
    else:
        width, height, _, bits, packed, stored = unpack("<iiHHII", data, 18)
    height = abs(height)  # negative: rows run from the top
    row_bytes = (width * bits + 31) // 32 * 4
    needed = stored if packed in (1, 2) else row_bytes * height  # 1, 2: run lengths
    if pixels_at + needed > len(data):
        raise UnreadableFile(CUT_OFF)
    return Header("bmp", width, height, data)


def _tiff(data: bytes) -> Header:
    page = read_page(data)
    return Header(
        "tiff",
        page.width,
        page.height,
        page.payload,
        page.orientation,
        alpha=page.alpha,
        inverted=page.inverted,
    )


WALKS: dict[str, Callable[[bytes], Header]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
    "bmp": _bmp,
    "tiff": _tiff,
}
