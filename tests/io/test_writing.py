"""Writing: bit for bit where the format can, wholly or not at all."""

import os
import resource

import numpy as np
import pytest
from handmade import SMOOTH
from numpy.testing import assert_array_equal

from thermeld.errors import BadImage, BadSetting, RangeUnknown, UnwritableFile
from thermeld.io import encode_image, read_image, require_writable, write_image

GREY, WIDE = SMOOTH[:, :, 1].copy(), SMOOTH.astype(np.uint16) * 257 - np.uint16(100)
ALPHA = 255 - GREY
ALPHA[0, :5] = 0  # lossless must mean: also where nothing is seen


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF", ".bmp", ".webp"])
@pytest.mark.parametrize("alpha", [None, ALPHA], ids=["opaque", "alpha"])
@pytest.mark.parametrize("size", [(14, 19), (1, 1), (1, 7), (9, 1)])
def test_8_bit_round_trip_is_exact(tmp_path, suffix, alpha, size):
    height, width = size
    pixels, alpha = SMOOTH[:height, :width], None if alpha is None else alpha[:height, :width]
    picture = read_image(write_image(tmp_path / f"new/out{suffix}", pixels, alpha=alpha))
    assert_array_equal(picture.pixels, pixels, strict=True)
    assert (picture.alpha is None) == (alpha is None)
    if alpha is not None:
        assert_array_equal(picture.alpha, alpha, strict=True)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".bmp"])
def test_grey_round_trip_is_exact(tmp_path, suffix):
    picture = read_image(write_image(tmp_path / f"out{suffix}", GREY))
    assert_array_equal(picture.pixels, GREY, strict=True)


def test_grey_with_alpha_and_webp_become_three_equal_channels(tmp_path):
    for name, alpha in (("a.png", ALPHA), ("b.webp", None)):
        picture = read_image(write_image(tmp_path / name, GREY, alpha=alpha))
        assert_array_equal(picture.pixels, np.dstack([GREY] * 3), strict=True)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("alpha", [None, WIDE[:, :, 0]], ids=["opaque", "alpha"])
def test_16_bit_round_trip_is_exact(tmp_path, suffix, alpha):
    picture = read_image(write_image(tmp_path / f"out{suffix}", WIDE, alpha=alpha))
    assert_array_equal(picture.pixels, WIDE, strict=True)
    if alpha is not None:
        assert_array_equal(picture.alpha, alpha, strict=True)
    grey = read_image(write_image(tmp_path / f"grey{suffix}", WIDE[:, :, 0]))
    assert_array_equal(grey.pixels, WIDE[:, :, 0], strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiff_keeps_floats_of_any_range(tmp_path, dtype):
    kelvin = 250 + SMOOTH.astype(dtype) / 3
    assert_array_equal(
        read_image(write_image(tmp_path / "t.tif", kelvin)).pixels, kelvin, strict=True
    )


@pytest.mark.parametrize("suffix", [".bmp", ".webp"])
def test_16_bits_are_rounded_to_8_where_there_are_no_more(tmp_path, suffix):
    values = np.array([[0, 128, 129, 257, 385, 386, 65_406, 65_407, 65_535]], np.uint16)
    picture = read_image(write_image(tmp_path / f"out{suffix}", np.dstack([values] * 3)))
    assert_array_equal(picture.pixels[:, :, 0], [[0, 0, 1, 1, 1, 2, 254, 255, 255]])


def test_floats_fill_the_depth_of_the_format(tmp_path):
    ramp = np.array([[0.0, 0.25, 1.0]], np.float32)
    assert_array_equal(
        read_image(write_image(tmp_path / "a.png", ramp)).pixels, [[0, 16384, 65535]]
    )
    assert_array_equal(read_image(write_image(tmp_path / "a.bmp", ramp)).pixels, [[0, 64, 255]])
    with pytest.raises(RangeUnknown, match="250"):
        encode_image(ramp + 250, "png")
    with pytest.raises(BadImage, match="NaN"):
        encode_image(ramp * np.float32(np.nan), "png")


def test_jpeg_quality_counts_and_alpha_is_dropped(tmp_path):
    fine, coarse = (encode_image(SMOOTH, "jpg", quality=quality) for quality in (100, 10))
    assert len(coarse) < len(fine)
    picture = read_image(write_image(tmp_path / "a.JPEG", SMOOTH, alpha=ALPHA))
    assert picture.format == "jpeg"
    assert picture.alpha is None
    with pytest.raises(BadSetting, match="quality lies"):
        encode_image(SMOOTH, "jpg", quality=0)


@pytest.mark.parametrize("kind", ["png", "PNG", ".png", "folder.v2/name.png"])
def test_a_format_may_be_named_in_several_ways(kind):
    assert encode_image(GREY, kind).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("pixels", "alpha", "match"),
    [
        (np.zeros((2, 2, 4), np.uint8), None, "alpha on its own"),
        (np.zeros((2, 2), np.int16), None, "int16"),
        (np.zeros((0, 2), np.uint8), None, "no pixels"),
        (np.zeros((2, 2), bool), None, "bool"),
        (GREY, ALPHA[1:], r"give uint8 \(14, 19\)"),
        (GREY, ALPHA.astype(np.uint16), "alpha is uint16"),
    ],
)
def test_what_is_not_an_image_is_not_written(pixels, alpha, match):
    with pytest.raises(BadImage, match=match):
        encode_image(pixels, "png", alpha=alpha)


@pytest.mark.parametrize("name", ["result", "result.gif", "result.png.part", ".png", "result."])
def test_unknown_suffix_lists_the_known(tmp_path, name):
    with pytest.raises(UnwritableFile, match=r"\.png \.jpg .*\.bmp"):
        write_image(tmp_path / name, GREY)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked(tmp_path):
    path = write_image(tmp_path / "a.png", GREY)
    with pytest.raises(UnwritableFile, match="--overwrite"):
        write_image(path, SMOOTH)
    assert_array_equal(read_image(path).pixels, GREY)
    write_image(path, SMOOTH, overwrite=True)
    assert_array_equal(read_image(path).pixels, SMOOTH)


def test_places_that_cannot_take_a_result(tmp_path):
    (tmp_path / "folder.png").mkdir()
    file = write_image(tmp_path / "file.png", GREY)
    for place, match in (
        (tmp_path / "folder.png", "is a folder"),
        (file / "below.png", "is a file"),
        (file / "far/below.png", "is a file"),
        (tmp_path / ("a" * 300 + ".png"), "name too long"),
        (tmp_path / "a\0b.png", "null"),
    ):
        with pytest.raises(UnwritableFile, match=match):
            write_image(place, GREY, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.png", "folder.png"]


def test_a_read_only_folder_is_refused_before_work(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):  # an administrator may write anywhere
        monkeypatch.setattr("thermeld.io.writing.access", lambda *_: False)
    with pytest.raises(UnwritableFile, match="no permission"):
        require_writable(tmp_path / "new/a.png", overwrite=False)
    tmp_path.chmod(0o700)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    path = write_image(tmp_path / "a.bmp", GREY)
    large = np.zeros((200, 200), np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # as near to full as can be made
    try:
        with pytest.raises(UnwritableFile, match="too large; free space"):
            write_image(path, large, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == [path]
    assert_array_equal(read_image(path).pixels, GREY)


def test_results_can_be_shared_as_the_user_allows(tmp_path):
    before = os.umask(0o022)
    try:
        assert write_image(tmp_path / "a.png", GREY).stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.parametrize(("kind", "side"), [("webp", 16_384), ("jpeg", 65_536)])
def test_too_large_for_the_format(kind, side):
    with pytest.raises(UnwritableFile, match=rf"at most {side - 1} per side.*\.png"):
        encode_image(np.zeros((1, side), np.uint8), kind)
