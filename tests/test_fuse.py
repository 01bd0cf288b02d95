import tracemalloc

import cv2
import numpy as np
import pytest

import thermeld
from thermeld import Fuser, Window, fuse, list_methods
from thermeld.errors import (
    BadImage,
    BadModel,
    BadSetting,
    RangeUnknown,
    SizeMismatch,
    UnknownName,
)
from thermeld.fuse import DEFAULT_METHOD, resized


@pytest.fixture
def pair(rng):
    return (
        rng.integers(0, 256, (37, 53), dtype=np.uint8),
        rng.integers(0, 256, (37, 53, 3), dtype=np.uint8),
    )


def test_default_method_is_listed():
    assert DEFAULT_METHOD in {card.name for card in list_methods()}


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (4,)], ids=str)
def test_result_is_of_the_visible_kind(kind, shape, rng):
    vis = rng.random((9, 11, *shape))
    vis = vis.astype(kind) if kind in (np.float32, np.float64) else (vis * 200).astype(kind)
    fused = fuse(rng.integers(0, 256, (9, 11), dtype=np.uint8), vis, method="average")
    assert fused.dtype == kind
    assert fused.shape == (vis.shape if shape != (1,) else (9, 11))


def test_alpha_is_kept(rng):
    vis = rng.integers(0, 256, (6, 7, 4), dtype=np.uint8)
    fused = fuse(np.zeros((6, 7), np.uint8), vis, method="average")
    assert np.array_equal(fused[:, :, 3], vis[:, :, 3])


def test_average_of_grey_images_by_hand():
    ir, vis = np.array([[10, 255]], np.uint8), np.array([[20, 0]], np.uint8)
    assert fuse(ir, vis, method="average").tolist() == [[15, 128]]


def test_identical_grey_images_come_back(rng):
    image = rng.integers(0, 256, (40, 50), dtype=np.uint8)
    for name in ("average", "maximum", "laplacian", "wavelet-max", "mobilefuse"):
        assert np.abs(fuse(image, image, method=name).astype(int) - image).max() <= 1, name


def test_colour_is_kept_where_sensors_agree():
    """Equal luminances leave the visible picture, colour and all, as it is."""
    vis = np.zeros((32, 32, 3), np.uint8)
    vis[:] = (200, 80, 40)
    luma = round(0.299 * 200 + 0.587 * 80 + 0.114 * 40)
    fused = fuse(np.full((32, 32), luma, np.uint8), vis, method="laplacian")
    assert np.abs(fused.astype(int) - vis).max() <= 1


def test_gray_gives_one_channel(pair):
    assert Fuser("average", color="gray")(*pair).shape == pair[1].shape[:2]


@pytest.mark.parametrize("method", ["average", "lp", "msvd", "gff"])
def test_per_channel_of_equal_channels_is_the_grey_result(method, rng):
    ir, vis = rng.integers(0, 256, (2, 41, 52), np.uint8)
    grey = fuse(ir, vis, method=method)
    fused = fuse(ir, np.dstack([vis] * 3), method=method, color="per-channel")
    assert np.array_equal(fused, np.dstack([grey] * 3))


@pytest.mark.parametrize("method", ["lp", "wls"])
def test_per_channel_pairs_channels_of_one_index(method, rng):
    ir, vis = rng.integers(0, 256, (2, 30, 43, 3), np.uint8)
    fused = fuse(ir, vis, method=method, color="per-channel")
    for at in range(3):
        wanted = fuse(ir[:, :, at], vis[:, :, at], method=method)
        assert np.array_equal(fused[:, :, at], wanted)


def test_per_channel_of_a_grey_visible_image_is_the_usual_result(pair):
    ir, vis = pair[0], pair[1][:, :, 0]
    assert np.array_equal(
        fuse(ir, vis, method="lp", color="per-channel"), fuse(ir, vis, method="lp")
    )


def test_gff_gives_all_channels_the_weights_of_the_luminance(rng):
    """A visible image of colour alone, without luminance texture, loses to infrared texture."""
    ir = rng.integers(0, 256, (64, 64), np.uint8)
    vis = np.zeros((64, 64, 3), np.uint8)
    vis[:, :, 0] = 40
    fused = fuse(ir, vis, method="gff", color="per-channel").astype(int)
    detail = fused - cv2.blur(fused.astype(np.float32), (31, 31))
    assert np.abs(detail[..., 0] - detail[..., 2]).max() < 4
    assert np.abs(detail[..., 0]).mean() > 20


def test_blend_lies_between_the_inputs(pair):
    ir, vis = pair
    fused = Fuser("mobilefuse", color="blend")(ir, vis).astype(int)
    low, high = np.minimum(ir[:, :, None], vis), np.maximum(ir[:, :, None], vis)
    assert (fused >= low.astype(int) - 1).all()
    assert (fused <= high.astype(int) + 1).all()


def test_map_says_which_sensor_is_shown(pair):
    ir, vis = pair
    fuser = Fuser("mobilefuse", color="blend")
    share = fuser.blending_map(ir, vis)[:, :, None]
    assert share.min() >= 0
    assert share.max() <= 1
    mixed = share * ir[:, :, None] + (1 - share) * vis
    assert np.abs(fuser(ir, vis) - mixed).max() <= 0.51


def test_colour_infrared_counts_by_its_luminance(pair):
    ir, vis = pair
    assert np.array_equal(fuse(np.dstack([ir] * 3), vis), fuse(ir, vis))


def test_counts_are_stretched_and_windows_obeyed(rng):
    counts = rng.integers(7000, 7400, (40, 40)).astype(np.uint16)
    vis = np.zeros((40, 40), np.uint8)
    assert fuse(counts, vis, method="maximum").std() > 50
    assert fuse(counts, vis, method="maximum", window="full").max() <= 7400 // 257 + 1
    fixed = fuse(counts, vis, method="maximum", window=Window(0, 14800))
    assert abs(int(fixed.mean()) - 124) <= 2


def test_float_infrared_needs_its_range(rng):
    celsius = rng.uniform(10, 40, (8, 8))
    with pytest.raises(RangeUnknown, match="window"):
        fuse(celsius, np.zeros((8, 8), np.uint8))
    assert fuse(celsius, np.zeros((8, 8), np.uint8), window="10:40", method="maximum").any()


def test_sizes_must_agree_or_be_fitted():
    ir, vis = np.zeros((4, 4), np.uint8), np.zeros((8, 10, 3), np.uint8)
    with pytest.raises(SizeMismatch, match="fit"):
        fuse(ir, vis)
    assert fuse(ir, vis, fit="vis").shape == (8, 10, 3)
    assert fuse(ir, vis, fit="ir").shape == (4, 4, 3)


def test_nan_is_refused():
    bad = np.full((4, 4), np.nan, np.float32)
    for ir, vis in ((bad, np.zeros((4, 4), np.uint8)), (np.zeros((4, 4), np.uint8), bad)):
        with pytest.raises(BadImage, match="NaN"):
            fuse(ir, vis, method="average")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"method": "moblefuse"}, UnknownName, "did you mean 'mobilefuse"),
        ({"method": "nowhere.onnx"}, BadModel, "no such model file"),
        ({"color": "pink"}, BadSetting, "ycbcr, blend, gray, per-channel"),
        ({"color": "blend", "method": "average"}, BadSetting, "no blending map"),
        ({"fit": "both"}, BadSetting, "ir, vis"),
        ({"window": "warm"}, BadSetting, "LOW:HIGH"),
        ({"threads": -1}, BadSetting, "negative"),
        ({"threads": "two"}, BadSetting, "whole number"),
        ({"tile_px": 2.5}, BadSetting, "whole number"),
        ({"window": (0, 1)}, BadSetting, "Window"),
        ({"method": None}, BadSetting, "name or the path"),
        ({"settings": {"x": 1}}, UnknownName, f"setting of {DEFAULT_METHOD}"),
        ({"settings": {"levels": 2}, "method": "average"}, UnknownName, "setting of average"),
    ],
    ids=str,
)
def test_impossible_wishes_are_refused_when_building(options, error, says):
    with pytest.raises(error, match=says):
        Fuser(**options)


def test_map_of_a_method_without_one_is_refused():
    with pytest.raises(BadSetting, match="no blending map"):
        Fuser("average").blending_map(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize("method", ["mobilefuse", "laplacian-4", "wavelet-max", "gff"])
@pytest.mark.parametrize("color", ["ycbcr", "gray", "per-channel"])
def test_tiles_leave_no_seams(method, color, rng):
    ir = rng.integers(0, 65536, (301, 530)).astype(np.uint16)
    vis = rng.integers(0, 65536, (301, 530, 3)).astype(np.uint16)
    whole = Fuser(method, color=color, tile_px=0)(ir, vis).astype(int)
    tiled = Fuser(method, color=color, tile_px=128)(ir, vis).astype(int)
    assert np.abs(whole - tiled).max() <= 7  # 1e-4 of the range


def test_tiles_leave_no_seams_under_other_settings(rng):
    """Seven levels look much further than the four of the card."""
    ir, vis = rng.integers(0, 65536, (2, 300, 500), np.uint16)
    options = {"method": "laplacian-4", "settings": {"levels": 7}, "window": "full"}
    whole = Fuser(tile_px=0, **options)(ir, vis).astype(int)
    assert np.abs(whole - Fuser(tile_px=64, **options)(ir, vis)).max() <= 7


def test_memory_of_a_large_image_is_bounded():
    """Python-side memory beyond input and output stays that of a few tiles."""
    size = (3000, 4000)
    ir, vis = np.zeros(size, np.uint8), np.zeros((*size, 3), np.uint8)
    fuser = Fuser("average", tile_px=512)
    tracemalloc.start()
    fused = fuser(ir, vis)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - fused.nbytes < 40e6  # a whole float32 copy of the picture alone is 144e6


def test_resizing_keeps_constants_and_range(rng):
    image = rng.integers(50, 200, (30, 40), dtype=np.uint8)
    for size in ((60, 80), (7, 9), (30, 41)):
        grown = resized(image, size)
        assert grown.shape == size
        assert grown.min() >= 50
        assert grown.max() < 200


def test_one_fuser_serves_many_threads(pair):
    from concurrent.futures import ThreadPoolExecutor

    fuser = Fuser("mobilefuse", threads=1)
    wanted = fuser(*pair)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: fuser(*pair), range(8)))
    assert all(np.array_equal(result, wanted) for result in results)


def test_function_and_object_agree(pair):
    assert np.array_equal(thermeld.fuse(*pair), Fuser()(*pair))


def test_eight_bit_colours_take_the_short_way_to_the_same_result(rng):
    """8 bits are brightened in whole levels; 16 bits of the same picture go the long way."""
    ir = rng.integers(0, 256, (40, 56), np.uint8)
    vis = rng.integers(0, 256, (40, 56, 3), np.uint8)
    short = Fuser("maximum")(ir, vis).astype(int)
    long = Fuser("maximum")(ir, vis.astype(np.uint16) * 257).astype(int)
    assert np.abs(short - np.floor(long / 257 + 0.5)).max() == 0
