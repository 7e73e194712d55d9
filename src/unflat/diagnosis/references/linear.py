"""A quick linear learner, for rules that ask whether other pairs or other steps hold a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict

from unflat.diagnosis.material.summaries import magnitude_one, standardized

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOLDS = 5
FEWEST = 20
"""Sequences below which no signal is looked for: a fold would have fewer than four."""


_PER_COLUMN = 4
"""Sequences for each column from which on every step has columns of its own."""

_MOST_COLUMNS = 128
"""Columns for steps, at the most: a rule tries a dozen pairings, and a regression on more takes a second each."""


def summary(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the first, the last and the mean step of sequences side by side, or all steps of short ones; standardized.

    How much a series swings shows in squares only: beside them stand the mean square of each feature's distance from
    its mean, or the squares of all steps where there is room for these, too.

    Parameters
    ----------
    values : ndarray of shape (n, T, F)
        Sequences; what is not finite counts as 0.

    Returns
    -------
    ndarray of shape (n, 4 F), or (n, T F + 2 F) where there are four sequences for each step, and no more than 128, or
        (n, 2 T F + F) where there are as many for twice the steps
        Columns for a linear learner.
    """
    n, steps, features = values.shape
    finite = np.where(np.isfinite(values), values, 0.0)
    room = min(_MOST_COLUMNS, n / _PER_COLUMN) // (steps * features)
    own = finite.reshape(n, -1) if room >= 1 else np.concatenate([finite[:, 0], finite[:, -1]], axis=1)
    squares = standardized(magnitude_one(finite).reshape(n * steps, features)).reshape(finite.shape) ** 2
    swings = squares.reshape(n, -1) if room > 1 else squares.mean(axis=1)
    return standardized(np.concatenate([own, finite.mean(axis=1), swings], axis=1))


def ranks(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put each column's order in place of its values, so that no extreme value decides a comparison."""
    return np.argsort(np.argsort(columns, axis=0, kind="stable"), axis=0, kind="stable").astype(np.float64)


def linear_r2(columns: NDArray[Any], y: NDArray[np.float64]) -> float:
    """Measure what a ridge regression explains of targets that it did not see: R² over five neighbouring folds.

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        What is known of each sequence.
    y : ndarray of shape (n, k)
        Targets, finite.

    Returns
    -------
    float
        Of the output that is explained best; 0 with fewer than `FEWEST` sequences.
    """
    if len(y) < FEWEST:
        return 0.0
    targets = standardized(y)
    predicted = cross_val_predict(RidgeCV(np.logspace(-3, 3, 7)), standardized(columns), targets, cv=KFold(_FOLDS))
    error = np.mean((targets - predicted.reshape(targets.shape)) ** 2, axis=0)
    return float(np.max(1 - error, initial=0.0))


def squared_correlation(y: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    """Square the correlation of two columns: the R² of a straight line from one to the other; 0 for a constant."""
    if not (np.isfinite(x).all() and y.std() > 0 and x.std() > 0):
        return 0.0
    centered, about = y - y.mean(), x - x.mean()
    return float(np.mean(centered * about) / (y.std() * x.std())) ** 2
