"""Damage of every kind: a file reads to the size it states, or is refused in one line."""

import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from handmade import (
    COUNTED,
    SMOOTH,
    bmp,
    chunk,
    cmyk_jpeg,
    exif,
    extended_webp,
    opencv,
    png,
    png_of,
    riff,
    tiff,
    with_app1,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thermeld.errors import UnreadableFile
from thermeld.io import read_image
from thermeld.io.headers import read_header

BGR = SMOOTH[:, :, ::-1]
BGRA = np.dstack([BGR, 255 - BGR[:, :, 0]])
JPEG = opencv(".jpg", BGR)
THUMBNAIL = opencv(".jpg", BGR[::2, ::2])
LOSSLESS = opencv(".webp", BGR, cv2.IMWRITE_WEBP_QUALITY, 101)
WHOLE = {
    "png": opencv(".png", BGR),
    "png 16 alpha": opencv(".png", BGRA.astype(np.uint16) * 257),
    "png exif": png(COUNTED, colour=2, extra=chunk(b"eXIf", exif(6))),
    "jpeg": JPEG,
    "jpeg grey": opencv(".jpg", BGR[:, :, 0]),
    "jpeg progressive": opencv(".jpg", BGR, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "jpeg restarts": opencv(".jpg", BGR, cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    "jpeg thumbnail": with_app1(JPEG, b"Exif\0\0" + exif(6) + THUMBNAIL),
    "jpeg cmyk": cmyk_jpeg((9, 99, 199, 200)),
    "webp lossless": LOSSLESS,
    "webp lossy": opencv(".webp", BGR, cv2.IMWRITE_WEBP_QUALITY, 60),
    "webp lossy alpha": opencv(".webp", BGRA, cv2.IMWRITE_WEBP_QUALITY, 60),
    "webp exif": extended_webp(LOSSLESS, 19, 14, exif_block=exif(8)),
    "tiff LZW": opencv(".tiff", BGR),
    "tiff LZW 16": opencv(".tiff", BGR.astype(np.uint16) * 257),
    "tiff deflate": opencv(".tiff", BGR, cv2.IMWRITE_TIFF_COMPRESSION, 8),
    "tiff plain": tiff(SMOOTH),
    "tiff big-endian 16": tiff(SMOOTH.astype(np.uint16), order=">", _274=6),
    "tiff float": tiff(SMOOTH.astype(np.float32)),
    "tiff planes": tiff(SMOOTH, planar=2),
    "bmp": opencv(".bmp", BGR),
    "bmp grey": opencv(".bmp", BGR[:, :, 0].copy()),
    "bmp alpha": opencv(".bmp", BGRA),
    "bmp run lengths": bmp(b"\2\3\2\1\0\0\0\1", 4, 2, 8, packed=1, palette=bytes(range(64))),
}


def attempt(path, data: bytes):
    """What reading gives; None for a refusal, whose form is checked."""
    path.write_bytes(data)
    try:
        return read_image(path).pixels
    except UnreadableFile as error:
        refusal = str(error)
    assert refusal.startswith(f"{path}: ")
    assert refusal.isprintable()
    return None


@pytest.mark.parametrize("name", WHOLE)
def test_no_cut_gives_part_of_a_picture(name, tmp_path, capfd):
    data = WHOLE[name]
    whole = attempt(tmp_path / "cut.bin", data)
    assert whole is not None
    for end in {*range(0, len(data), 1 + len(data) // 60), *range(len(data) - 12, len(data))}:
        pixels = attempt(tmp_path / "cut.bin", data[: max(end, 0)])
        if pixels is not None:  # the picture was complete; only what follows it is gone
            np.testing.assert_array_equal(pixels, whole)
    assert attempt(tmp_path / "cut.bin", data[: len(data) // 2]) is None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", WHOLE)
def test_an_altered_file_reads_to_the_size_it_states_or_is_refused(name, tmp_path, capfd):
    data = WHOLE[name]

    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=3))
    def alter(changes):
        altered = bytearray(data)
        for at, value in changes:
            altered[at] = value
        pixels = attempt(tmp_path / "altered.bin", bytes(altered))
        if pixels is not None:
            header = read_header(bytes(altered))
            sides = (header.height, header.width)
            assert pixels.shape[:2] == (sides if header.orientation < 5 else sides[::-1])

    alter()
    assert capfd.readouterr().err == ""


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([data[:12] for data in WHOLE.values()]), st.binary(max_size=200))
def test_noise_behind_a_true_beginning_is_refused_or_described(head, noise):
    try:
        header = read_header(head + noise)
    except UnreadableFile:
        return
    assert header.width > 0
    assert header.height > 0


@pytest.mark.parametrize("name", [name for name in WHOLE if name.startswith("png")])
def test_an_altered_byte_of_a_png_is_noticed(name, tmp_path):
    data = WHOLE[name]
    for at in range(8, len(data), 1 + len(data) // 300):
        altered = bytearray(data)
        altered[at] ^= 0x10
        assert attempt(tmp_path / "altered.png", bytes(altered)) is None, at


@pytest.mark.parametrize("name", [name for name in WHOLE if not name.startswith("tiff")])
def test_bytes_after_the_end_do_no_harm(name, tmp_path):
    path = tmp_path / "longer.bin"
    whole, longer = (
        attempt(path, WHOLE[name]),
        attempt(path, WHOLE[name] + b"\0\xffAPPENDED\xff\xda"),
    )
    np.testing.assert_array_equal(longer, whole)


def test_a_thumbnail_does_not_stand_in_for_the_picture(tmp_path):
    data = WHOLE["jpeg thumbnail"]
    assert read_header(data).width == 19
    scan = data.rindex(b"\xff\xda")
    assert b"\xff\xd9" in data[:scan]  # the thumbnail's own end marker
    for end in (scan, scan + 20, len(data) - 1):
        assert attempt(tmp_path / "cut.jpg", data[:end]) is None


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", r"empty file \(0 bytes\)"),
        (b"temperature;x;y\n31.5;2;3\n", "begins like text"),
        (b"BM25 is a ranking function", "begins like text"),
        (b"GIF89a\1\0\1\0", "a GIF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (bytes(5000), "begins with zeros"),
        (b"\x7fELF\2\1\1\0", r"unknown bytes \(7f 45 4c 46\)"),
        (WHOLE["png"][:60], "cut off"),
        (JPEG[:-2], "cut off"),
        (JPEG[:-200] + bytes(200), "cut off"),
        (JPEG[:-20] + JPEG, "misplaced marker"),
        (b"\xff\xd8\xff\xd9", "0x0 pixels"),
        (JPEG[:-2] + JPEG[JPEG.index(b"\xff\xc0") :], "its size twice"),
        (JPEG[:-2] + 100 * JPEG[JPEG.index(b"\xff\xda") : -2] + JPEG[-2:], "holds 101 scans"),
        (png_of(0, 5, 8, 0, b"", zlib.compress(b"\0")), "0x5 pixels"),
        (WHOLE["png"][:8] + chunk(b"IEND", b""), "missing or out of order"),
        (WHOLE["png"][:8] + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "missing or out of order"),
        (WHOLE["png"].replace(b"IHDR", b"IHDX"), "checksum"),
        (riff((b"EXIF", exif(1))), "holds no picture"),
        (riff((b"VP8 ", b"")), "cut off"),
        (bmp(bytes(12), 2, 2, 24), "cut off"),
        (bmp(bytes(12), -1, 1, 24), "-1x1 pixels"),
        (b"II*\0" + struct.pack("<IH", 8, 0) + bytes(4), "how large"),
        (b"II*\0" + struct.pack("<I", 4_000_000_000), "cut off"),
        (tiff(SMOOTH, skip=(279,)), "where its pixels are"),
        (tiff(SMOOTH, _257=15), "cut off"),
        (tiff(SMOOTH, _278=3), "cut off"),
        (tiff(SMOOTH, _322=60_000, _323=60_000), "tiles are larger than its picture"),
        (tiff(SMOOTH, _258=[8] * (2**20 + 1)), "one of its fields holds 1048577 values"),
        (tiff(SMOOTH, _254=1), "only a preview"),
        (tiff(np.ones((2, 2), np.uint16), _50706=1), "only a preview"),
        (tiff(SMOOTH.astype(np.uint16), planar=2), "16-bit TIFF with one plane per channel"),
        (tiff(SMOOTH[:, :, :2].astype(np.uint16)), "16-bit grey TIFF with alpha"),
        (tiff(SMOOTH, _262=8, _258=[8, 8, 16]), "differ in depth"),
        (tiff(np.ones((2, 2, 5), np.uint8), skip=(338,)), "colour kind 2 with 5 channels"),
        (tiff(SMOOTH[:, :, 0], _262=32803), "colour kind 32803"),
    ],
)
def test_a_refusal_says_what_is_wrong(data, match):
    with pytest.raises(UnreadableFile, match=match):
        read_header(data)


def test_big_tiff():
    rows = SMOOTH[:, :, 0].tobytes()
    fields = {256: 19, 257: 14, 258: 8, 259: 1, 262: 1, 273: 16, 277: 1, 278: 14, 279: len(rows)}
    entries = b"".join(struct.pack("<HHQQ", number, 16, 1, at) for number, at in fields.items())
    start = 16 + len(rows)
    directory = struct.pack("<Q", len(fields)) + entries + bytes(8)
    header = read_header(b"II+\0" + struct.pack("<HHQ", 8, 0, start) + rows + directory)
    assert (header.width, header.height, header.orientation) == (19, 14, 1)


@pytest.mark.parametrize("name", WHOLE)
def test_size_is_known_before_decoding(name):
    header = read_header(WHOLE[name])
    stored = cv2.imdecode(np.frombuffer(header.payload, np.uint8), cv2.IMREAD_UNCHANGED)
    assert stored.shape[:2] == (header.height, header.width)
    assert header.format == name.split()[0]


def test_a_directory_that_names_one_run_of_bytes_many_times_takes_no_memory():
    """2,000 fields of 250,000 numbers each, all the same bytes: 4 GB if each were kept."""
    body = bytes(500_000)
    entries = b"".join(struct.pack("<HHII", 1000 + at, 3, 250_000, 8) for at in range(2000))
    start = 8 + len(body)
    data = b"II*\0" + struct.pack("<I", start) + body + struct.pack("<H", 2000) + entries
    tracemalloc.start()
    with pytest.raises(UnreadableFile, match="how large"):
        read_header(data + bytes(4))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


def test_the_first_of_two_sizes_in_a_tiff_counts_as_it_does_for_the_decoder():
    whole = tiff(SMOOTH)
    (start,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, start)
    second = struct.pack("<HHII", 256, 3, 1, 1)
    grown = whole[:start] + struct.pack("<H", count + 1) + whole[start + 2 : -4] + second + bytes(4)
    decoded = cv2.imdecode(np.frombuffer(grown, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read_header(grown).width == decoded.shape[1] == SMOOTH.shape[1]
