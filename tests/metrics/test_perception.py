from math import isnan

import numpy as np
import pytest

from thermeld.metrics import score


def only(name, images):
    return score(*images, metrics=[name])[name]


@pytest.fixture(params=[(40, 36), (33, 47)], ids=str)
def images(request, rng):
    return [rng.integers(20, 200, request.param, dtype=np.uint8) for _ in range(3)]


def stretched(image):
    low, high = int(image.min()), int(image.max())
    return np.floor((image - float(low)) / (high - low) * 255 + 0.5)


def filtered(values, per, response):
    """By the centred spectrum, as the definition has it."""
    rows, cols = values.shape
    v, u = ((np.arange(n) - n // 2) * 2 / n * n / per for n in (rows, cols))
    r = np.hypot(v[:, None], u[None, :])
    spectrum = np.fft.fftshift(np.fft.fft2(values)) * response(r)
    return np.fft.ifft2(np.fft.ifftshift(spectrum)).real


def windowed(values, kernel):
    around = np.pad(values, len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(around, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def contrast(image):
    def response(r):
        return np.exp(-((r / 15.3870) ** 2)) - 0.7622 * np.exp(-((r / 1.3456) ** 2))

    y = filtered(stretched(image), 30, response)
    x = np.arange(-15, 16)
    bells = (np.exp(-(x[:, None] ** 2 + x**2) / (2 * s**2)) / (2 * np.pi * s**2) for s in (2, 4))
    inner, outer = (windowed(y, bell) for bell in bells)
    c = np.abs(inner / outer - 1)
    return c**3 / (c**2 + 0.0001)


def test_qcb_is_its_definition(images):
    ir, vis, fused = (contrast(image) for image in images)
    kept = sum(s**2 * np.minimum(s, fused) / np.maximum(s, fused) for s in (ir, vis))
    assert only("Qcb", images) == pytest.approx(np.mean(kept / (ir**2 + vis**2)), rel=1e-9)


def blocks(values):
    rows, cols = (-(-length // 16) for length in values.shape)
    full = np.zeros((16 * rows, 16 * cols))
    full[: values.shape[0], : values.shape[1]] = values
    return full.reshape(rows, 16, cols, 16).sum(axis=(1, 3))


def mannos(r):
    return 2.6 * (0.0192 + 0.144 * r) * np.exp(-((0.144 * r) ** 1.1))


def test_qcv_is_its_definition(images):
    ir, vis, fused = (stretched(image) for image in images)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    error = weight = 0.0
    for source in (ir, vis):
        salience = blocks(np.hypot(windowed(source, kernel), windowed(source, kernel.T)) ** 5)
        seen = filtered(source - fused, 8, mannos)
        error += (salience * blocks(seen**2) / 256).sum()
        weight += salience.sum()
    assert only("Qcv", images) == pytest.approx(error / weight, rel=1e-9)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_constant_image_has_no_contrast_to_keep(images, place):
    images[place][:] = 128
    assert isnan(only("Qcb", images))
    assert isnan(only("Qcv", images))


def test_a_black_source_can_be_compared_but_has_no_say(images):
    images[1][:] = 0
    assert only("Qcv", images) > 0.0
