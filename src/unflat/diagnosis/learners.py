"""Three learners of different kinds, each quick on a table of a thousand rows."""

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
TREES = "boosted trees"

_PENALTIES = np.logspace(-6, 6, 13)
_MOST_COLUMNS = 256
"""Columns that neighbours and trees are given, the first ones: more take long, and blur what is near."""

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


def trees(columns: Table, y: Table, asked: Table) -> Table:
    """Predict with sixty boosted trees of eight leaves, for each output anew."""
    columns, asked = columns[:, :_MOST_COLUMNS], asked[:, :_MOST_COLUMNS]
    learner = HistGradientBoostingRegressor(
        max_iter=_TREES, max_leaf_nodes=_LEAVES, max_bins=_BINS, min_samples_leaf=min(20, max(len(y) // 10, 1)),
        early_stopping=False, random_state=0,
    )  # fmt: skip
    return np.column_stack([learner.fit(columns, output).predict(asked) for output in y.T])
