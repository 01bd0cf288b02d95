"""Nuclear norms of very many small matrices at once, in single precision.

LAPACK spends most of its time on calls when a matrix has 8x8 numbers. Here each step of the
textbook is done for thousands of matrices together: Householder reflections bring them to two
diagonals, and root-free QR steps find the squared singular values.

Source: Golub & Van Loan, "Matrix Computations", sec. 5.4 (bidiagonalisation); Reinsch, "A stable,
rational QR algorithm for the computation of the eigenvalues of an Hermitian, tridiagonal
matrix", Math. Comp. 25, 1971, with the Pal-Walker-Kahan form of its inner loop.
"""

from typing import cast

import numpy as np

from thermeld.methods.planes import Plane

_BLOCK = 4096  # matrices in work at a time: large enough to hide the cost of a call
_STEPS = (5, 3, 2, 2, 1, 1, 1)  # of QR for each value; the first ones prepare the later ones
_LEAST = np.float32(1e-36)  # stands for zero where one divides
_LIFT = np.float32(1e6)  # on the squares: keeps squares of squares of rounding above _LEAST


def nuclear_norms(matrices: Plane) -> Plane:
    """Sums of singular values of float32 matrices, right to 1e-3 of each sum on average.

    Args:
        matrices: (side, side, count) with a side of at most 8; the count runs fastest.
    """
    scale = np.sqrt(np.einsum("ijn,ijn->n", matrices, matrices))
    unit = 1 / np.maximum(scale, _LEAST)
    norms = np.empty_like(scale)
    for start in range(0, matrices.shape[2], _BLOCK):
        block = slice(start, start + _BLOCK)
        squares = _squared_values(*_bidiagonal(matrices[:, :, block] * unit[block]))
        norms[block] = np.sqrt(squares).sum(axis=0)
    return cast(Plane, scale * norms)


def _bidiagonal(matrices: Plane) -> tuple[Plane, Plane]:
    """Squares of the two diagonals, (side, count) and (side - 1, count); works in place."""
    side = len(matrices)
    diagonal, beside = np.empty_like(matrices[0]), np.empty_like(matrices[0, 1:])
    for step in range(side):
        diagonal[step] = _reflect(matrices[step:, step:])
        if step + 1 < side:
            beside[step] = _reflect(matrices[step:, step + 1 :].swapaxes(0, 1))
    return diagonal, beside


def _reflect(block: Plane) -> Plane:
    """Clear the first column of a block below its top; returns the square of what remains."""
    column, rest = block[:, 0], block[:, 1:]
    squared: Plane = np.einsum("rn,rn->n", column, column)
    if rest.shape[1] == 0:
        return squared
    head = column[0]
    norm = np.sqrt(squared)
    mirror = column.copy()
    mirror[0] += np.copysign(norm, head)
    inner = np.einsum("rn,rcn->cn", mirror, rest)
    inner /= np.maximum(squared + np.abs(head) * norm, _LEAST)
    rest -= mirror[:, None] * inner
    return squared


def _squared_values(diagonal: Plane, beside: Plane) -> Plane:
    """Eigenvalues of B' B from the squares of B's diagonals, (side, count), at least 0."""
    values = diagonal * _LIFT
    values[1:] += beside * _LIFT
    squares = diagonal[:-1] * beside * _LIFT**2  # of the tridiagonal matrix's off-diagonal
    for top in range(len(squares)):
        for _ in range(_STEPS[len(_STEPS) - len(squares) + top]):
            _qr_step(values[top:], squares[top:])
    return cast(Plane, np.maximum(values, 0) / _LIFT)


def _qr_step(values: Plane, squares: Plane) -> None:
    """One QR step, in place, that drives squares[0] to zero and values[0] to an eigenvalue."""
    shift = _shift(values, squares)
    gamma = values[-1] - shift
    push = gamma * gamma
    cosine, sine = np.ones_like(shift), np.zeros_like(shift)
    for row in range(len(squares) - 1, -1, -1):
        total = np.maximum(push + squares[row], _LEAST)
        if row + 1 < len(squares):
            squares[row + 1] = sine * total
        before, cosine, sine = cosine, push / total, squares[row] / total
        kept, here = gamma, values[row]
        gamma = cosine * (here - shift) - sine * kept
        values[row + 1] = kept + (here - gamma)
        turned = gamma * gamma / np.maximum(cosine, _LEAST)
        push = np.where(cosine > _LEAST, turned, before * squares[row])
    squares[0] = sine * push
    values[0] = shift + gamma


def _shift(values: Plane, squares: Plane) -> Plane:
    """Wilkinson's: the eigenvalue of the leading 2x2 block that is nearer its corner."""
    half = (values[1] - values[0]) / 2
    root = half + np.copysign(np.sqrt(half * half + squares[0]), half)
    shift: Plane = values[0] - squares[0] / np.where(np.abs(root) > _LEAST, root, 1)
    return shift
