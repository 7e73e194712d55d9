"""Scores of predictions: what each protocol reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Scores = dict[str, float]
    Measure = Callable[[NDArray[np.float64], NDArray[np.float64]], Scores]


def mean_square(error: NDArray[np.float64]) -> float:
    """Average the squares of errors of any shape."""
    return float(np.mean(np.square(error)))


def root_mean_square(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
    """Score by the root mean squared error, in the target's units."""
    return {"RMSE": mean_square(prediction - y) ** 0.5}


def mean_absolute(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
    """Score by the mean absolute error, in the target's units."""
    return {"MAE": float(np.mean(np.abs(prediction - y)))}


def mean_squared(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
    """Score by the mean squared error, in the square of the target's units."""
    return {"MSE": mean_square(prediction - y)}


def normalized(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
    """Score by the root mean squared error over the standard deviation of the test targets: 1 for their mean."""
    return {"NRMSE": mean_square(prediction - y) ** 0.5 / float(np.std(y))}


def scaled_by(deviation: float) -> Measure:
    """Make a measure of the mean squared and mean absolute error on data divided by a number.

    Parameters
    ----------
    deviation : float
        The standard deviation of the training part, say.

    Returns
    -------
    callable
        The measure.
    """

    def measure(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
        error = (prediction - y) / deviation
        return {"MSE": mean_square(error), "MAE": float(np.mean(np.abs(error)))}

    return measure


def asymmetric_score(difference: NDArray[np.float64]) -> float:
    """Sum the scores of prognoses, where late is worse than early.

    Parameters
    ----------
    difference : ndarray
        Predicted minus true remaining useful life.

    Returns
    -------
    float
        The sum of exp(-d/13) - 1 for d < 0 and exp(d/10) - 1 otherwise (Saxena, Goebel, Simon & Eklund, Damage
        propagation modeling for aircraft engine run-to-failure simulation, PHM 2008).
    """
    return float(np.sum(np.expm1(np.where(difference < 0, -difference / 13, difference / 10))))
