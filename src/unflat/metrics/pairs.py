"""Targets beside predictions, of one shape and checked, ready to be scored."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unflat._arrays import as_array, off_the_graph
from unflat.errors import InputError, InputTypeError, NonFiniteError, ShapeError, TooFewSamplesError
from unflat.metrics.moments import MeanSquare, exponent_of, mean_square, times_power

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Pair(NamedTuple):
    """Targets and predictions of the samples that count.

    Parameters
    ----------
    y, prediction : ndarray of shape (n, k), float64
        Divided by 2**exponent; a prediction that is not finite is nan.
    exponent : ndarray of shape (k,), int
        The power of two of each output.
    weights : ndarray of shape (n,), float64
        Between 0 and 1, none of them 0.
    """

    y: NDArray[np.float64]
    prediction: NDArray[np.float64]
    exponent: NDArray[Any]
    weights: NDArray[np.float64]

    def errors(self) -> NDArray[np.float64]:
        """Subtract the predictions from the targets."""
        return self.y - self.prediction

    def mean_square_error(self) -> MeanSquare:
        """Average the squared errors, in the target's own units."""
        square = mean_square(self.errors(), self.weights)
        return square._replace(exponent=square.exponent + self.exponent)


def paired(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None, name: str = "The prediction") -> Pair:
    """Check targets and predictions and bring them side by side.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        Targets, finite.
    prediction : array-like of the same shape
        Predictions.
    sample_weight : array-like of shape (n,), optional
        Weights, not negative.
    name : str
        What to call the prediction in messages.

    Returns
    -------
    Pair
        The samples of positive weight.

    Raises
    ------
    InputTypeError
        If something is not a real number.
    ShapeError
        If the shapes differ, in dimensions too.
    TooFewSamplesError
        If there is no sample.
    NonFiniteError
        If a target or a weight is not finite.
    InputError
        If a weight is negative, or all are 0.
    """
    targets, predicted = real_numbers(y, "The target"), real_numbers(prediction, name)
    check_shapes(targets, predicted, name)
    refuse_not_finite(targets, "The target")
    weights = checked_weights(sample_weight, len(targets))
    counted = weights > 0
    y_columns = targets.reshape(len(targets), -1)[counted]
    p_columns = predicted.reshape(len(targets), -1)[counted]
    p_columns = np.where(np.isfinite(p_columns), p_columns, nan)
    exponent = np.maximum(exponent_of(y_columns), exponent_of(p_columns))
    return Pair(times_power(y_columns, -exponent), times_power(p_columns, -exponent), exponent, weights[counted])


def checked_weights(sample_weight: ArrayLike | None, n: int) -> NDArray[np.float64]:
    """Check weights and divide them by the largest.

    Parameters
    ----------
    sample_weight : array-like of shape (n,) or None
        Weights, not negative; None gives every sample the same.
    n : int
        How many samples there are.

    Returns
    -------
    ndarray of shape (n,), float64
        Weights between 0 and 1.

    Raises
    ------
    ShapeError
        If there is not one weight per sample.
    NonFiniteError
        If a weight is NaN or infinite.
    InputError
        If a weight is negative, or all are 0.
    """
    if sample_weight is None:
        return np.ones(n)
    weights = real_numbers(sample_weight, "The sample weight")
    if weights.shape != (n,):
        raise ShapeError("The sample weight", f"shape ({n},)", weights.shape, "Give one weight per sample.")
    refuse_not_finite(weights, "The sample weight")
    low, high = weights.min(), weights.max()
    if low < 0 or high == 0:
        raise InputError(
            "The sample weight",
            "weights of at least 0, one of them positive",
            f"weights between {low:g} and {high:g}",
            "Weigh a sample by 0 to leave it out.",
        )
    shares: NDArray[np.float64] = weights / high
    return shares


def real_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Take values as numbers.

    Parameters
    ----------
    values : array-like
        As given.
    name : str
        What to call them in messages.

    Returns
    -------
    ndarray, float64
        Of the same shape.

    Raises
    ------
    InputTypeError
        If they are text, times, complex or of unequal lengths.
    """
    try:
        array = as_array(off_the_graph(values))
        if array.dtype.kind not in "cmM":
            return array.astype(np.float64, copy=False)
        received = f"values of type {array.dtype}"
    except (TypeError, ValueError) as error:
        received = f"values that are not: {error}"
    raise InputTypeError(name, "real numbers", received, "Encode it as numbers.")


def check_shapes(targets: NDArray[np.float64], predicted: NDArray[np.float64], name: str) -> None:
    """Insist that there are targets, and something of the same shape beside them.

    Parameters
    ----------
    targets, predicted : ndarray
        What is compared.
    name : str
        What to call the latter in messages.

    Raises
    ------
    ShapeError
        If the shapes differ, in dimensions too, or targets have other dimensions than (n,) or (n, k).
    TooFewSamplesError
        If there is no sample.
    """
    if targets.ndim not in {1, 2}:
        raise ShapeError(
            "The target", "shape (n,) or (n, k)", targets.shape, "Give a row per sample, a column per output."
        )
    if predicted.shape != targets.shape:
        raise ShapeError(
            name,
            f"the target's shape {targets.shape}",
            predicted.shape,
            "Bring both to one shape: (n,) against (n, 1) would compare each sample with all others.",
        )
    if targets.size == 0:
        raise TooFewSamplesError("The target", 1, 0)


def refuse_not_finite(values: NDArray[np.float64], name: str) -> None:
    """Raise if a value is NaN or infinite.

    Parameters
    ----------
    values : ndarray
        Numbers.
    name : str
        What to call them in messages.

    Raises
    ------
    NonFiniteError
        With their number and the first position.
    """
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        raise NonFiniteError(name, f"{len(wrong)} NaN or infinite", wrong[0].tolist(), "Leave these samples out.")
