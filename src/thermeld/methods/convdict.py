"""Learning the filters of `csr`: a convolutional dictionary.

    min over d, X   0.5 |sum_m d_m * X_m - image|^2 + sparsity * sum_m |X_m|_1,   |d_m| = 1

summed over images. Filters begin as the commonest shapes of patches, found by clustering their
directions; then codes and filters take turns: the codes by a few steps of `convcode.encode`, the
filters by projected gradients.

Source: Garcia-Cardona & Wohlberg, "Convolutional Dictionary Learning: A Comparative Review and
New Algorithms", IEEE Trans. Comput. Imaging 4(3), 2018, sec. III.
"""

import numpy as np

from thermeld.methods.convcode import Maps, decode, encode, spectra
from thermeld.methods.planes import Plane

_CLUSTERINGS = 30


def commonest_shapes(patches: Plane, count: int, rng: np.random.Generator) -> Plane:
    """Directions in which patches cluster, up to sign, (count, pixels) of unit norm.

    Args:
        patches: (samples, pixels); long ones count for more.
        count: of directions.
        rng: draws the patches to begin with.
    """
    shapes = unit(patches[rng.choice(len(patches), count, replace=False)])
    for _ in range(_CLUSTERINGS):
        likeness = patches @ shapes.T
        nearest = np.argmax(np.abs(likeness), axis=1)
        for index in range(count):
            chosen = patches[nearest == index]
            if len(chosen):
                shapes[index] = np.linalg.svd(chosen, full_matrices=False)[2][0]
    return shapes


def refined(
    filters: Maps, images: list[Plane], *, sparsity: float, rounds: int, steps: int
) -> Maps:
    """The filters after some rounds of coding the images and following the error's slope.

    Args:
        filters: (count, side, side) of unit norm.
        images: without their low-pass.
        sparsity: weight of the codes' magnitudes.
        rounds: how often codes and filters take turns.
        steps: of coding in each round.
    """
    for _ in range(rounds):
        slope, steepest = np.zeros_like(filters), 0.0
        for image in images:
            transfer = spectra(filters, _size(image))
            maps = encode(transfer, image, sparsity=sparsity, steps=steps)
            coded = np.fft.rfft2(maps)
            error = np.fft.rfft2(decode(transfer, maps) - image)
            gradient = np.fft.irfft2(np.conj(coded) * error, s=image.shape)
            slope += gradient[:, : filters.shape[1], : filters.shape[2]]
            steepest += float(np.sum(np.abs(coded) ** 2, axis=0).max())
        filters = unit(filters - slope / max(steepest, 1e-12))
    return filters


def unit(filters: Maps) -> Maps:
    """Filters (or patches) of norm one; a filter of zeros stays."""
    flat = filters.reshape(len(filters), -1)
    norms = np.sqrt(np.sum(flat**2, axis=1, keepdims=True))
    scaled: Maps = (flat / np.maximum(norms, 1e-12)).reshape(filters.shape)
    return scaled


def _size(image: Plane) -> tuple[int, int]:
    return image.shape[0], image.shape[1]
