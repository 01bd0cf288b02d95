import numpy as np
import pytest

from thermeld.metrics import score

CONSTANTS = {"vifb": (2.55**2, 7.65**2), "tang": (1e-4, 9e-4), "cddfuse": (4e-4, 3.6e-3)}


@pytest.fixture
def images(rng):
    return [rng.integers(0, 256, (19, 23), dtype=np.uint8) for _ in range(3)]


def weights(convention):
    if convention == "cddfuse":
        return np.full((7, 7), 1 / 49)
    offsets = np.arange(-5, 6)
    bell = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 4.5)
    return bell / bell.sum()


def ssim(source, fused, convention):
    """Window by window, from the definition."""
    kernel = weights(convention)
    side = len(kernel)
    factor = 49 / 48 if convention == "cddfuse" else 1.0
    c1, c2 = CONSTANTS[convention]
    if convention == "tang":
        source, fused = (np.pad(image, 5, mode="edge") for image in (source, fused))
    scores = []
    for row in range(source.shape[0] - side + 1):
        for col in range(source.shape[1] - side + 1):
            x, y = (im[row : row + side, col : col + side].astype(float) for im in (source, fused))
            mx, my = (kernel * x).sum(), (kernel * y).sum()
            vx, vy = (factor * (kernel * (w - m) ** 2).sum() for w, m in ((x, mx), (y, my)))
            cross = factor * (kernel * (x - mx) * (y - my)).sum()
            scores.append((2 * mx * my + c1) * (2 * cross + c2)
                          / ((mx**2 + my**2 + c1) * (vx + vy + c2)))  # fmt: skip
    return np.mean(scores)


@pytest.mark.parametrize("convention", CONSTANTS)
def test_ssim_is_its_definition(images, convention):
    ir, vis, fused = images
    total = ssim(ir, fused, convention) + ssim(vis, fused, convention)
    expected = total / 2 if convention == "tang" else total
    found = score(*images, metrics=["SSIM"], convention=convention)["SSIM"]
    assert found == pytest.approx(expected, rel=1e-5 if convention == "cddfuse" else 1e-10)


def test_flat_windows_agree_perfectly_in_contrast():
    flat = np.full((20, 20), 90, np.uint8)
    assert score(flat, flat, flat, metrics=["SSIM"])["SSIM"] == pytest.approx(1.0)
