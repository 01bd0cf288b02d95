from math import isnan

import numpy as np
import pytest

from thermeld.metrics import score


@pytest.fixture
def images(rng):
    images = [rng.integers(0, 256, (14, 17), dtype=np.uint8) for _ in range(3)]
    images[0][:10, :10] = images[1][:10, :10] = 30  # both sources flat
    return images


def only(name, images):
    return score(*images, metrics=[name])[name]


def index(x, y):
    """Wang & Bovik's universal index of two windows."""
    mx, my, vx, vy = x.mean(), y.mean(), x.var(), y.var()
    contrast = 2 * ((x - mx) * (y - my)).mean() / (vx + vy) if vx + vy else 1.0
    return contrast * (2 * mx * my / (mx**2 + my**2) if mx or my else 1.0)


def piella(ir, vis, fused):
    """Quality and weight of every window, from the definition."""
    quality, weight = [], []
    for row in range(ir.shape[0] - 7):
        for col in range(ir.shape[1] - 7):
            a, b, f = (im[row : row + 8, col : col + 8].astype(float) for im in (ir, vis, fused))
            share = a.var() / (a.var() + b.var()) if a.var() + b.var() else 0.5
            quality.append(share * index(a, f) + (1 - share) * index(b, f))
            weight.append(max(a.var(), b.var()))
    return np.array(quality), np.array(weight)


def prewitt(image):
    around = np.pad(image.astype(float), 1)
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3))
    kernel = np.array([[-1, 0, 1]] * 3)
    return np.hypot(*(np.einsum("ijkl,kl->ij", windows, k) for k in (kernel, kernel.T)))


def test_piella_s_three_are_their_definitions(images):
    quality, weight = piella(*images)
    edge_quality, edge_weight = piella(*(prewitt(image) for image in images))
    weighted = quality @ weight / weight.sum()
    assert only("Q0", images) == pytest.approx(quality.mean(), rel=1e-10)
    assert only("Qw", images) == pytest.approx(weighted, rel=1e-10)
    by_edges = edge_quality @ edge_weight / edge_weight.sum()
    assert only("Qe", images) == pytest.approx(weighted * by_edges, rel=1e-9)


def yang(ir, vis, fused):
    offsets = np.arange(-3, 4)
    bell = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 4.5)
    bell /= bell.sum()

    def ssim(x, y):
        mx, my = (bell * x).sum(), (bell * y).sum()
        vx, vy = (bell * (x - mx) ** 2).sum(), (bell * (y - my) ** 2).sum()
        cross = (bell * (x - mx) * (y - my)).sum()
        contrast = 2 * cross / (vx + vy) if max(vx, vy) > 1e-8 else 1.0
        return vx * (vx > 1e-8), 2 * mx * my / (mx**2 + my**2) * contrast

    scores = []
    for row in range(ir.shape[0] - 6):
        for col in range(ir.shape[1] - 6):
            a, b, f = (im[row : row + 7, col : col + 7].astype(float) for im in (ir, vis, fused))
            va, by_ir = ssim(a, f)
            vb, by_vis = ssim(b, f)
            share = va / (va + vb) if va + vb else 0.5
            alike = ssim(a, b)[1] >= 0.75
            scores.append(share * by_ir + (1 - share) * by_vis if alike else max(by_ir, by_vis))
    return np.mean(scores)


def test_yang_s_is_its_definition(images):
    images[1][4:, 4:] = images[0][4:, 4:]  # a part where the sources agree
    assert only("QY", images) == pytest.approx(yang(*images), rel=1e-9)


def test_constant_sources_weigh_nothing(rng):
    flat = np.full((12, 12), 5, np.uint8)
    fused = rng.integers(0, 256, (12, 12), dtype=np.uint8)
    assert isnan(only("Qw", (flat, flat, fused)))
    assert not isnan(only("Q0", (flat, flat, fused)))
