"""Learning the matrix of `latlrr`: latent low-rank representation of sample patches.

    min |Z|_* + |L|_* + noise * |E|_1    such that    X = X Z + L X + E,

by inexact augmented Lagrange multipliers. L is kept: it maps a patch to its salient part.

Source: Liu & Yan, "Latent Low-Rank Representation for Subspace Segmentation and Feature
Extraction", ICCV 2011, algorithm 1, with the numbers of Li, Wu & Kittler, 2020.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_PENALTY, _PENALTY_GROWTH, _PENALTY_MOST = 1e-6, 1.1, 1e6
_TOLERANCE = 1e-6
_STEPS = 1000


def salient_map(samples: Matrix, *, noise: float = 0.4) -> Matrix:
    """The matrix L that maps a sample to its salient part.

    Every iterate of Z lies in the row space of the samples, so it is kept as `z` with
    Z = rows' z; the singular values are then those of a small matrix and a step takes
    milliseconds.

    Args:
        samples: (features, count), one a column, with at least as many columns as rows.
        noise: weight of the sparse error E (lambda).

    Returns:
        (features, features).
    """
    left, strength, rows = np.linalg.svd(samples, full_matrices=False)
    inner = (left * strength).T  # samples' = rows' inner
    features = len(samples)
    salient = np.zeros((features, features))
    z, error = np.zeros_like(rows), np.zeros_like(samples)
    first, second, third = np.zeros_like(samples), np.zeros_like(rows), np.zeros_like(salient)
    inverse_z = np.linalg.inv(inner @ inner.T + np.eye(features))
    inverse_salient = np.linalg.inv(samples @ samples.T + np.eye(features))
    penalty = _PENALTY
    for _ in range(_STEPS):
        low_z = shrunk_values(z + second / penalty, 1 / penalty)
        low_salient = shrunk_values(salient + third / penalty, 1 / penalty)
        rest = samples - salient @ samples - error + first / penalty
        z = inverse_z @ (inner @ rest + low_z - second / penalty)
        rest = samples - inner.T @ z - error + first / penalty
        salient = (rest @ samples.T + low_salient - third / penalty) @ inverse_salient
        fit = samples - inner.T @ z - salient @ samples
        error = shrunk(fit + first / penalty, noise / penalty)
        gaps = fit - error, z - low_z, salient - low_salient
        first += penalty * gaps[0]
        second += penalty * gaps[1]
        third += penalty * gaps[2]
        if max(float(np.abs(gap).max()) for gap in gaps) < _TOLERANCE:
            break
        penalty = min(penalty * _PENALTY_GROWTH, _PENALTY_MOST)
    return salient


def shrunk(values: Matrix, amount: float) -> Matrix:
    """Each value moved towards zero by `amount`, and no further."""
    moved: Matrix = np.sign(values) * np.maximum(np.abs(values) - amount, 0)
    return moved


def shrunk_values(matrix: Matrix, amount: float) -> Matrix:
    """The matrix with its singular values shrunk."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    product: Matrix = (left * np.maximum(values - amount, 0)) @ right
    return product
