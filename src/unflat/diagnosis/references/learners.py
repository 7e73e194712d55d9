"""Learners of different kinds, each quick on a table of a thousand rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsRegressor

from unflat.baselines.leave_one_out import fit_ridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = NDArray[np.float64]

RIDGE = "ridge"
NEIGHBOURS = "nearest neighbours"
SMOOTH = "a smooth kernel"
TREES = "boosted trees"
ECHOES = "an echo state network"

_PENALTIES = np.logspace(-6, 6, 13)
_MOST_COLUMNS = 256
"""Columns that neighbours and trees are given, the first ones: more take long, and blur what is near."""

_MOST_ROWS = 400
"""Rows that the kernel learns from, evenly taken: its time grows with their third power."""

_WIDTHS = (0.5, 2.0, 8.0)
"""Widths of the kernel that are tried, in the median squared distance of two rows."""

_KERNEL_PENALTIES = np.logspace(-6, 0, 7)
_NEIGHBOURS = 10
_TREES = 60
_LEAVES = 8
_BINS = 64


class Learner(Protocol):
    """Something that learns from a table, and predicts for another."""

    def __call__(self, columns: Table, y: Table, asked: Table) -> Table:
        """Learn y of shape (n, k) from columns of shape (n, p); predict for those asked, (m, p), as (m, k)."""


def ridge(columns: Table, y: Table, asked: Table) -> Table:
    """Predict with a straight line, its penalty chosen by the leave-one-out error of each output."""
    fit = fit_ridge(columns.copy(), y, np.ones(len(y)), len(y) * _PENALTIES)
    return asked @ fit.coefficients + fit.intercept


def neighbours(columns: Table, y: Table, asked: Table) -> Table:
    """Predict the mean of the ten nearest."""
    columns, asked = columns[:, :_MOST_COLUMNS], asked[:, :_MOST_COLUMNS]
    learner = KNeighborsRegressor(min(_NEIGHBOURS, len(y)), algorithm="brute")
    prediction: Table = learner.fit(columns, y).predict(asked)
    return prediction


def smooth(columns: Table, y: Table, asked: Table) -> Table:
    """Predict with a smooth function: ridge in the space of a Gaussian kernel.

    The mean of a Gaussian process (Rasmussen & Williams 2006, equation 2.25). Width and penalty are those with the
    least leave-one-out error (their equation 5.12).
    """
    kept = np.unique(np.linspace(0, len(y) - 1, min(len(y), _MOST_ROWS)).astype(np.int64))
    columns, y = columns[kept], y[kept]
    center = y.mean(axis=0)
    apart = _squared_distances(columns, columns)
    typical = float(np.median(apart)) or 1.0
    fits = (_kernel_fit(np.exp(-apart / (width * typical)), y - center, width) for width in _WIDTHS)
    _, width, weights = min(fits, key=lambda fit: fit[0])
    prediction: Table = center + np.exp(-_squared_distances(asked, columns) / (width * typical)) @ weights
    return prediction


def _kernel_fit(kernel: Table, y: Table, width: float) -> tuple[float, float, Table]:
    """Give the leave-one-out error of the best penalty, the width, and the weights of the rows."""
    values, vectors = np.linalg.eigh(kernel)
    turned = vectors.T @ y
    shrunk = 1 / (np.maximum(values, 0)[:, None] + len(y) * _KERNEL_PENALTIES)
    weights = [vectors @ (column[:, None] * turned) for column in shrunk.T]
    left_out = vectors**2 @ shrunk
    errors = [float(np.mean((found / left_out[:, [place]]) ** 2)) for place, found in enumerate(weights)]
    best = int(np.argmin(errors))
    return errors[best], width, weights[best]


def _squared_distances(first: Table, second: Table) -> Table:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    apart: Table = np.maximum(squares, 0.0)
    return apart


def trees(columns: Table, y: Table, asked: Table) -> Table:
    """Predict with sixty boosted trees of eight leaves, for each output anew."""
    columns, asked = columns[:, :_MOST_COLUMNS], asked[:, :_MOST_COLUMNS]
    learner = HistGradientBoostingRegressor(
        max_iter=_TREES, max_leaf_nodes=_LEAVES, max_bins=_BINS, min_samples_leaf=min(20, max(len(y) // 10, 1)),
        early_stopping=False, random_state=0,
    )  # fmt: skip
    return np.column_stack([learner.fit(columns, output).predict(asked) for output in y.T])
