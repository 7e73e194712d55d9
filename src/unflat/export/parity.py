"""Whether an exported model predicts what the model predicts, to a hundred-thousandth of the target's spread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import ParityError
from unflat.sequences import Context, Sequences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.metrics import Assessment
    from unflat.network.arrays import InputArrays, PredictorArrays
    from unflat.scaling.ranges import InputRange

TOLERANCE = 1e-5
"""The largest accepted difference, in standard deviations of the target."""

_SEQUENCES, _LONGEST = 64, 32
_MISSING = 0.1
"""The share of values left out where training had missing ones."""


def draw_sequences(arrays: PredictorArrays, ranges: InputRange, beside: tuple[str, ...] = ()) -> Sequences:
    """Draw sequences of unequal length from the training's ranges, for want of a user's sample.

    Parameters
    ----------
    arrays : PredictorArrays
        Whose scales know the categories, and where training had missing values.
    ranges : InputRange
        The range of each raw feature in training, and of what stood beside sequences.
    beside : tuple of str
        What that is called.

    Returns
    -------
    Sequences
        64 of them, of 1 to 32 steps; the same for the same model. Numbers are uniform in their range, categories
        those that are known and one that is not, and a tenth of the values is missing where some were in training.
    """
    random = np.random.default_rng(0)
    lengths = random.integers(1, _LONGEST, size=_SEQUENCES, endpoint=True)
    lengths[:2] = 1, _LONGEST
    sequences = Sequences(_drawn(random, arrays.inputs, ranges, sum(lengths)), np.cumsum(lengths) - lengths, lengths)
    if arrays.context is None or ranges.context is None:
        return sequences
    values = _drawn(random, arrays.context, ranges.context, _SEQUENCES)
    categorical = tuple(np.unique(arrays.context.code_columns).tolist())
    return replace(sequences, context=(Context(values, np.arange(_SEQUENCES), 0, beside, categorical),))


def _drawn(random: np.random.Generator, scale: InputArrays, ranges: InputRange, count: int) -> NDArray[np.float64]:
    low, high = np.nan_to_num(ranges.low), np.nan_to_num(ranges.high)
    rows = random.uniform(low, high, size=(count, len(low)))
    for column in np.unique(scale.code_columns):
        known = scale.codes[scale.code_columns == column]
        rows[:, column] = random.choice([*known, known.max() + 1, np.nan], size=count)
    for column in scale.numeric[scale.with_missing]:
        rows[random.random(count) < _MISSING, column] = np.nan
    return rows


def worst_difference(
    model: NDArray[np.float64], exported: NDArray[np.float64], arrays: PredictorArrays, held_out: Assessment | None
) -> float:
    """Measure how far an exported model's predictions are from the model's own.

    Parameters
    ----------
    model, exported : ndarray of shape (n, outputs)
        Predictions for the same sequences.
    arrays : PredictorArrays
        The predictor.
    held_out : Assessment or None
        Scores on held-out data, which tell the target's spread.

    Returns
    -------
    float
        The largest difference, in standard deviations of the target. Where a prediction lies further from the center
        than that, in that distance: the network's numbers have seven digits, wherever they are.

    Raises
    ------
    ParityError
        If it is more than `TOLERANCE`.
    """
    same = (model == exported) | (np.isnan(model) & np.isnan(exported))  # a model that diverged, too
    with np.errstate(invalid="ignore"):  # infinite less infinite
        relative = np.abs(model - exported) / np.maximum(_spread(arrays, held_out), _distance(model, arrays))
    relative[np.isnan(relative)] = np.inf  # one of the two is no number
    relative[same] = 0.0
    worst = float(relative.max(initial=0.0))
    if worst > TOLERANCE:
        raise ParityError(worst, TOLERANCE, int(relative.max(axis=1).argmax()))
    return worst


def _spread(arrays: PredictorArrays, held_out: Assessment | None) -> NDArray[np.float64]:
    """Give the target's standard deviation: the error of the mean where it was measured, else the scale."""
    if held_out is not None:
        return np.array([scores.baseline_rmse["mean"] for scores in held_out.outputs])
    scale: NDArray[np.float64] = arrays.target_scale
    return np.exp(arrays.target_center) * scale if arrays.logarithmic else scale


def _distance(predictions: NDArray[np.float64], arrays: PredictorArrays) -> NDArray[np.float64]:
    """Give how far predictions lie from the center, in the units of the target."""
    if not arrays.logarithmic:
        return np.abs(predictions - arrays.target_center)
    with np.errstate(all="ignore"):  # the logarithm of a prediction that is too small to be more than 0
        distance = np.abs(np.log(predictions) - arrays.target_center)
        return np.where(predictions > 0, distance * predictions, 0.0)  # times the slope of the logarithm's inverse
