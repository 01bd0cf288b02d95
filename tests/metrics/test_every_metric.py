"""What holds for every metric in the table, in every convention."""

from math import inf, isnan

import cv2
import numpy as np
import pytest

import thermeld.metrics  # noqa: F401  fills the table
from thermeld.errors import BadImage, RangeUnknown, SizeMismatch
from thermeld.metrics import score
from thermeld.registry import METRICS

CASES = [
    (name, convention) for name, entry in METRICS.items() for convention in entry.card.conventions
]
CONSTANT = {"black": 0, "grey": 77, "white": 255}
# What three equal images score, where that is a number that does not depend on the image.
OF_EQUALS = {
    "MSE": 0.0, "RMSE": 0.0, "PSNR": inf, "CC": 1.0, "SSIM": 1.0, "MS_SSIM": 1.0, "VIF": 2.0,
    "NMI": 2.0, "CE": 0.0, "Q0": 1.0, "Qw": 1.0, "Qe": 1.0, "QY": 1.0, "Qcb": 1.0, "Qcv": 0.0,
    "FMI_pixel": 1.0, "FMI_pixel_m": 1.0, "FMI_dct": 1.0, "FMI_w": 1.0, "Nabf": 0.0,
    "Nabf_fixed": 0.0, "contrast_kept": 1.0,
}  # fmt: skip
SUMS = {("SSIM", "vifb"), ("SSIM", "cddfuse")}  # over two sources where others have the mean
# tang2022 squares in 8-bit arithmetic, which is not a variance any more.
NOT_OF_EQUALS = {("VIF", "tang2022")}
BUSY = {"SD", "SF", "AG", "EI"}
BLIND = BUSY | {"EN", "Nabf"}  # to the sources; Nabf, as called, to the fused image
FOOLED = {"contrast_kept"}  # the average keeps too little, and noise now and then enough


def value(images, name, convention):
    return score(*images, metrics=[name], convention=convention)[name]


@pytest.fixture(scope="module")
def scene():
    """Two views of one scene and their average, uint8 (192, 208, 3): smooth shapes and texture."""
    rng = np.random.default_rng(7)
    rows, cols = np.mgrid[:192, :208] / 64.0
    shapes = 120 + 60 * np.sin(rows * 2.1) * np.cos(cols * 1.7)
    texture = cv2.GaussianBlur(rng.normal(0, 60, (192, 208, 3)), (0, 0), 1.5)
    ir = shapes[:, :, None] * 0.6 + 90 * (np.hypot(rows - 1.5, cols - 1.2) < 0.4)[:, :, None]
    vis = shapes[:, ::-1, None] * [0.9, 0.8, 0.7] + texture
    ir, vis = (np.clip(image + 0 * texture, 0, 255).astype(np.uint8) for image in (ir, vis))
    return ir, vis, cv2.addWeighted(ir, 0.5, vis, 0.5, 0)


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_a_plain_triple_has_a_finite_value_that_repeats(scene, name, convention):
    before = [image.copy() for image in scene]
    first = value(scene, name, convention)
    assert isinstance(first, float)
    assert np.isfinite(first)
    assert value(scene, name, convention) == first
    assert all(np.array_equal(image, kept) for image, kept in zip(scene, before, strict=True))


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_equal_images(scene, name, convention):
    vis = scene[1]
    found = value((vis, vis, vis), name, convention)
    if name in OF_EQUALS and (name, convention) not in NOT_OF_EQUALS:
        factor = 2.0 if (name, convention) in SUMS else 1.0
        assert found == pytest.approx(factor * OF_EQUALS[name], abs=1e-6)
    else:
        assert isnan(found) == (name == "SCD")  # the differences it correlates are all zero


@pytest.mark.parametrize("fused", CONSTANT)
@pytest.mark.parametrize("sources", CONSTANT)
@pytest.mark.parametrize(("name", "convention"), CASES)
def test_constant_images_give_a_number_or_nan_without_a_warning(name, convention, sources, fused):
    source = np.full((32, 40), CONSTANT[sources], np.uint8)
    target = np.full((32, 40), CONSTANT[fused], np.uint8)
    assert isinstance(value((source, source, target), name, convention), float)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (7, 8), (10, 23), (12, 12)]
)
@pytest.mark.parametrize(("name", "convention"), CASES)
def test_tiny_images_give_a_number_or_nan_without_a_warning(name, convention, size, rng):
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(3)]
    assert isinstance(value(images, name, convention), float)


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_bytes_floats_and_sixteen_bits_score_alike(scene, name, convention):
    cropped = [image[:48, :64] for image in scene]
    stored = value(cropped, name, convention)
    others = (
        [image / 255.0 for image in cropped],
        [(image / 255.0).astype(np.float32) for image in cropped],
        [image.astype(np.uint16) * 257 for image in cropped],
    )
    for images in others:
        np.testing.assert_equal(value(images, name, convention), stored)


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_floats_of_both_precisions_score_alike(name, convention, rng):
    images = [rng.random((24, 30)) for _ in range(3)]
    single = [image.astype(np.float32) for image in images]
    np.testing.assert_equal(value(images, name, convention), value(single, name, convention))


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_the_sources_can_change_places_where_the_card_says_so(scene, name, convention):
    ir, vis, fused = scene
    there, back = (
        value((ir, vis, fused), name, convention),
        value((vis, ir, fused), name, convention),
    )
    assert (there == pytest.approx(back, rel=1e-9)) == METRICS[name].card.symmetric


@pytest.mark.parametrize(("name", "convention"), CASES)
def test_gray_images_and_three_equal_channels_score_alike(scene, name, convention):
    gray = [image[:64, :64, 1] for image in scene]
    colour = [np.dstack([image] * 3) for image in gray]
    expected = value(gray, name, convention)
    if (name, convention) == ("SF", "vifb"):  # lays the channels side by side: see its card
        assert value(colour, name, convention) > expected
    else:
        np.testing.assert_allclose(value(colour, name, convention), expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "convention"), [case for case in CASES if case[0] in BUSY])
def test_blur_lowers_and_noise_raises_activity(scene, name, convention, rng):
    ir, vis, fused = scene
    blurred = cv2.GaussianBlur(fused, (0, 0), 3)
    noisy = np.clip(fused + rng.normal(0, 20, fused.shape), 0, 255).astype(np.uint8)
    plain = value((ir, vis, fused), name, convention)
    assert value((ir, vis, blurred), name, convention) < plain
    assert value((ir, vis, noisy), name, convention) > plain


@pytest.mark.parametrize(
    ("name", "convention"), [case for case in CASES if case[0] not in BLIND | FOOLED]
)
def test_a_fusion_beats_an_unrelated_image(scene, name, convention, rng):
    ir, vis, fused = scene
    stranger = rng.integers(0, 256, fused.shape, dtype=np.uint8)
    good, bad = (
        value((ir, vis, fused), name, convention),
        value((ir, vis, stranger), name, convention),
    )
    assert good > bad if METRICS[name].card.better == "higher" else good < bad


@pytest.mark.parametrize("place", [0, 1, 2])
class TestRefusals:
    def given(self, place, bad):
        images = [np.zeros((4, 5)) for _ in range(3)]
        images[place] = bad
        return images

    def test_nan(self, place):
        with pytest.raises(BadImage, match="NaN"):
            score(*self.given(place, np.full((4, 5), np.nan)))

    @pytest.mark.parametrize(
        "bad", [np.full((4, 5), 255.0), np.full((4, 5), -0.1), np.ones((4, 5), int)]
    )
    def test_values_of_no_known_range(self, place, bad):
        with pytest.raises(RangeUnknown, match="divide by"):
            score(*self.given(place, bad))

    def test_another_size(self, place):
        with pytest.raises(SizeMismatch, match="resize"):
            score(*self.given(place, np.zeros((5, 4))))

    def test_alpha(self, place):
        with pytest.raises(BadImage, match="alpha"):
            score(*self.given(place, np.zeros((4, 5, 4))))

    def test_what_is_no_image(self, place):
        with pytest.raises(BadImage, match="shape"):
            score(*self.given(place, np.zeros((4, 5, 2))))
