"""What a TIFF's first page holds, and what an EXIF block (a TIFF without pixels) says.

Source: TIFF 6.0 (Adobe, 1992), sections 2 and 8; BigTIFF as libtiff documents it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from thermeld.errors import UnreadableFile

CUT_OFF = "cut off: it ends before its picture does; copy or export it again"

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR = (
    273,
    274,
    277,
    278,
    279,
    284,
)
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
EXTRA_SAMPLES, DNG_VERSION = 338, 50706
# A directory can name one run of bytes thousands of times over; what is not asked for is not read.
READ = {SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS, ORIENTATION, SAMPLES}
READ |= {ROWS_PER_STRIP, STRIP_BYTES, PLANAR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES}
READ |= {EXTRA_SAMPLES, DNG_VERSION}
MAX_VALUES = 2**20  # the largest picture in tiles of 16 x 16
MAX_TILE_PX = 2**22  # unless the picture itself is larger; the decoder takes memory for a tile

INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}  # TIFF field type -> struct code
COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}  # photometric kind -> colour channels
MIN_IS_WHITE, RGB = 0, 2


@dataclass(frozen=True)
class Tag:
    """One field of integers.

    Attributes:
        values: at least one.
        at: where they lie in the file.
        code: how `struct` writes one of them, byte order included.
    """

    values: tuple[int, ...]
    at: int
    code: str


@dataclass(frozen=True)
class Page:
    """The first page of a TIFF.

    Attributes:
        width: pixels, before the orientation is applied.
        height: pixels.
        orientation: 1 to 8, as in EXIF.
        alpha: the fourth channel is opacity.
        inverted: more than 8 bits with white as zero, which the decoder leaves so.
        payload: the same file, rewritten so that the decoder gives the pixels as stored.
    """

    width: int
    height: int
    orientation: int
    alpha: bool
    inverted: bool
    payload: bytes


def read_tags(data: bytes) -> dict[int, Tag]:
    """The integer fields of the first directory that are of use here; of two alike the first.

    Raises:
        UnreadableFile: an offset points outside of `data`.
    """
    order = "<" if data[:2] == b"II" else ">"
    if unpack(order + "H", data, 2)[0] == 43:  # BigTIFF: 8-byte counts and offsets
        (start,) = unpack(order + "Q", data, 8)
        count_code, entry_code, inline = order + "Q", order + "HHQ", 8
    else:
        (start,) = unpack(order + "I", data, 4)
        count_code, entry_code, inline = order + "H", order + "HHI", 4
    (entries,) = unpack(count_code, data, start)
    first = start + struct.calcsize(count_code)
    step = struct.calcsize(entry_code) + inline
    if first + entries * step > len(data):
        raise UnreadableFile(CUT_OFF)
    tags = {}
    for entry in range(first, first + entries * step, step):
        number, kind, count = unpack(entry_code, data, entry)
        if number in tags:
            continue  # the decoder, too, heeds the first of a kind
        if kind in INTEGERS and count and number in READ:
            tags[number] = _tag(data, entry + step - inline, order + INTEGERS[kind], count, inline)
    return tags


def _tag(data: bytes, at: int, code: str, count: int, inline: int) -> Tag:
    size = count * struct.calcsize(code)
    if size > inline:
        (at,) = unpack(code[0] + {4: "I", 8: "Q"}[inline], data, at)
    if at + size > len(data):  # before unpacking: a damaged count can be billions
        raise UnreadableFile(CUT_OFF)
    if count > MAX_VALUES:
        raise UnreadableFile(f"damaged: one of its fields holds {count} values; export it again")
    return Tag(unpack(f"{code[0]}{count}{code[1]}", data, at), at, code)


def exif_orientation(exif: bytes) -> int:
    """1 to 8; 1 (upright) where the block says nothing or is damaged."""
    block = exif.removeprefix(b"Exif\0\0")
    if block[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    try:
        return _orientation(read_tags(block))
    except UnreadableFile:
        return 1  # viewers show a picture with damaged notes, too


def read_page(data: bytes) -> Page:
    """Describe the first page and make sure that all of it is there.

    Raises:
        UnreadableFile: cut off, damaged, or of a kind that the decoder would get wrong.
    """
    tags = read_tags(data)
    if WIDTH not in tags or HEIGHT not in tags:
        raise UnreadableFile("damaged: it does not say how large it is; export it again")
    if DNG_VERSION in tags or _first(tags, SUBFILE, 0) & 1:
        raise UnreadableFile(
            "its first page is only a preview, as in raw camera files; export it as PNG or TIFF"
        )
    _require_decodable(tags)
    _require_all_pixels(tags, len(data))
    bits, kind = _first(tags, BITS, 1), _first(tags, PHOTOMETRIC, 1)
    return Page(
        width=_first(tags, WIDTH, 0),
        height=_first(tags, HEIGHT, 0),
        orientation=_orientation(tags),
        alpha=kind == RGB and _first(tags, SAMPLES, 1) == 4,
        inverted=kind == MIN_IS_WHITE and bits > 8,
        payload=_neutral(data, tags),
    )


def _require_decodable(tags: Mapping[int, Tag]) -> None:
    bits, samples = _first(tags, BITS, 1), _first(tags, SAMPLES, 1)
    kind = _first(tags, PHOTOMETRIC, 1)
    extras = samples - COLOURS.get(kind, samples + 1)
    if extras < 0 or extras > 1 or (extras and kind not in (0, 1, RGB)):
        raise UnreadableFile(
            f"TIFF of colour kind {kind} with {samples} channels is not supported; "
            "export it as grey, RGB or RGB with alpha"
        )
    # OpenCV 5.0 returns wrong pixels for these two, without a word.
    if extras and kind != RGB and bits > 8:
        raise UnreadableFile(f"{bits}-bit grey TIFF with alpha; export it without alpha")
    if samples > 1 and bits > 8 and _first(tags, PLANAR, 1) == 2:
        raise UnreadableFile(
            f"{bits}-bit TIFF with one plane per channel; export it with interleaved channels"
        )
    if len(set(tags[BITS].values if BITS in tags else (1,))) > 1:
        raise UnreadableFile("TIFF whose channels differ in depth; export it as 16-bit")


def _require_all_pixels(tags: Mapping[int, Tag], size: int) -> None:
    tiled = TILE_OFFSETS in tags
    tile_px = _first(tags, TILE_WIDTH, 0) * _first(tags, TILE_HEIGHT, 0)
    if tile_px > max(MAX_TILE_PX, _first(tags, WIDTH, 0) * _first(tags, HEIGHT, 0)):
        raise UnreadableFile("damaged: its tiles are larger than its picture; export it again")
    offsets = tags.get(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    counts = tags.get(TILE_BYTES if tiled else STRIP_BYTES)
    if offsets is None or counts is None or len(offsets.values) != len(counts.values):
        raise UnreadableFile("damaged: it does not say where its pixels are; export it again")
    if any(
        start + count > size for start, count in zip(offsets.values, counts.values, strict=True)
    ):
        raise UnreadableFile(CUT_OFF)
    if not tiled and _strips(tags) > len(offsets.values):
        raise UnreadableFile(CUT_OFF)
    if not tiled and _first(tags, COMPRESSION, 1) == 1 and sum(counts.values) < _stored(tags):
        raise UnreadableFile(CUT_OFF)


def _strips(tags: Mapping[int, Tag]) -> int:
    height = _first(tags, HEIGHT, 0)
    rows = max(1, _first(tags, ROWS_PER_STRIP, height))
    planes = _first(tags, SAMPLES, 1) if _first(tags, PLANAR, 1) == 2 else 1
    return -(-height // rows) * planes


def _stored(tags: Mapping[int, Tag]) -> int:
    """Bytes that the uncompressed pixels need; rows begin at whole bytes."""
    if _first(tags, PHOTOMETRIC, 1) == 6:  # YCbCr is usually subsampled: let the decoder count
        return 0
    row_bits = _first(tags, WIDTH, 0) * _first(tags, SAMPLES, 1) * _first(tags, BITS, 1)
    return -(-row_bits // 8) * _first(tags, HEIGHT, 0)


def _neutral(data: bytes, tags: Mapping[int, Tag]) -> bytes:
    """The file without what makes the decoder alter pixels: turning, and multiplying by alpha."""
    changes = {}
    if _orientation(tags) != 1:
        changes[ORIENTATION] = 1
    if _first(tags, EXTRA_SAMPLES, 0) == 2 and _first(tags, BITS, 1) == 8:
        changes[EXTRA_SAMPLES] = 1  # "colours are already multiplied": then they are left alone
    if not changes:
        return data
    patched = bytearray(data)
    for number, value in changes.items():
        struct.pack_into(tags[number].code, patched, tags[number].at, value)
    return bytes(patched)


def _orientation(tags: Mapping[int, Tag]) -> int:
    value = _first(tags, ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def _first(tags: Mapping[int, Tag], number: int, default: int) -> int:
    return tags[number].values[0] if number in tags else default


def unpack(code: str, data: bytes, at: int) -> tuple[int, ...]:
    """`struct.unpack_from`, refusing to read beyond the end.

    Raises:
        UnreadableFile: the data ends too early.
    """
    if at + struct.calcsize(code) > len(data):
        raise UnreadableFile(CUT_OFF)
    return struct.unpack_from(code, data, at)
