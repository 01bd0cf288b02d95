import numpy as np

from thermeld.methods.convcode import decode, encode, spectra
from thermeld.methods.convdict import commonest_shapes, refined, unit


def test_clusters_are_found_up_to_sign(rng):
    truth = np.linalg.qr(rng.standard_normal((16, 3)))[0].T
    signs = rng.choice([-1.0, 1.0], (600, 1))
    patches = signs * truth[rng.integers(3, size=600)] + 0.05 * rng.standard_normal((600, 16))
    shapes = commonest_shapes(patches, 3, rng)
    likeness = np.abs(shapes @ truth.T).max(axis=1)
    assert np.sum(likeness > 0.99) >= 2  # clustering may merge two of three, never invent one


def test_refining_lowers_the_cost_and_keeps_unit_norm(rng):
    truth = unit(rng.standard_normal((3, 4, 4)))
    maps = (rng.random((3, 32, 32)) < 0.02) * rng.standard_normal((3, 32, 32))
    image = decode(spectra(truth, (32, 32)), maps)
    start = unit(truth + 0.3 * rng.standard_normal(truth.shape))
    better = refined(start, [image], sparsity=0.01, rounds=10, steps=30)
    np.testing.assert_allclose(np.sum(better**2, axis=(1, 2)), 1.0)

    def cost(filters):
        transfer = spectra(filters, (32, 32))
        codes = encode(transfer, image, sparsity=0.01)
        rest = image - decode(transfer, codes)
        return 0.5 * np.sum(rest**2) + 0.01 * np.sum(np.abs(codes))

    assert cost(better) < cost(start)
