"""Radiometric JPEGs made byte by byte from the published tables, without the library's code."""

import struct
from math import exp, sqrt

import cv2
import numpy as np
from handmade import opencv, png

# A FLIR E40's calibration as published with many of its pictures, and its user's settings.
E40 = {
    "emissivity": 0.95,
    "distance": 2.0,
    "reflected_k": 293.15,
    "air_k": 288.15,
    "window_k": 293.15,
    "window_transmission": 1.0,
    "humidity": 0.4,
    "r1": 14906.216,
    "b": 1396.5,
    "f": 1.0,
    "alpha1": 0.006569,
    "alpha2": 0.012620,
    "beta1": -0.002276,
    "beta2": -0.006670,
    "x": 1.9,
    "o": -7261,
    "r2": 0.010956882,
}
PLACES = {
    "emissivity": 0x20,
    "distance": 0x24,
    "reflected_k": 0x28,
    "air_k": 0x2C,
    "window_k": 0x30,
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


def seen_counts(celsius, camera=E40):
    """The way from the object to the detector, forwards: what the camera would count."""

    def signal(kelvin):
        radiance = np.exp(camera["b"] / kelvin) - camera["f"]
        return camera["r1"] / (camera["r2"] * radiance) - camera["o"]

    air_c = camera["air_k"] - 273.15
    water = camera["humidity"] * exp(
        1.5587 + 0.06939 * air_c - 0.00027816 * air_c**2 + 0.00000068455 * air_c**3
    )
    air = camera["x"] * exp(
        -sqrt(camera["distance"]) * (camera["alpha1"] + camera["beta1"] * sqrt(water))
    ) + (1 - camera["x"]) * exp(
        -sqrt(camera["distance"]) * (camera["alpha2"] + camera["beta2"] * sqrt(water))
    )
    left = camera["emissivity"] * signal(np.asarray(celsius) + 273.15)
    left = left + (1 - camera["emissivity"]) * signal(camera["reflected_k"])
    arriving = air * left + (1 - air) * signal(camera["air_k"])
    through = camera["window_transmission"]
    return through * arriving + (1 - through) * signal(camera["window_k"])


def camera_record(camera=E40, *, order="<", model=b"FLIR E40") -> bytes:
    record = bytearray(0x480)
    struct.pack_into(order + "H", record, 0, 2)
    for name, at in PLACES.items():
        struct.pack_into(order + "f", record, at, camera[name])
    struct.pack_into(order + "i", record, 0x308, camera["o"])
    record[0xD4 : 0xD4 + len(model)] = model
    return bytes(record)


def image_record(kind: int, width: int, height: int, pixels: bytes, order="<") -> bytes:
    head = struct.pack(order + "HHH", kind, width, height).ljust(32, b"\0")
    return head + pixels


def raw_record(counts, *, order="<") -> bytes:
    height, width = counts.shape
    return image_record(2, width, height, counts.astype(order + "u2").tobytes(), order)


def raw_png_record(counts, *, swapped=True) -> bytes:
    """As most cameras write it: little-endian counts in a format that is big-endian."""
    height, width = counts.shape
    return image_record(2, width, height, png(counts.byteswap() if swapped else counts, bits=16))


def visible_record(pixels, *, suffix=".jpg") -> bytes:
    height, width = pixels.shape[:2]
    stored = opencv(suffix, np.ascontiguousarray(pixels[:, :, ::-1]))
    return image_record(3, width, height, stored)


def placement_record(real2ir, x, y) -> bytes:
    return struct.pack("<fhhhhhh", real2ir, x, y, 0, 0, 0, 0)


def container(records, *, order=">", count=None, version=100) -> bytes:
    """An FFF: header, directory, records. `records` are (type, content) or (type, at, length)."""
    entries, body = b"", b""
    start = 64 + 32 * len(records)
    for record in records:
        if len(record) == 2:
            at, length = start + len(body), len(record[1])
            body += record[1]
        else:
            at, length = record[1:]
        entries += struct.pack(order + "HHIIIIIII", record[0], 1, 100, 1, at, length, 0, 0, 0)
    count = len(records) if count is None else count
    head = b"FFF\0" + b"TEST".ljust(16, b"\0") + struct.pack(order + "III", version, 64, count)
    return head.ljust(64, b"\0") + entries + body


def jpeg(height=24, width=32) -> bytes:
    return opencv(".jpg", np.full((height, width, 3), 90, np.uint8))


def with_segments(plain: bytes, segments) -> bytes:
    packed = b"".join(
        bytes([0xFF, 0xE0 + number]) + struct.pack(">H", len(body) + 2) + body
        for number, body in segments
    )
    return plain[:2] + packed + plain[2:]


def flir_segments(fff: bytes, *, piece=65000):
    parts = [fff[at : at + piece] for at in range(0, len(fff), piece)]
    return [
        (1, b"FLIR\0\1" + bytes([number, len(parts) - 1]) + part)
        for number, part in enumerate(parts)
    ]


def flir_jpeg(records, **how) -> bytes:
    return with_segments(jpeg(), flir_segments(container(records, **how)))


def scene_celsius(height=24, width=32):
    """Smooth warmth with a hot spot, 5 to 60 degrees."""
    rows, cols = np.mgrid[:height, :width]
    warm = 5 + 20 * rows / height + 10 * cols / width
    spot = np.exp(-((rows - height / 3) ** 2 + (cols - width / 2) ** 2) / (height / 6) ** 2)
    return warm + 30 * spot


def scene_counts(height=24, width=32):
    return np.rint(seen_counts(scene_celsius(height, width))).astype(np.uint16)


def visible_scene(height=240, width=320):
    """The same hot spot as an ellipse of light, in colour."""
    picture = np.full((height, width, 3), (40, 60, 80), np.uint8)
    cv2.circle(picture, (width // 2, height // 3), height // 8, (220, 200, 60), -1)
    return picture


def whole_flir(**how) -> bytes:
    """A file as a camera writes it: counts, calibration, visible picture, placement."""
    return flir_jpeg(
        [
            (0x01, raw_png_record(scene_counts())),
            (0x20, camera_record()),
            (0x0E, visible_record(visible_scene())),
            (0x2A, placement_record(1.25, 6, -4)),
        ],
        **how,
    )


def dji_settings(*, distance=5, humidity=70, emissivity=95, reflected=230) -> bytes:
    body = bytearray(0x600)
    body[:4] = struct.pack("<I", 0xAA551206)
    struct.pack_into("<HHHH", body, 0x44, distance, humidity, emissivity, reflected)
    return bytes(body)


def dji_jpeg(counts, *, settings=True, size=None, piece=1000) -> bytes:
    stored = counts.astype("<u2").tobytes()
    segments = [(1, b"Exif\0\0" + b"not a TIFF; made by DJI")]
    segments += [(3, stored[at : at + piece]) for at in range(0, len(stored), piece)]
    segments += [(4, dji_settings())] if settings else []
    return with_segments(jpeg(*(size or counts.shape)), segments)
