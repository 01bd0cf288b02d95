import numpy as np
import pytest

from thermeld.methods.convcode import decode, encode, spectra
from thermeld.methods.convdict import unit


@pytest.fixture
def filters(rng):
    return unit(rng.standard_normal((4, 5, 5)))


def test_a_single_code_decodes_to_its_filter_at_its_place(filters):
    maps = np.zeros((4, 20, 31))
    maps[2, 6, 9] = 3.0
    image = decode(spectra(filters, (20, 31)), maps)
    np.testing.assert_allclose(image[6:11, 9:14], 3.0 * filters[2], atol=1e-12)
    assert np.sum(np.abs(image)) == pytest.approx(3.0 * np.sum(np.abs(filters[2])))


def test_filters_larger_than_the_image_wrap_around(filters):
    maps = np.ones((4, 1, 2))
    image = decode(spectra(filters, (1, 2)), maps)
    np.testing.assert_allclose(image, np.sum(filters), atol=1e-12)


def test_codes_are_sparse_and_explain_the_image(rng, filters):
    maps = np.zeros((4, 32, 30))
    maps[rng.integers(4, size=12), rng.integers(32, size=12), rng.integers(30, size=12)] = 1.0
    transfer = spectra(filters, (32, 30))
    image = decode(transfer, maps)
    codes = encode(transfer, image, sparsity=0.01)
    assert np.mean(codes != 0) < 0.1
    assert np.linalg.norm(decode(transfer, codes) - image) < 0.1 * np.linalg.norm(image)


def test_codes_meet_the_conditions_of_the_optimum(rng, filters):
    transfer, image = spectra(filters, (24, 24)), 0.1 * rng.standard_normal((24, 24))
    codes = encode(transfer, image, sparsity=0.01)
    rest = np.fft.rfft2(image - decode(transfer, codes))
    slope = np.fft.irfft2(np.conj(transfer) * rest, s=image.shape)
    assert np.abs(slope).max() < 0.01 * 1.1
    np.testing.assert_allclose(slope[codes > 0.01], 0.01, atol=2e-3)


def test_nothing_is_coded_by_nothing(filters):
    assert not encode(spectra(filters, (9, 9)), np.zeros((9, 9)), sparsity=0.01).any()
