import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.methods.laplacian import collapse, laplacian, laplacian_4, pyramid
from thermeld.registry import METHODS


@pytest.mark.parametrize("size", [(64, 64), (61, 83), (17, 2)])
def test_collapse_undoes_pyramid(rng, size):
    plane = rng.random(size)
    assert np.abs(collapse(pyramid(plane, 4)) - plane).max() < 1e-10


@pytest.mark.parametrize("rule", [laplacian, laplacian_4])
def test_an_image_fused_with_itself_stays(rng, rule):
    image = rng.random((45, 70))
    assert np.abs(rule(image, image) - image).max() < 1e-10


def test_detail_of_each_view_survives_beside_the_flat_part_of_the_other(rng):
    texture = rng.random((256, 256)) * 0.5 + 0.25
    ir, vis = np.full_like(texture, 0.5), np.full_like(texture, 0.5)
    ir[:, :128], vis[:, 128:] = texture[:, :128], texture[:, 128:]
    fused = laplacian(ir, vis)
    assert np.corrcoef(fused.ravel(), texture.ravel())[0, 1] > 0.99


def test_base_is_mean_for_seven_levels_and_maximum_for_four():
    dark, bright = np.full((128, 128), 0.2), np.full((128, 128), 0.6)
    np.testing.assert_allclose(laplacian(dark, bright), 0.4, atol=1e-12)
    np.testing.assert_allclose(laplacian_4(dark, bright), 0.6, atol=1e-12)
    assert METHODS["laplacian"].settings == {"levels": 7, "base": "mean"}
    assert METHODS["laplacian-4"].settings == {"levels": 4, "base": "max"}


def test_reach_is_what_a_single_pixel_can_change(rng):
    ir, vis = rng.random((200, 200)), rng.random((200, 200))
    spot = ir.copy()
    spot[100, 100] = 1.0 - spot[100, 100]
    rows, cols = np.nonzero(np.abs(laplacian_4(spot, vis) - laplacian_4(ir, vis)) > 1e-12)
    reach = METHODS["laplacian-4"].card.reach_px
    assert reach is not None
    assert reach // 4 < max(np.abs(rows - 100).max(), np.abs(cols - 100).max()) <= reach


def test_single_precision_stays_near_double(precision):
    assert precision(laplacian, "25") > 70.0
    assert precision(laplacian_4, "25") > 70.0


def test_impossible_settings_are_refused():
    plane = np.zeros((8, 8), np.float32)
    with pytest.raises(BadSetting, match="levels"):
        laplacian(plane, plane, levels=0)
    with pytest.raises(BadSetting, match="base"):
        laplacian_4(plane, plane, base="median")
