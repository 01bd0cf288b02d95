"""thermeld's own networks: the classical rule they begin as, and what no weights can break."""

import cv2
import numpy as np
import pytest
import torch

from thermeld.train.nets import networks
from thermeld.train.nets.pyramid import (
    BLACK,
    BRIGHTNESS,
    FAINT,
    LEVEL,
    LEVELS,
    NEARLY,
    SHARPNESS,
)

NAMES = ("thermeld-nano", "thermeld-small")
TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


@pytest.fixture
def pair(rng):
    """Smooth shapes and texture, (192, 256) twice."""
    rough = [cv2.GaussianBlur(rng.random((192, 256)), (0, 0), sigma) for sigma in (1.2, 3.0)]
    return tuple(((r - r.min()) / np.ptp(r)).astype(np.float32) for r in rough)


def run(net, ir, vis):
    with torch.no_grad():
        return net(*(torch.from_numpy(plane)[None, None] for plane in (ir, vis)))[0, 0].numpy()


def down(plane):
    """One octave by OpenCV; the finest level's border repeats whole 2x2 blocks."""
    return cv2.sepFilter2D(plane, -1, TAPS, TAPS, borderType=cv2.BORDER_REPLICATE)[::2, ::2]


def up(plane, size):
    wide = np.pad(plane, 1, mode="edge")
    sparse = np.zeros([2 * length for length in wide.shape])
    sparse[::2, ::2] = wide
    return cv2.sepFilter2D(sparse, -1, 2 * TAPS, 2 * TAPS)[2:-2, 2:-2][: size[0], : size[1]]


def classical(ir, vis):
    """Bands chosen softly by magnitude, the brighter base: written without torch."""
    fused, bands = [], []
    planes = [ir.astype(np.float64), vis.astype(np.float64)]
    for _ in range(LEVELS):
        lows = [down(plane) for plane in planes]
        bands.append([p - up(low, p.shape) for p, low in zip(planes, lows, strict=True)])
        planes = lows
    unequal = (planes[0] - planes[1]) / (planes[0] + planes[1] + LEVEL)
    leaning = BRIGHTNESS * (planes[0] - planes[1]) + BLACK * unequal**NEARLY
    share = 1 / (1 + np.exp(-leaning))
    fused = share * planes[0] + (1 - share) * planes[1]
    for one, other in reversed(bands):
        sizes = [
            cv2.boxFilter(np.abs(band), -1, (3, 3), borderType=cv2.BORDER_CONSTANT)
            for band in (one, other)
        ]
        ratio = (sizes[0] - sizes[1]) / (sizes[0] + sizes[1] + LEVEL)
        share = 1 / (1 + np.exp(-SHARPNESS * ratio))
        fused = up(fused, one.shape) + share * one + (1 - share) * other
    return limited(fused, ir, vis)


def limited(fused, ir, vis):
    above = np.maximum(fused - np.maximum(ir, vis), 0)
    below = np.maximum(np.minimum(ir, vis) - fused, 0)
    room_above, room_below = (1 + FAINT - np.maximum(ir, vis)), np.minimum(ir, vis) + FAINT
    bent = above / np.hypot(1, above / room_above) - below / np.hypot(1, below / room_below)
    return fused - above + below + bent


@pytest.mark.parametrize("name", NAMES)
def test_untrained_it_is_the_classical_choice_of_the_stronger_detail(name, pair):
    """Borders apart: OpenCV repeats pixels there, the network blocks of 2x2."""
    wanted = classical(*pair)
    found = run(networks()[name](), *pair)
    assert np.abs(found - wanted)[8:-8, 8:-8].max() < 4e-3
    assert np.abs(found - wanted)[24:-24, 24:-24].mean() < 2e-4


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (61, 83)])
def test_untrained_equal_images_come_back(size, rng):
    image = rng.random(size, np.float32)
    net = networks()["thermeld-nano"]()
    assert np.abs(run(net, image, image) - image).max() < 1e-5


def test_equal_images_come_back_whatever_was_learned(pair):
    net = networks()["thermeld-nano"]()
    for head in net.heads:
        torch.nn.init.normal_(head.weight)
    for image in pair:
        assert np.abs(run(net, image, image) - image).max() < 1e-5
    assert np.abs(run(net, *pair) - classical(*pair)).mean() > 0.01


def test_the_result_stays_between_black_and_white_whatever_was_learned(rng):
    net = networks()["thermeld-nano"]()
    for head in net.heads:
        torch.nn.init.normal_(head.weight)
    for steps in (2, 256):  # black and white pixels alone, then every grey
        planes = [np.float32(rng.integers(0, steps, (64, 80)) / (steps - 1)) for _ in range(2)]
        fused = run(net, *planes)
        assert fused.min() > -1.1 * FAINT
        assert fused.max() < 1 + 1.1 * FAINT
        assert fused.std() > 0.2


def test_untrained_it_is_symmetric(pair):
    net = networks()["thermeld-nano"]()
    assert np.abs(run(net, *pair) - run(net, *pair[::-1])).max() < 1e-5


def test_heads_learn_though_they_begin_at_zero(pair):
    net = networks()["thermeld-nano"]()
    ir, vis = (torch.from_numpy(plane)[None, None] for plane in pair)
    net(ir, vis).square().mean().backward()
    assert all(head.weight.grad.abs().max() > 0 for head in net.heads)


def test_both_sizes_keep_to_their_budget():
    """8 K and 33 K parameters were asked for; multiply-adds are tested with all networks."""
    counts = [sum(p.numel() for p in networks()[name]().parameters()) for name in NAMES]
    assert counts[0] <= 8_000
    assert counts[1] <= 33_000
