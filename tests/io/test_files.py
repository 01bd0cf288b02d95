"""Reading: what is in a file comes out as stored, upright, in RGB."""

import os
import struct
import zlib
from pathlib import Path

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
    tiff,
    with_app1,
)
from numpy.testing import assert_allclose, assert_array_equal

from thermeld.errors import BadImage, UnreadableFile
from thermeld.image import unit
from thermeld.io import read_image
from thermeld.io.headers import SUFFIXES

GREY = SMOOTH[:, :, 1].copy()


@pytest.fixture
def read(tmp_path):
    def read(data: bytes, name="picture.png", **settings):
        path = tmp_path / name
        path.write_bytes(data)
        return read_image(path, **settings)

    return read


# Reading: kinds of files


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_any_suffix_holds_any_content(read, suffix):
    picture = read(png(COUNTED, colour=2), "PNG inside" + suffix)
    assert picture.format == "png"
    assert_array_equal(picture.pixels, COUNTED)


@pytest.mark.parametrize("name", ["two words.png", "Straße ночь 夜.png", "é'\"$.png", "UPPER.PNG"])
def test_names_may_hold_what_file_systems_allow(read, name):
    picture = read(png(COUNTED, colour=2), name)
    assert picture.path.name == name
    assert picture.alpha is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_of_each_colour_kind(read, dtype):
    bits = 8 * np.dtype(dtype).itemsize
    stored = (np.arange(2 * 3 * 4).reshape(2, 3, 4) * 10 + 3).astype(dtype)
    for colour, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        picture = read(png(stored[:, :, :channels].copy(), bits=bits, colour=colour))
        colours = stored[:, :, :3] if channels >= 3 else stored[:, :, 0]
        assert_array_equal(picture.pixels, colours, strict=True)
        if channels in (2, 4):
            assert_array_equal(picture.alpha, stored[:, :, channels - 1], strict=True)
        else:
            assert picture.alpha is None
        assert picture.depth == dtype


def test_png_of_one_two_and_four_bits_fills_eight(read):
    packed = np.array([[0b00011011], [0b11100100]], np.uint8)
    one = read(png(packed, bits=1, width=8))
    assert_array_equal(one.pixels[0], [0, 0, 0, 255, 255, 0, 255, 255])
    assert_array_equal(read(png(packed, bits=2, width=4)).pixels[0], [0, 85, 170, 255])
    assert_array_equal(read(png(packed, bits=4, width=2)).pixels[0], [17, 187])


def test_palette_becomes_rgb_and_its_transparency_alpha(read):
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
    index = np.array([[0, 1, 1]], np.uint8)
    plain = read(png(index, colour=3, extra=palette))
    assert_array_equal(plain.pixels, [[[10, 20, 30], [40, 50, 60], [40, 50, 60]]])
    assert plain.alpha is None
    clear = read(png(index, colour=3, extra=palette + chunk(b"tRNS", bytes([7]))))
    assert_array_equal(clear.alpha, [[7, 255, 255]])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_of_each_depth_and_byte_order(read, dtype, channels, order):
    stored = (np.arange(2 * 3 * 4).reshape(2, 3, 4) * 10 + 3).astype(dtype)[:, :, :channels]
    picture = read(tiff(stored, order=order), "t.tif")
    colours = stored[:, :, :3] if channels >= 3 else stored[:, :, 0]
    assert_array_equal(picture.pixels, colours, strict=True)
    if channels == 4:
        assert_array_equal(picture.alpha, stored[:, :, 3], strict=True)


@pytest.mark.parametrize(
    ("stored", "kept"),
    [("int8", "float32"), ("int16", "float32"), ("int32", "float64"), ("uint32", "float64")],
)
def test_other_integers_in_tiff_become_exact_floats(read, stored, kept):
    values = np.array([[np.iinfo(stored).min, 3, np.iinfo(stored).max]], stored)
    picture = read(tiff(values))
    assert picture.depth == kept
    assert_array_equal(picture.pixels.astype(np.int64), values)


def test_64_bit_integers_are_refused(read):
    with pytest.raises(UnreadableFile, match=r"uint64.*float32"):
        read(tiff(np.ones((2, 2), np.uint64)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero_is_turned_round(read, dtype):
    values = np.array([[0, 5, 200]], dtype)
    assert_array_equal(read(tiff(values, _262=0)).pixels, np.iinfo(dtype).max - values)


def test_cmyk_tiff_has_no_alpha(read):
    ink = np.array([[[0, 0, 0, 0], [255, 0, 0, 0]]], np.uint8)
    picture = read(tiff(ink, _262=5, skip=(338,)))
    assert_array_equal(picture.pixels, [[[255, 255, 255], [0, 255, 255]]])
    assert picture.alpha is None


def test_cmyk_jpeg_becomes_rgb(read):
    picture = read(cmyk_jpeg((200, 100, 50, 255)))
    assert picture.pixels.shape == (8, 8, 3)
    assert_allclose(picture.pixels[3, 4], [200, 100, 50], atol=1)


def test_nan_in_a_float_tiff_is_read_and_refused_later(read):
    values = np.array([[0.5, np.nan], [np.inf, 1.0]], np.float32)
    picture = read(tiff(values))
    assert_array_equal(picture.pixels, values)
    with pytest.raises(BadImage, match="2 of 4"):
        unit(picture.pixels)


def test_first_page_of_several(read, tmp_path):
    path = tmp_path / "pages.tiff"
    assert cv2.imwritemulti(str(path), [GREY, 255 - GREY])
    assert_array_equal(read_image(path).pixels, GREY)


def test_bmp_kinds(read):
    colours = bmp(bytes([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0]), 2, 2, 24)
    assert_array_equal(read(colours).pixels, [[[9, 8, 7], [12, 11, 10]], [[3, 2, 1], [6, 5, 4]]])
    top_down = bmp(bytes([1, 2, 3, 0, 7, 8, 9, 0]), 1, -2, 24)
    assert_array_equal(read(top_down).pixels, [[[3, 2, 1]], [[9, 8, 7]]])
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    clear = read(bmp(bytes([1, 2, 3, 4]), 1, 1, 32, packed=3, masks=masks))
    assert_array_equal(clear.pixels, [[[3, 2, 1]]])
    assert_array_equal(clear.alpha, [[4]])


def test_jpeg_and_lossy_webp_are_near(read):
    bgr = SMOOTH[:, :, ::-1]
    jpeg = opencv(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 100)
    webp = opencv(".webp", bgr, cv2.IMWRITE_WEBP_QUALITY, 90)
    for data in (jpeg, webp):
        picture = read(data)
        assert picture.pixels.shape == SMOOTH.shape
        assert np.abs(picture.pixels.astype(int) - SMOOTH).mean() < 12


# Reading: orientation. EXIF 2.3 table: which stored corner is the first row's left end.

SHOWN = {
    1: COUNTED,
    2: np.fliplr(COUNTED),
    3: np.rot90(COUNTED, 2),
    4: np.flipud(COUNTED),
    5: np.transpose(COUNTED, (1, 0, 2)),
    6: np.rot90(COUNTED, -1),  # stored lying on its left side: turn it clockwise
    7: np.rot90(np.transpose(COUNTED, (1, 0, 2)), 2),
    8: np.rot90(COUNTED, 1),
}


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_applied_in_every_format(read, orientation, order):
    shown, block = SHOWN[orientation], exif(orientation, order)
    lossless = opencv(".webp", COUNTED[:, :, ::-1], cv2.IMWRITE_WEBP_QUALITY, 101)
    for data in (
        png(COUNTED, colour=2, extra=chunk(b"eXIf", block)),
        extended_webp(lossless, 3, 2, exif_block=block),
        extended_webp(lossless, 3, 2, exif_block=b"Exif\0\0" + block),
        tiff(COUNTED, order=order, _274=orientation),
        tiff(COUNTED.astype(np.uint16), order=order, _274=orientation),
        tiff(COUNTED.astype(np.float32), order=order, _274=orientation),
    ):
        assert_array_equal(read(data).pixels, shown)


@pytest.mark.parametrize("orientation", SHOWN)
def test_orientation_of_a_jpeg(read, orientation):
    plain = opencv(".jpg", np.kron(COUNTED * 10, np.ones((16, 16, 1), np.uint8)))
    upright = read(plain).pixels
    turned = read(with_app1(plain, b"Exif\0\0" + exif(orientation))).pixels
    blocks = turned[8::16, 8::16].astype(int)
    assert_array_equal(
        np.argsort(blocks[:, :, 0].ravel()), np.argsort(SHOWN[orientation][:, :, 0].ravel())
    )
    assert sorted(turned.shape) == sorted(upright.shape)


@pytest.mark.parametrize(
    "notes", [exif(0), exif(9), exif(6)[:12], b"MM\0*\xff\xff\xff\xff", b"II*\0", b"", b"nonsense"]
)
def test_impossible_orientation_leaves_the_picture_as_stored(read, notes):
    assert_array_equal(read(png(COUNTED, colour=2, extra=chunk(b"eXIf", notes))).pixels, COUNTED)


# Reading: refusals


def test_a_bomb_is_refused_before_it_is_decoded(read, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("memory was taken"))
    claimed = png_of(60_000, 60_000, 8, 0, b"", zlib.compress(b""))
    with pytest.raises(UnreadableFile, match=r"60000x60000.*limit is 268435456"):
        read(claimed)
    rows = zlib.compress(bytes((20_000 // 8 + 1) * 20_000))  # 50 MB of rows in 50 kB
    with pytest.raises(UnreadableFile, match="20000x20000"):
        read(png_of(20_000, 20_000, 1, 0, b"", rows))
    with pytest.raises(UnreadableFile, match="limit is 5 pixels"):
        read(png(COUNTED, colour=2), max_pixels=5)


def test_the_limit_itself_is_allowed(read):
    assert read(png(COUNTED, colour=2), max_pixels=6).pixels.shape == (2, 3, 3)


def test_missing_folder_pipe_and_impossible_names(tmp_path):
    with pytest.raises(UnreadableFile, match=r"gone\.png: does not exist"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(UnreadableFile, match="is a folder"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableFile, match="pipe"):
        read_image(tmp_path / "pipe.png")
    with pytest.raises(UnreadableFile, match="null"):
        read_image("a\0b.png")
    with pytest.raises(UnreadableFile, match="name too long"):
        read_image(tmp_path / ("a" * 300))


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "locked.png"
    path.write_bytes(png(COUNTED, colour=2))
    path.chmod(0)
    if os.access(path, os.R_OK):  # an administrator may read anything
        monkeypatch.setattr(Path, "open", _denied)
    with pytest.raises(UnreadableFile, match="no permission"):
        read_image(path)


def _denied(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_file_too_large_to_decode_is_not_read(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)  # takes no room on the disk
    with pytest.raises(UnreadableFile, match=r"3\.0 GiB"):
        read_image(path)


def test_a_refusal_is_one_line_even_for_a_hostile_name(tmp_path):
    path = tmp_path / "two\nlines\x1b[31m.png"
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile) as refusal:
        read_image(path)
    assert str(refusal.value).isprintable()
    assert "empty file" in str(refusal.value)


def test_libraries_below_say_nothing(read, capfd):
    level = cv2.utils.logging.getLogLevel()
    read(png(COUNTED, colour=2, extra=chunk(b"iCCP", b"x\0\0not a profile")))
    read(opencv(".tiff", np.dstack([SMOOTH, GREY])))  # OpenCV writes no ExtraSamples tag
    with pytest.raises(UnreadableFile, match="does not know"):
        read(tiff(SMOOTH.astype(np.float16)))
    assert capfd.readouterr().err == ""
    assert cv2.utils.logging.getLogLevel() == level


# Real files


def test_real_files_of_every_set_are_read(shared):
    folders = sorted(folder for folder in (shared / "data").glob("*/*") if folder.is_dir())
    assert folders
    for folder in folders:
        files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
        for path in files[:: max(1, len(files) // 2)]:
            picture = read_image(path)
            assert picture.depth == np.uint8
            assert picture.pixels.shape[:2] == cv2.imread(str(path)).shape[:2]
            assert picture.pixels.std() > 0
