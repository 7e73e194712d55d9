"""Means and mean squares that neither overflow nor vanish, and stay exact beside a large level.

Values are divided by the power of two just above their largest magnitude, which changes no digit of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def times_power(values: NDArray[np.float64], exponents: NDArray[Any]) -> NDArray[np.float64]:
    """Multiply by powers of two, exactly; infinite past what a float64 holds.

    Parameters
    ----------
    values : ndarray of shape (..., k), float64
        Numbers.
    exponents : ndarray of shape (k,), int
        The powers.

    Returns
    -------
    ndarray of shape (..., k)
        values · 2**exponents.
    """
    with np.errstate(over="ignore"):
        product: NDArray[np.float64] = np.ldexp(values, exponents)
    return product


class MeanSquare(NamedTuple):
    """Mean squares written as mantissa · 4**exponent: their ratios exist where they themselves overflow.

    Parameters
    ----------
    mantissa : ndarray of shape (k,), float64
        A mean square of values up to 1.
    exponent : ndarray of shape (k,), int
        The power of two that those values were divided by.
    """

    mantissa: NDArray[np.float64]
    exponent: NDArray[Any]

    def value(self) -> NDArray[np.float64]:
        """Give the mean squares, infinite where they are past what a float64 holds."""
        return times_power(self.mantissa, 2 * self.exponent)

    def root(self) -> NDArray[np.float64]:
        """Give their square roots."""
        return times_power(np.sqrt(self.mantissa), self.exponent)

    def over(self, other: MeanSquare) -> NDArray[np.float64]:
        """Divide by others: infinite over 0, nan for 0 over 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.mantissa / other.mantissa
        return times_power(ratio, 2 * (self.exponent - other.exponent))


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average each column, exactly for a constant one.

    Parameters
    ----------
    values : ndarray of shape (n, k)
        Finite numbers, n at least 1.
    weights : ndarray of shape (n,)
        Weights between 0 and 1, not all 0.

    Returns
    -------
    ndarray of shape (k,)
        The means.
    """
    exponents = exponent_of(values)
    scaled = times_power(values, -exponents)
    return times_power(scaled[0] + plain_mean(scaled - scaled[0], weights), exponents)


def deviation(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the standard deviation of each column: exactly 0 for a constant one.

    Parameters
    ----------
    values, weights
        As for `weighted_mean`.

    Returns
    -------
    ndarray of shape (k,)
        The standard deviations, of the population (divided by the sum of weights).
    """
    return variance(values, weights).root()


def variance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> MeanSquare:
    """Measure the variance of each column, about its weighted mean.

    Parameters
    ----------
    values, weights
        As for `weighted_mean`.

    Returns
    -------
    MeanSquare
        The variances.
    """
    # Differences from the first value are exact for a constant column, and small beside a large level.
    exponents = exponent_of(values)
    shifted = times_power(values, -exponents)
    shifted = shifted - shifted[0]
    square = mean_square(shifted - plain_mean(shifted, weights), weights)
    return square._replace(exponent=square.exponent + exponents)


def mean_square(values: NDArray[np.float64], weights: NDArray[np.float64]) -> MeanSquare:
    """Average the squares of each column.

    Parameters
    ----------
    values, weights
        As for `weighted_mean`.

    Returns
    -------
    MeanSquare
        The mean squares.
    """
    exponents = exponent_of(values)
    return MeanSquare(plain_mean(times_power(values, -exponents) ** 2, weights), exponents)


def plain_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average each column of values that are near 1.

    Parameters
    ----------
    values, weights
        As for `weighted_mean`.

    Returns
    -------
    ndarray of shape (k,)
        The means.
    """
    mean: NDArray[np.float64] = weights @ values / weights.sum()
    return mean


def exponent_of(values: NDArray[np.float64]) -> NDArray[Any]:
    """Find, for each column, the power of two just above its largest magnitude.

    Parameters
    ----------
    values : ndarray of shape (n, k)
        Numbers; NaN counts as 0.

    Returns
    -------
    ndarray of shape (k,), int
        The exponents.
    """
    exponents: NDArray[Any] = np.frexp(np.abs(np.nan_to_num(values, copy=True)).max(axis=0))[1]
    return exponents
