"""FLIR's radiometric JPEG: raw counts, calibration and the visible picture in one file.

APP1 segments that begin with "FLIR" carry, in numbered pieces, an FFF container: a header, a
directory of records, and the records. Everything is checked against the bytes at hand before
it is used; an embedded picture is decoded as a plain picture, never searched for further ones.

Source: the tables of FLIR tags that ExifTool documents (exiftool.org/TagNames/FLIR.html) and
the layout notes in its forum, topic 4898.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np

from thermeld.errors import UnreadableFile
from thermeld.image import Stored
from thermeld.io.files import read_picture
from thermeld.io.radiometry import ZERO_C, Radiometry
from thermeld.io.tiff import unpack

MARK = b"FLIR\0"
HEADER_BYTES, ENTRY_BYTES = 64, 32
IMAGE_AT = 32  # where pixels begin in a record that holds an image
RAW, VISIBLE, CAMERA, PLACEMENT = 0x01, 0x0E, 0x20, 0x2A
NAMES = {RAW: "raw data", VISIBLE: "visible image", CAMERA: "camera data", PLACEMENT: "placement"}
MAX_THERMAL_PIXELS = 2**24  # the largest detectors sold have 2**22
CAMERA_FLOATS = {
    "emissivity": 0x20,
    "distance_m": 0x24,
    "reflected_c": 0x28,
    "air_c": 0x2C,
    "window_c": 0x30,
    "window_transmission": 0x34,
    "humidity": 0x3C,
    "r1": 0x58,
    "b": 0x5C,
    "f": 0x60,
    "alpha1": 0x70,
    "alpha2": 0x74,
    "beta1": 0x78,
    "beta2": 0x7C,
    "x": 0x80,
    "r2": 0x30C,
}
OFFSET_O, MODEL = 0x308, 0xD4


@dataclass(frozen=True)
class Placement:
    """Where the thermal view lies in the visible picture.

    Attributes:
        real2ir: how much wider the visible view is.
        offset_x: of the centres, in pixels of the visible picture; positive is right.
        offset_y: likewise, positive is down.
    """

    real2ir: float = 1.0
    offset_x: int = 0
    offset_y: int = 0


@dataclass(frozen=True)
class Flir:
    """What a radiometric JPEG holds beside its picture.

    Attributes:
        counts: uint16 (H, W).
        radiometry: how to make degrees of them, or None.
        reason: why there is no radiometry, in a sentence; "" if there is.
        model: of the camera, or "".
        visible: the encoded visible picture as the container holds it, or b"".
        placement: of the thermal view in it; None if the file does not say.
    """

    counts: Stored
    radiometry: Radiometry | None
    reason: str
    model: str
    visible: bytes
    placement: Placement | None


def read_flir(segments: Iterable[tuple[int, bytes]]) -> Flir | None:
    """The thermal data among a JPEG's segments; None if there is none.

    Raises:
        UnreadableFile: there is, but it is damaged or of an unknown kind.
    """
    pieces = [body for number, body in segments if number == 1 and body.startswith(MARK)]
    if not pieces:
        return None
    records = _records(_joined(pieces))
    if RAW not in records:
        return None  # some cameras write a container for settings alone
    camera = records.get(CAMERA, b"")
    radiometry, reason = _calibration(camera)
    return Flir(
        counts=_counts(records[RAW]),
        radiometry=radiometry,
        reason=reason,
        model=_text(camera[MODEL : MODEL + 32]),
        visible=records.get(VISIBLE, b"")[IMAGE_AT:],
        placement=_placement(records[PLACEMENT]) if PLACEMENT in records else None,
    )


def visible_pixels(stored: bytes, path: Path) -> Stored:
    """The visible picture of a container, (H, W, 3) RGB or (H, W).

    Raises:
        UnreadableFile: damaged, or a bare block of samples whose layout is not documented.
    """
    if not stored.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        raise UnreadableFile(
            f"{path}: its visible picture is in a form that is not documented; export it with the "
            "camera maker's program and give both files"
        )
    picture = read_picture(stored, path)
    if picture.format == "png" and picture.pixels.ndim == 3:
        return _rgb_of_ycbcr(picture.pixels)  # only JPEGs hold what their format says
    return picture.pixels


def _joined(pieces: list[bytes]) -> bytes:
    """The container; each piece says its number and the number of the last."""
    if any(len(piece) < 8 for piece in pieces):
        raise UnreadableFile("damaged: a piece of its thermal data is cut off; copy it again")
    last = pieces[0][7]
    parts = {piece[6]: piece[8:] for piece in pieces}
    if sorted(parts) != list(range(last + 1)) or len(parts) != len(pieces):
        raise UnreadableFile(
            f"damaged: holds {len(parts)} of {last + 1} pieces of its thermal data; copy the file "
            "again from the camera"
        )
    return b"".join(parts[number] for number in range(last + 1))


def _records(container: bytes) -> dict[int, bytes]:
    """Type to content of the records that are read; of several of a type, the first."""
    if container[:4] not in (b"FFF\0", b"AFF\0") or len(container) < HEADER_BYTES:
        raise UnreadableFile("damaged: its thermal data does not begin as FLIR's do; copy it again")
    order = _order(container)
    at, count = unpack(order + "II", container, 0x18)
    if at + count * ENTRY_BYTES > len(container):
        raise UnreadableFile(
            f"damaged: names {count} thermal records, more than there is room for; copy it again"
        )
    spans: dict[int, tuple[int, int]] = {}
    for entry in range(at, at + count * ENTRY_BYTES, ENTRY_BYTES):
        (kind,) = unpack(order + "H", container, entry)
        start, length = unpack(order + "II", container, entry + 12)
        if kind in NAMES and length and kind not in spans:
            spans[kind] = (start, start + length)
    _require_apart({**spans, -1: (at, at + count * ENTRY_BYTES)}, len(container))
    return {kind: container[start:stop] for kind, (start, stop) in spans.items()}


def _order(container: bytes) -> str:
    """Byte order of header and directory, by the version, which is 100 to 199."""
    for order in (">", "<"):
        if 100 <= unpack(order + "I", container, 0x14)[0] < 200:
            return order
    raise UnreadableFile("holds thermal data of an unknown version; export it as 16-bit TIFF")


def _require_apart(spans: dict[int, tuple[int, int]], size: int) -> None:
    ordered = sorted((*span, kind) for kind, span in spans.items())
    for start, stop, kind in ordered:
        if start < HEADER_BYTES or stop > size:
            name = NAMES.get(kind, "directory")
            raise UnreadableFile(f"damaged: its {name} ends outside the file; copy it again")
    for (_, stop, kind), (start, _, other) in pairwise(ordered):
        if start < stop:
            names = " and ".join(NAMES.get(each, "directory") for each in (kind, other))
            raise UnreadableFile(f"damaged: {names} overlap in it; copy it again")


def _record_order(record: bytes) -> str:
    """A record begins with a small number; read in the wrong order it is large."""
    return "<" if unpack("<H", record, 0)[0] < 0x100 else ">"


def _counts(record: bytes) -> Stored:
    order = _record_order(record)
    width, height = unpack(order + "HH", record, 2)
    stored = record[IMAGE_AT:]
    if not 0 < width * height <= MAX_THERMAL_PIXELS:
        raise UnreadableFile(f"says its thermal picture is {width}x{height}; copy it again")
    if stored.startswith(b"\x89PNG"):
        return _png_counts(stored, (height, width))
    if len(stored) < 2 * width * height:
        raise UnreadableFile(
            f"damaged: {len(stored)} bytes are too few for {width}x{height} counts; copy it again"
        )
    flat = np.frombuffer(stored, order + "u2", width * height)
    return flat.reshape(height, width).astype(np.uint16)


def _png_counts(stored: bytes, size: tuple[int, int]) -> Stored:
    """Counts from a PNG, in which most cameras write the two bytes of each in the wrong order.

    Nothing says so, but a scene is smooth and its low bytes are not: the smoother order is it.
    """
    picture = read_picture(stored, Path("its thermal picture"), max_pixels=size[0] * size[1])
    if picture.pixels.dtype != np.uint16 or picture.pixels.shape != size:
        found = f"{picture.pixels.dtype} {picture.pixels.shape}"
        raise UnreadableFile(f"damaged: its thermal picture is {found}, not 16 bit {size}")
    as_written = picture.pixels
    swapped = as_written.byteswap()
    return min(swapped, as_written, key=_roughness)


def _roughness(counts: Stored) -> float:
    return float(np.abs(np.diff(counts.astype(np.int32), axis=1)).mean()) if counts.size > 1 else 0


def _calibration(record: bytes) -> tuple[Radiometry | None, str]:
    """A picture without one can still be fused, so its lack is told, not raised."""
    if not record:
        return None, "the file holds no calibration"
    try:
        return _radiometry(record), ""
    except UnreadableFile as error:
        return None, str(error)


def _radiometry(record: bytes) -> Radiometry:
    order = _record_order(record)
    values = {name: float(unpack(order + "f", record, at)[0]) for name, at in CAMERA_FLOATS.items()}
    for name in ("reflected_c", "air_c", "window_c"):
        values[name] -= ZERO_C  # stored in kelvin
    if values["humidity"] > 2:  # some cameras store percent
        values["humidity"] /= 100
    return Radiometry(o=float(unpack(order + "i", record, OFFSET_O)[0]), **values)


def _placement(record: bytes) -> Placement | None:
    """None where the ratio is not set, as in cameras with one lens."""
    (real2ir,) = unpack("<f", record, 0)  # little-endian in every camera
    if not (isfinite(real2ir) and real2ir > 0):
        return None
    return Placement(real2ir, *unpack("<hh", record, 4))


def _text(field: bytes) -> str:
    text = field.split(b"\0")[0].decode("latin-1").strip()
    return text if text.isprintable() else ""


def _rgb_of_ycbcr(pixels: Stored) -> Stored:
    """Full-range BT.601, as in JPEG."""
    luma, blue, red = (pixels[:, :, at].astype(np.float32) for at in range(3))
    blue, red = blue - 128.0, red - 128.0
    rgb = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
    whole: Stored = np.clip(np.rint(np.dstack(rgb)), 0, 255).astype(np.uint8)
    return whole
