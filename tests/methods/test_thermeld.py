"""What our own networks promise of any pair; docs/own-network.md says where they fall short."""

import cv2
import numpy as np
import pytest

from thermeld.data.scene import render_scene
from thermeld.fuse import METHODS
from thermeld.image import luminance

NAMES = sorted(name for name in METHODS if name.startswith("thermeld-"))


@pytest.fixture(scope="module", params=[0, 1], ids=["night", "day"])
def scene(request):
    rng = np.random.default_rng(request.param)
    found = render_scene(rng, height=240, width=320, night=request.param == 0)
    return found, found.ir, luminance(found.vis)


def test_at_least_one_is_shipped():
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_equal_images_come_back(name, scene):
    fuse = METHODS[name].build()
    for image in scene[1:]:
        assert np.abs(fuse(image, image) - image).mean() < 1 / 255


@pytest.mark.parametrize("name", NAMES)
def test_beside_a_black_image_the_other_comes_back(name, scene):
    _, ir, vis = scene
    fuse, black = METHODS[name].build(), np.zeros_like(ir)
    assert np.abs(fuse(ir, black) - ir).mean() < 0.02
    assert np.abs(fuse(black, vis) - vis).mean() < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_noise_of_flat_places_is_not_promoted(name, scene):
    """Never above the noisier source, which choosing by magnitude comes to."""
    truth, ir, vis = scene
    fused = METHODS[name].build()(ir, vis)
    flat = flat_places(truth.clean_ir, luminance(truth.clean_vis))
    assert flat.mean() > 0.01
    found, *given = (grain(image, flat) for image in (fused, ir, vis))
    assert found < max(given)


def flat_places(*planes):
    steep = sum(
        np.abs(cv2.Sobel(plane, cv2.CV_32F, *way)) for plane in planes for way in ((1, 0), (0, 1))
    )
    return cv2.dilate(steep, np.ones((9, 9))) < 0.06


def grain(plane, where):
    return (plane - cv2.GaussianBlur(plane, (0, 0), 2))[where].std()


@pytest.mark.parametrize("name", NAMES)
def test_three_pixels_of_shift_hardly_overshoot_both_sources(name, scene):
    _, ir, vis = scene
    moved = np.roll(ir, 3, axis=1)
    highest = cv2.dilate(np.maximum(moved, vis), np.ones((7, 7)))
    fused = METHODS[name].build()(moved, vis)
    assert (fused > highest + 0.02).mean() < 0.08


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_no_average(name, scene):
    """Detail of both is there, at more than the half that averaging leaves."""
    _, ir, vis = scene
    fused = METHODS[name].build()(ir, vis)
    for source, other in ((ir, vis), (vis, ir)):
        detail, against = (p - cv2.GaussianBlur(p, (0, 0), 4) for p in (source, other))
        stronger = np.abs(detail) > 2 * np.abs(against) + 0.02
        result = fused - cv2.GaussianBlur(fused, (0, 0), 4)
        assert (result * detail)[stronger].sum() > 0.6 * (detail**2)[stronger].sum()


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_beyond_the_reach_cannot_be_seen(name):
    """Other pictures further away than `reach_px` change less than half a grey level."""
    method = METHODS[name].build()
    reach, step = METHODS[name].card.reach_px, METHODS[name].card.align_px
    inner = slice(reach, reach + step)
    seen = slice(0, 2 * reach + step)
    side = 2 * reach + step + reach // 2
    rng = np.random.default_rng(0)
    ir, vis, *others = (texture(rng, side) for _ in range(4))
    whole = []
    for around in ((ir, vis), others):
        planes = [other.copy() for other in around]
        for plane, own in zip(planes, (ir, vis), strict=True):
            plane[seen, seen] = own[seen, seen]
        whole.append(method(*planes)[inner, inner])
    assert np.abs(whole[0] - whole[1]).max() < 0.5 / 255
    assert np.ptp(whole[0]) > 0.1


def texture(rng, side):
    """Blobs of all sizes, within 0..1."""
    octaves = [
        cv2.resize(rng.random((side // scale + 2,) * 2, np.float32), (side, side))
        for scale in (2, 8, 32, 128, 512)
    ]
    return np.mean(octaves, axis=0, dtype=np.float32)
