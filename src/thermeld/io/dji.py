"""DJI's R-JPEG: thermal counts in the APP3 segments of the thermal camera's own picture.

The counts are documented (16 bits, little-endian, row by row, at the detector's size), and so
are the settings that the H20T keeps in APP4. How counts become degrees is not: that is in DJI's
closed Thermal SDK, so no temperature is given here. Pictures of the Zenmuse XT are FLIR's format.

Source: ExifTool's tables of DJI tags (exiftool.org/TagNames/DJI.html) and its forum, topic 11401.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermeld.errors import UnreadableFile
from thermeld.image import Stored
from thermeld.io.tiff import unpack

COUNTS, SETTINGS = 3, 4  # numbers of the segments
SETTINGS_MARK = b"\x06\x12\x55\xaa"
REASON = (
    "how DJI's counts become degrees is known to DJI's Thermal SDK only; convert the picture to "
    "a float TIFF with it"
)
# How the names of one shot end: the thermal picture, and the visible ones, best first. The zoom
# camera sees a part of the thermal view only, so it comes last.
THERMAL_ENDS = ("_T", "_R")
VISIBLE_ENDS = ("_V", "_W", "", "_Z")


@dataclass(frozen=True)
class Dji:
    """What an R-JPEG holds beside its picture.

    Attributes:
        counts: uint16 (H, W).
        settings: what its user told the camera, by name and unit; empty if not documented.
    """

    counts: Stored
    settings: dict[str, float]


def read_dji(segments: Iterable[tuple[int, bytes]], size: tuple[int, int]) -> Dji | None:
    """The thermal data among a JPEG's segments; None if there is none.

    Args:
        segments: number and content.
        size: (H, W) of the JPEG's own picture, which may be enlarged twofold.

    Raises:
        UnreadableFile: the counts do not fit the picture.
    """
    found = list(segments)
    stored = b"".join(body for number, body in found if number == COUNTS)
    if not stored or not _is_dji(found):
        return None
    height, width = _detector(len(stored), size)
    counts = np.frombuffer(stored, "<u2").reshape(height, width).astype(np.uint16)
    parts = [body for number, body in found if number == SETTINGS]
    return Dji(counts, _settings(parts[0]) if parts else {})


def _is_dji(segments: list[tuple[int, bytes]]) -> bool:
    """By its settings, or by the maker's name in EXIF or XMP."""
    return any(
        (number == SETTINGS and body.startswith(SETTINGS_MARK)) or (number == 1 and b"DJI" in body)
        for number, body in segments
    )


def _detector(stored_bytes: int, size: tuple[int, int]) -> tuple[int, int]:
    for enlarged in (1, 2):
        height, width = (side // enlarged for side in size)
        if stored_bytes == 2 * height * width:
            return height, width
    raise UnreadableFile(
        f"damaged: {stored_bytes} bytes of thermal data do not fit a picture of "
        f"{size[1]}x{size[0]}; copy the file again from the camera"
    )


def _settings(body: bytes) -> dict[str, float]:
    if not body.startswith(SETTINGS_MARK) or len(body) < 0x4C:
        return {}
    distance, humidity, emissivity, reflected = unpack("<HHHH", body, 0x44)
    return {
        "distance_m": float(distance),
        "humidity": humidity / 100,
        "emissivity": emissivity / 100,
        "reflected_c": reflected / 10,
    }


def visible_partner(thermal: Path) -> Path | None:
    """The visible picture of the same shot, beside the thermal one: DJI_0001_V for DJI_0001_T.

    None if it is not named like a thermal picture of DJI's, or no such file exists.
    """
    stem, end = thermal.stem[:-2], thermal.stem[-2:].upper()
    if end not in THERMAL_ENDS or not stem.upper().startswith("DJI"):
        return None
    names = [f"{stem}{visible}{thermal.suffix}" for visible in VISIBLE_ENDS]
    return next((path for name in names if (path := thermal.with_name(name)).is_file()), None)
