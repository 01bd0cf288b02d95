"""Qabf and Nabf against pixel loops written from the definition."""

from math import atan, exp, isnan, pi, sqrt

import numpy as np
import pytest

from thermeld.metrics import score

SX = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SY = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])


def only(name, ir, vis, fused, convention=None):
    return score(ir, vis, fused, metrics=[name], convention=convention)[name]


@pytest.fixture
def images(rng):
    """Few levels, so that flat pixels and equal gradients occur."""
    return [rng.integers(0, 3, (12, 15), dtype=np.uint8) * 90 for _ in range(3)]


def responses(image, mode):
    around = np.pad(image.astype(float), 1, mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3))
    return [np.einsum("ijkl,kl->ij", windows, kernel).ravel() for kernel in (SX, SY)]


def qabf(ir, vis, fused):
    def edges(image):
        return [(sqrt(x * x + y * y), pi / 2 if x == 0 else atan(y / x))
                for x, y in zip(*responses(image, "constant"), strict=True)]  # fmt: skip

    kept = weight = 0.0
    for source in (ir, vis):
        for (g, a), (gf, af) in zip(edges(source), edges(fused), strict=True):
            ratio = gf / g if g > gf else g / gf if g < gf else gf
            aligned = 1 - abs(a - af) / (pi / 2)
            q = 0.9994 / (1 + exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + exp(-22 * (aligned - 0.8)))
            kept += q * g
            weight += g
    return kept / weight


def nabf(fused, one, other):
    def edges(image):
        return [(sqrt(x * x + y * y) / 8, 0.0 if x == y == 0 else atan(x / y) if y else pi / 2)
                for x, y in zip(*responses(image, "reflect"), strict=True)]  # fmt: skip

    lost = weight = 0.0
    for (gf, af), *sources in zip(edges(fused), edges(one), edges(other), strict=True):
        added = all(gf > g for g, _ in sources)
        for g, a in sources:
            ratio = min(g, gf) / max(g, gf) if min(g, gf) > 0 else 0.0
            aligned = abs(abs(a - af) - pi / 2) * 2 / pi
            by_strength = 0.9999 / (1 + exp(-19 * (ratio - 0.5)))
            q = sqrt(by_strength * 0.9995 / (1 + exp(-22 * (aligned - 0.5))))
            share = g**1.5 if g >= 2 else 0.001
            lost += (1 - q) * share * added
            weight += share
    return lost / weight


@pytest.mark.parametrize("convention", ["tang", "vifb", "cddfuse"])
def test_qabf_is_its_definition(images, convention):
    assert only("Qabf", *images, convention) == pytest.approx(qabf(*images), rel=1e-12)


def test_on_zero_to_one_qabf_is_nearly_the_same_where_no_gradients_are_equal(rng):
    images = [rng.integers(0, 256, (40, 40), dtype=np.uint8) for _ in range(3)]
    assert only("Qabf", *images, "tang2022") == pytest.approx(only("Qabf", *images), rel=0.02)


def test_qabf_of_images_without_edges_is_undefined():
    black = np.zeros((6, 6), np.uint8)
    assert isnan(only("Qabf", black, black, black))


def test_nabf_mixes_up_the_images_and_nabf_fixed_does_not(images):
    ir, vis, fused = images
    assert only("Nabf", ir, vis, fused) == pytest.approx(nabf(ir, vis, fused), rel=1e-12)
    assert only("Nabf_fixed", ir, vis, fused) == pytest.approx(nabf(fused, ir, vis), rel=1e-12)


def test_an_invented_edge_is_an_artefact():
    faint = np.zeros((16, 16), np.uint8)
    faint[8:] = 40
    invented = faint.copy()
    invented[:, 8:] = 255
    assert only("Nabf_fixed", faint, faint, faint) == 0.0
    assert only("Nabf_fixed", faint, faint, invented) > 0.1
