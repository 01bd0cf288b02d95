import cv2
import numpy as np
import pytest

from thermeld.align import Warp, apply, estimate
from thermeld.align.warp import spread, stretch, transformed
from thermeld.data.scene import render_scene
from thermeld.errors import BadImage, BadSetting
from thermeld.image import luminance


@pytest.fixture(scope="module")
def street():
    """A rendered pair of 640x480, day; registered to the pixel."""
    scene = render_scene(np.random.default_rng(3), night=False)
    return scene.ir, luminance(scene.vis)


def seen_from(ir, *, scale=1.0, degrees=0.0, shift=(0.0, 0.0)):
    """The infrared picture of a camera that looks elsewhere, and the true warp back."""
    height, width = ir.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    turn[:, 2] += np.multiply(shift, (width, height))
    away = np.vstack([turn, [0, 0, 1]])
    view = cv2.warpPerspective(ir, away, (width, height), flags=cv2.INTER_AREA)
    return view, np.linalg.inv(away)


def error_px(warp, truth):
    """Median distance over visible places from where the true warp looks."""
    places = spread(warp.vis_size)
    there = transformed(np.linalg.inv(truth), places)
    inside = ((there >= 0) & (there <= np.array(warp.ir_size[::-1]) - 1)).all(axis=1)
    gap = transformed(warp.matrix, there[inside]) - places[inside]
    return float(np.median(np.hypot(gap[:, 0], gap[:, 1])))


CASES = {
    "shift": {"shift": (0.1, -0.1)},
    "turn": {"degrees": 4.0, "scale": 1.06, "shift": (-0.05, 0.03)},
    "narrow": {"scale": 2.0},
    "wide": {"scale": 0.5},
}


@pytest.mark.parametrize("name", CASES)
def test_known_warps_of_a_rendered_scene_are_found_to_a_pixel(street, name):
    view, truth = seen_from(street[0], **CASES[name])
    found = estimate(view, street[1])
    assert found.refused is None
    assert error_px(found.warp, truth) < 1.0
    assert found.score_after > found.score_before


@pytest.mark.slow
def test_the_median_error_over_many_scenes_is_under_a_pixel(rng):
    errors = []
    for at in range(12):
        scene = render_scene(np.random.default_rng(at), height=288, width=384, night=at % 2 == 1)
        known = {"scale": 2.0 ** rng.uniform(-1, 1), "shift": tuple(rng.uniform(-0.1, 0.1, 2))}
        view, truth = seen_from(scene.ir, **known)
        found = estimate(view, luminance(scene.vis))
        errors.append(np.inf if found.refused else error_px(found.warp, truth))
    assert np.median(errors) < 1.0


def test_other_resolutions_are_no_obstacle(street):
    view, truth = seen_from(street[0], shift=(0.05, 0.04))
    small = cv2.resize(view, (320, 240), interpolation=cv2.INTER_AREA)
    found = estimate(small, street[1])
    assert found.warp.ir_size == (240, 320)
    assert error_px(found.warp, truth @ stretch((240, 320), (480, 640))) < 1.5


def test_a_pair_in_place_is_left_alone(street):
    found = estimate(*street)
    assert found.method == "as it was"
    assert found.refused is None
    assert np.array_equal(found.warp.matrix, np.eye(3))
    assert "fit already" in found.sentence


@pytest.mark.parametrize("which", ["noise", "flat"])
def test_nothing_in_common_is_refused_with_advice(street, rng, which):
    empty = rng.random((480, 640), np.float32) if which == "noise" else np.full((480, 640), 0.5)
    found = estimate(empty.astype(np.float32), street[1])
    assert "too little in common" in found.refused
    assert np.array_equal(found.warp.matrix, np.eye(3))
    assert found.confidence < 0.6
    assert found.sentence.startswith("left as it was: ")


def test_bending_follows_what_a_matrix_cannot(street):
    ir, vis = street
    height, width = ir.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bend = 5 * np.sin(2 * np.pi * x / width)
    view = cv2.remap(ir, x, y + bend, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inner = np.s_[30:-30, 30:-30]
    errors = []
    for local in (False, True):
        laid, _ = apply(estimate(view, vis, local=local).warp, view)
        errors.append(float(np.abs(laid - ir)[inner].mean()))
    assert errors[1] < 0.8 * errors[0]


def test_a_translation_only_moves(street):
    view, _ = seen_from(street[0], shift=(0.04, 0.02))
    matrix = estimate(view, street[1], model="translation").warp.matrix
    assert matrix[:2, :2] == pytest.approx(np.eye(2), abs=1e-9)
    assert matrix[:2, 2] == pytest.approx([-25.6, -9.6], abs=1.0)


def test_real_misplaced_pairs_come_nearer_to_the_true_infrared(shared):
    folder = shared / "data" / "misaligned"
    for name in ("3", "41"):
        view, true = (
            cv2.imread(str(folder / part / f"{name}.png"), 0).astype(np.float32) / 255
            for part in ("ir_warp", "ir")
        )
        vis = cv2.imread(str(folder / "vi" / f"{name}.webp"), 0).astype(np.float32) / 255
        warp = estimate(view, vis).warp
        laid, _ = apply(warp, view)
        black, _ = apply(warp, (view > 0).astype(np.float32))
        both = black > 0.99
        assert isinstance(warp, Warp)
        assert np.corrcoef(laid[both], true[both])[0, 1] > 0.9


def test_what_cannot_be_aligned_is_refused(street):
    with pytest.raises(BadImage, match="32 pixels"):
        estimate(street[0][:20], street[1])
    with pytest.raises(BadSetting, match="model"):
        estimate(*street, model="magic")
