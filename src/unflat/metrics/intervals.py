"""How good intervals are: the share of targets inside, the mean width, and one score that weighs both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite, isnan, nan
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.errors import ConfigurationError, InputError
from unflat.metrics.pairs import check_shapes, checked_weights, real_numbers, refuse_not_finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class IntervalScores:
    """The scores of one output's intervals.

    Parameters
    ----------
    asked : float
        The coverage that was asked for.
    coverage : float
        The share of targets that lie inside, bounds included.
    width : float
        Mean distance of the bounds, in the target's units; infinite if one is.
    score : float
        The interval score (Gneiting & Raftery, Journal of the American Statistical Association 102, 2007, equation
        43; also Winkler 1972), in the target's units: the width, and for a target outside 2 / (1 - asked) times how
        far outside, on average. Less is better.
    """

    asked: float
    coverage: float
    width: float
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold, as `Assessment.to_dict` does: nan is None, an infinite one 'inf'."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> IntervalScores:
        """Read what `to_dict` gave."""
        return cls(**{name: nan if value is None else float(value) for name, value in values.items()})


def _plain(value: float) -> float | str | None:
    if isfinite(value):
        return value
    return None if isnan(value) else str(value)


def score_intervals(
    y: ArrayLike, lower: ArrayLike, upper: ArrayLike, asked: float, sample_weight: ArrayLike | None = None
) -> tuple[IntervalScores, ...]:
    """Score intervals, output by output.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        Targets, finite.
    lower, upper : array-like of the same shape
        The bounds; they may be infinite, and must not cross.
    asked : float
        The coverage that was asked for, in (0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights, not negative; a weight of 2 counts as the sample given twice.

    Returns
    -------
    tuple of IntervalScores
        One for each output.

    Raises
    ------
    InputTypeError, ShapeError, TooFewSamplesError
        As `mse` raises them.
    NonFiniteError
        If a target or a weight is not finite.
    InputError
        If a bound is NaN, a lower one lies above the upper one, a weight is negative, or all are 0.
    ConfigurationError
        If `asked` is not a coverage.
    """
    if not _is_coverage(asked):
        raise ConfigurationError("score_intervals", "asked", "a number in (0, 1)", asked)
    targets = real_numbers(y, "The target")
    low, high = real_numbers(lower, "The lower bound"), real_numbers(upper, "The upper bound")
    check_shapes(targets, low, "The lower bound")
    check_shapes(targets, high, "The upper bound")
    refuse_not_finite(targets, "The target")
    if not (low <= high).all():
        raise InputError(
            "The intervals", "lower bounds that are not above the upper ones", "bounds that cross, or are NaN",
            "Give the lower bound first.",
        )  # fmt: skip
    weights = checked_weights(sample_weight, len(targets))
    counted = weights > 0  # where not, an infinite bound would be 0 times infinity
    y_columns, lows, highs = (values.reshape(len(targets), -1)[counted].T for values in (targets, low, high))
    return tuple(_of_output(*column, asked, weights[counted]) for column in zip(y_columns, lows, highs, strict=True))


def _is_coverage(asked: object) -> bool:
    return not isinstance(asked, bool) and isinstance(asked, Real) and 0 < float(asked) < 1


def _of_output(
    y: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], asked: float, weights: NDArray[Any]
) -> IntervalScores:
    outside = np.maximum(np.maximum(low - y, y - high), 0.0)
    width, beyond = np.average(high - low, weights=weights), np.average(outside, weights=weights)
    return IntervalScores(
        asked,
        float(np.average(outside == 0, weights=weights)),
        float(width),
        float(width + 2 / (1 - asked) * beyond),
    )
