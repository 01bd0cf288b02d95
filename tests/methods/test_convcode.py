import numpy as np
import pytest

from thermeld.methods.convcode import correlate, decode, encode, spectra
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
    slope = correlate(transfer, image - decode(transfer, codes))
    assert np.abs(slope).max() < 0.01 * 1.1
    np.testing.assert_allclose(slope[codes > 0.01], 0.01, atol=2e-3)


def test_nothing_is_coded_by_nothing(filters):
    assert not encode(spectra(filters, (9, 9)), np.zeros((9, 9)), sparsity=0.01).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (7, 1), (8, 9), (9, 8), (10, 6), (5, 5)])
def test_correlating_is_the_adjoint_of_decoding_at_any_size(rng, filters, size):
    transfer = spectra(filters, size)
    maps, image = rng.random((4, *size)), rng.random(size)
    forth, back = np.sum(decode(transfer, maps) * image), np.sum(correlate(transfer, image) * maps)
    assert forth == pytest.approx(back, rel=1e-10)


@pytest.mark.parametrize("size", [(1, 6), (7, 1), (8, 9), (9, 8), (10, 6), (5, 5)])
def test_codes_meet_the_conditions_of_the_optimum_at_any_size(rng, filters, size):
    transfer, image = spectra(filters, size), 0.1 * rng.standard_normal(size)
    slope = correlate(transfer, image - decode(transfer, encode(transfer, image, sparsity=0.01)))
    assert np.abs(slope).max() < 0.01 * 1.1


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("size", [(23, 29), (46, 32), (32, 46), (4, 3), (30, 32)], ids=str)
def test_decoding_is_circular_convolution_whether_or_not_a_side_is_quick(rng, count, size):
    filters, maps = rng.random((count, 5, 5)), rng.random((count, *size))
    direct = sum(
        tap * np.roll(plane, (row, col), axis=(0, 1))
        for each, plane in zip(filters, maps, strict=True)
        for (row, col), tap in np.ndenumerate(each)
    )
    np.testing.assert_allclose(decode(spectra(filters, size), maps), direct, rtol=1e-12)


def test_codes_are_those_of_the_textbook_steps(rng, filters):
    """The published steps on whole complex spectra; two have one penalty, later ones may not."""
    size, sparsity, steps = (18, 23), 0.05, 2
    penalty = 100 * sparsity + 0.5
    transfer = np.fft.fft2(filters, s=size)
    image = rng.standard_normal(size)
    sparse, dual = np.zeros((2, 4, *size))
    for _ in range(steps):
        right = np.conj(transfer) * np.fft.fft2(image) + penalty * np.fft.fft2(sparse - dual)
        power = np.sum(np.abs(transfer) ** 2, axis=0)
        shared = np.sum(transfer * right, axis=0) / (power + penalty)
        exact = np.fft.ifft2((right - np.conj(transfer) * shared) / penalty).real
        relaxed = 1.8 * exact - 0.8 * sparse + dual
        sparse = np.sign(relaxed) * np.maximum(np.abs(relaxed) - sparsity / penalty, 0)
        dual = relaxed - sparse
    found = encode(spectra(filters, size), image, sparsity=sparsity, steps=steps)
    assert sparse.any()
    np.testing.assert_allclose(found, sparse, atol=1e-12)
