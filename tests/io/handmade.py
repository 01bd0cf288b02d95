"""Image files made byte by byte, so that the tests do not ask the library what is right."""

import struct
import zlib

import cv2
import numpy as np

RNG = np.random.default_rng(11)
SMOOTH = cv2.resize(RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8), (19, 14))  # (14, 19, 3)
# All different, so that every turn and every swap of channels shows.
COUNTED = np.arange(1, 2 * 3 * 3 + 1, dtype=np.uint8).reshape(2, 3, 3)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(pixels, *, bits=8, colour=0, width=None, extra=b"") -> bytes:
    """`pixels` as (H, bytes or samples per row); `colour` as in IHDR: 0, 2, 3, 4 or 6."""
    rows = pixels.reshape(pixels.shape[0], -1)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    width = width or rows.shape[1] // channels
    big_endian = rows.astype(rows.dtype.newbyteorder(">"))
    filtered = b"".join(b"\0" + row.tobytes() for row in big_endian)
    return png_of(width, len(rows), bits, colour, extra, zlib.compress(filtered))


def png_of(width, height, bits, colour, extra, packed) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def exif(orientation: int, order: str = "<") -> bytes:
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entry = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return magic + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


def with_app1(jpeg: bytes, body: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def tiff(pixels, *, order="<", planar=1, skip=(), **tags) -> bytes:
    """Uncompressed, one strip per plane. `tags` are given as `_262=0`; `skip` leaves some out."""
    stored = np.atleast_3d(pixels)
    height, width, samples = stored.shape
    if planar == 2:
        stored = stored.transpose(2, 0, 1)
    body = np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder(order)).tobytes()
    planes = samples if planar == 2 else 1
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    fields = {
        256: [width],
        257: [height],
        258: [pixels.dtype.itemsize * 8] * samples,
        259: [1],
        262: [2 if samples >= 3 else 1],
        273: [8 + at * len(body) // planes for at in range(planes)],
        277: [samples],
        278: [height],
        279: [len(body) // planes] * planes,
        284: [planar],
        339: [kind] * samples,
    }
    if samples in (2, 4):
        fields[338] = [2]
    fields |= {int(number[1:]): np.atleast_1d(value).tolist() for number, value in tags.items()}
    fields = {number: values for number, values in fields.items() if number not in skip}
    return tiff_of(fields, body, order)


def tiff_of(fields, body, order="<") -> bytes:
    """Pixels first, then what does not fit into the directory, then the directory."""
    outside, entries = b"", b""
    for number, values in sorted(fields.items()):
        code, kind = ("I", 4) if number in (273, 279) else ("H", 3)
        packed = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(packed) > 4:
            outside += packed
            packed = struct.pack(order + "I", 8 + len(body) + len(outside) - len(packed))
        entries += struct.pack(order + "HHI", number, kind, len(values)) + packed.ljust(4, b"\0")
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    start = 8 + len(body) + len(outside)
    directory = struct.pack(order + "H", len(fields)) + entries + bytes(4)
    return magic + struct.pack(order + "I", start) + body + outside + directory


def bmp(rows: bytes, width, height, bits, *, packed=0, palette=b"", masks=b"") -> bytes:
    """`rows` bottom up, each padded to four bytes; `masks` lengthen the header to version 3."""
    at = 14 + 40 + len(masks) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", at + len(rows), 0, 0, at)
    info = struct.pack(
        "<IiiHHIIiiII",
        40 + len(masks), width, height, 1, bits, packed, len(rows), 0, 0, len(palette) // 4, 0,
    )  # fmt: skip
    return head + info + masks + palette + rows


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, content in chunks:
        body += kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def extended_webp(simple: bytes, width, height, *, exif_block: bytes) -> bytes:
    """A WebP of one chunk made into one with a canvas size and EXIF."""
    kind, content = simple[12:16], simple[20:]
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return riff((b"VP8X", b"\x08\0\0\0" + sides), (kind, content), (b"EXIF", exif_block))


def opencv(suffix: str, pixels, *flags: int) -> bytes:
    done, encoded = cv2.imencode(suffix, pixels, flags)
    assert done
    return encoded.tobytes()


def cmyk_jpeg(ink: tuple[int, int, int, int]) -> bytes:
    """One 8x8 block per component, all of one value; Adobe's way (255 is no ink)."""
    quantiser = b"\xff\xdb\0\x43\0" + b"\1" * 64
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
    frame = b"\xff\xc0\0\x14\x08\0\x08\0\x08\4" + b"".join(
        bytes([at, 0x11, 0]) for at in (1, 2, 3, 4)
    )
    dc_table = b"\xff\xc4\0\x1f\0" + b"\0\0\0\x0c" + bytes(12) + bytes(range(12))  # 4-bit codes
    ac_table = b"\xff\xc4\0\x14\x10" + b"\1" + bytes(15) + b"\0"  # "0" ends a block
    scan = b"\xff\xda\0\x0e\4" + b"".join(bytes([at, 0]) for at in (1, 2, 3, 4)) + b"\0\x3f\0"
    bits = ""
    for value in ink:
        dc = 8 * (value - 128)
        size = abs(dc).bit_length()
        bits += f"{size:04b}" + (f"{dc if dc > 0 else dc + 2**size - 1:0{size}b}" if size else "")
        bits += "0"
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    head = b"\xff\xd8" + adobe + quantiser + frame + dc_table + ac_table + scan
    return head + packed + b"\xff\xd9"
