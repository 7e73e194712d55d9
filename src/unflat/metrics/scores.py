"""The scores themselves, each from its formula, each output for itself."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from unflat.metrics.moments import plain_mean, times_power, variance
from unflat.metrics.pairs import paired

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from unflat.metrics.moments import MeanSquare
    from unflat.metrics.pairs import Pair

FLAT_SPREAD = 0.1
"""Below this spread predictions are called flat, where nobody knows what spread a good fit would have: one that
explains 1 % of the variance can just have it, and of 30 programs from public questions that failed, 20 were below."""

NEAR_ZERO = 0.01
"""A target of at most this share of the targets' mean magnitude is near zero, to a relative error."""


def mse(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Mean squared error, mean((y - prediction)²).

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        Targets, finite.
    prediction : array-like of the same shape
        Predictions.
    sample_weight : array-like of shape (n,), optional
        Weights, not negative; a weight of 2 counts as the sample given twice.

    Returns
    -------
    ndarray of shape (k,), float64
        One score per output, k = 1 for targets of shape (n,); nan where a prediction is not finite.

    Raises
    ------
    InputTypeError
        If something is not a real number.
    ShapeError
        If the shapes differ, in dimensions too: (n,) against (n, 1) would silently become (n, n).
    TooFewSamplesError
        If there is no sample.
    NonFiniteError
        If a target or a weight is not finite.
    InputError
        If a weight is negative, or all are 0.
    """
    return paired(y, prediction, sample_weight).mean_square_error().value()


def rmse(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Root mean squared error, in the units of the target.

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.

    Returns
    -------
    ndarray of shape (k,), float64
        One score per output.
    """
    return paired(y, prediction, sample_weight).mean_square_error().root()


def mae(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Mean absolute error, mean(|y - prediction|), in the units of the target.

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.

    Returns
    -------
    ndarray of shape (k,), float64
        One score per output.
    """
    return mae_of(paired(y, prediction, sample_weight))


def mape(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> tuple[float | None, ...]:
    """Mean absolute percentage error, mean(|y - prediction| / |y|), as a share: 0.05 is 5 %.

    An error relative to a target near zero says nothing about the prediction, and one such target decides the
    mean. So the score is undefined for an output if its smallest |y| is at most 1 % of its mean |y|
    (`NEAR_ZERO`). Where it is defined, it is less than 100 times MAE / mean(|y|).

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.

    Returns
    -------
    tuple of k float or None
        One score per output, None where it is undefined or a prediction is not finite.
    """
    return mape_of(paired(y, prediction, sample_weight))


def r2(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Coefficient of determination, 1 - MSE / variance of the targets.

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.

    Returns
    -------
    ndarray of shape (k,), float64
        One score per output: 1 is perfect, 0 no better than the mean of `y`; nan for a constant target.
    """
    return r2_of(paired(y, prediction, sample_weight))


def spread(y: ArrayLike, prediction: ArrayLike, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Spread, standard deviation of the predictions over that of the targets: near 0 for flat predictions.

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.

    Returns
    -------
    ndarray of shape (k,), float64
        One spread per output; a good fit has about √R². nan for a constant target.
    """
    return spread_of(paired(y, prediction, sample_weight))


def skill(
    y: ArrayLike, prediction: ArrayLike, baseline: ArrayLike, sample_weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Skill against a baseline, 1 - MSE / MSE of the baseline (Murphy 1988, Mon. Weather Rev. 116, 2417).

    Parameters
    ----------
    y, prediction, sample_weight
        As for `mse`, which raises the same errors.
    baseline : array-like of the same shape
        The baseline's predictions.

    Returns
    -------
    ndarray of shape (k,), float64
        One skill per output: 0.25 means an MSE 25 % lower than the baseline's, 0 or less means no better.
        Against a baseline without error it is 0 for predictions without error and -inf for others.
    """
    pair = paired(y, prediction, sample_weight)
    reference = paired(y, baseline, sample_weight, "The baseline")
    return skill_of(pair.mean_square_error(), reference.mean_square_error())


def mae_of(pair: Pair) -> NDArray[np.float64]:
    """Score a pair as `mae` does."""
    return times_power(plain_mean(np.abs(pair.errors()), pair.weights), pair.exponent)


def mape_of(pair: Pair) -> tuple[float | None, ...]:
    """Score a pair as `mape` does."""
    magnitude = np.abs(pair.y)
    defined = magnitude.min(axis=0) > NEAR_ZERO * plain_mean(magnitude, pair.weights)
    relative = np.abs(pair.errors()) / np.where(defined, magnitude, 1.0)
    shares = plain_mean(relative, pair.weights)
    defined &= ~np.isnan(shares)
    return tuple(float(share) if ok else None for share, ok in zip(shares, defined, strict=True))


def r2_of(pair: Pair) -> NDArray[np.float64]:
    """Score a pair as `r2` does."""
    total = variance(pair.y, pair.weights)
    total = total._replace(exponent=total.exponent + pair.exponent)
    return np.where(total.mantissa > 0, 1 - pair.mean_square_error().over(total), nan)


def spread_of(pair: Pair) -> NDArray[np.float64]:
    """Score a pair as `spread` does."""
    total = variance(pair.y, pair.weights)
    ratio = np.sqrt(variance(pair.prediction, pair.weights).over(total))
    return np.where(total.mantissa > 0, ratio, nan)


def skill_of(square: MeanSquare, reference: MeanSquare) -> NDArray[np.float64]:
    """Compare mean squared errors as `skill` does."""
    both_perfect = (square.mantissa == 0) & (reference.mantissa == 0)
    return np.where(both_perfect, 0.0, 1 - square.over(reference))
