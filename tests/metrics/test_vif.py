from math import isnan

import numpy as np
import pytest

from thermeld.metrics import score

TINY = 1e-10


@pytest.fixture
def images(rng):
    """With a flat corner in one source and in the fused image."""
    images = [rng.integers(0, 256, (52, 49), dtype=np.uint8) for _ in range(3)]
    images[0][:25, :25] = images[2][:22, :30] = 50
    return images


def windowed(values, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(values, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def vif(source, fused, saturated=False):
    """Scale by scale and pixel by pixel, from the definition."""
    r, d = source.astype(float), fused.astype(float)
    through = directly = 0.0
    for scale in range(4):
        side = 2 ** (4 - scale) + 1
        offsets = np.arange(side) - side // 2
        kernel = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (side / 5) ** 2))
        kernel /= kernel.sum()
        if scale:
            r, d = (windowed(values, kernel)[::2, ::2] for values in (r, d))
        top = 255.0 if saturated and scale == 0 else np.inf
        mr, md = windowed(r, kernel), windowed(d, kernel)
        vr = np.maximum(windowed(np.minimum(r * r, top), kernel) - mr * mr, 0)
        vd = np.maximum(windowed(np.minimum(d * d, top), kernel) - md * md, 0)
        cross = windowed(np.minimum(r * d, top), kernel) - mr * md
        for a, b, c in zip(vr.ravel(), vd.ravel(), cross.ravel(), strict=True):
            g = c / (a + TINY)
            t = b - g * c
            if a < TINY:
                g, t, a = 0.0, b, 0.0
            if b < TINY:
                g = t = 0.0
            if g < 0:
                g, t = 0.0, b
            through += np.log10(1 + g * g * a / (max(t, TINY) + 2))
            directly += np.log10(1 + a / 2)
    return through / directly


@pytest.mark.parametrize("convention", ["tang", "cddfuse", "tang2022"])
def test_vif_is_its_definition(images, convention):
    ir, vis, fused = images
    saturated = convention == "tang2022"
    expected = vif(ir, fused, saturated) + vif(vis, fused, saturated)
    found = score(*images, metrics=["VIF"], convention=convention)["VIF"]
    assert found == pytest.approx(expected, rel=1e-9)


def test_more_contrast_than_the_sources_scores_above_two():
    rows, cols = np.mgrid[:64, :64]
    soft = (100 + 40 * np.sin(rows / 3.0) * np.cos(cols / 4.0)).astype(np.uint8)
    found = score(soft, soft, (soft - 60) * 2, metrics=["VIF"])["VIF"]
    assert found > 2.0


def test_constant_sources_hold_nothing_to_see():
    flat, image = np.full((48, 48), 9, np.uint8), np.eye(48, dtype=np.uint8)
    assert isnan(score(flat, flat, image, metrics=["VIF"])["VIF"])
    assert score(flat, flat, image, metrics=["VIF"], convention="cddfuse")["VIF"] == 2.0
