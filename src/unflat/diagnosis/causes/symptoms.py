"""What there is to explain: where a model does clearly worse than could be expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.measured.standing import MATTERS, TWICE, gaps
from unflat.diagnosis.references import GAIN
from unflat.metrics import deviation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.measured import Examination, Part

_CLEARLY = 2.0
"""Standard errors of such a difference."""


def attainable(examination: Examination, part: Part) -> NDArray[np.float64]:
    """Say what share of each output's variance reference learners explain; 0 where that may be chance.

    Parameters
    ----------
    examination : Examination
        What was measured.
    part : Part
        Of which data. On held-out data they may explain less than on the training data that they are cross-validated
        on, never more is expected; but where a learner finds more that learns from these data, that is.

    Returns
    -------
    ndarray of shape (k,)
        From 0 to 1.
    """
    references = examination.references
    expected = np.where(references.beyond_chance, references.r2, 0.0)
    if part is not examination.training:
        expected = np.fmin(expected, [signal.held_out_r2 for signal in references.signal])
        expected = expected if references.within is None else np.fmax(expected, references.within.r2)
    return np.clip(expected, 0.0, 1.0)


def behind(examination: Examination, part: Part, *, closely: bool = False) -> NDArray[np.bool_]:
    """Mark the outputs of which a part's predictions explain clearly less than reference learners do.

    Clearly is more than `GAIN`, asked closely half of that where it makes the unexplained share twice theirs; and more
    than two standard errors of an R² from so many samples (Olkin & Finn 1995, Psychological Bulletin 118, 155: its
    variance is about 4 R² (1 - R²)² / n). Without a signal that references find, it is worse than the mean by as much.

    Parameters
    ----------
    examination : Examination
        What was measured.
    part : Part
        The predictions to judge.
    closely : bool
        Whether less than `GAIN` is enough, where that is much beside what is left to explain.

    Returns
    -------
    ndarray of shape (k,), bool
        True also where a prediction is not a number; False for a constant target.
    """
    expected = attainable(examination, part)
    error = 2 * np.sqrt(expected / max(len(part), 1)) * (1 - expected)
    gain = np.clip((TWICE - 1) * (1 - expected), GAIN / 2, GAIN) if closely else GAIN
    reached = part.r2 >= expected - np.maximum(gain, 2 * error)
    return varies(part.y) & ~reached


def unlearned(examination: Examination) -> bool:
    """Whether the model does not even fit what it was trained on: then its training went wrong, or its structure."""
    training = examination.training
    return bool((behind(examination, training, closely=True) | lags(examination, training)).any())


def lags(examination: Examination, part: Part) -> NDArray[np.bool_]:
    """Mark the outputs of which a part's predictions are clearly worse than other learners', sequence by sequence."""
    found = (gaps(examination, part, output) for output in range(part.y.shape[1]))
    return np.array([any(gap.width > max(MATTERS, _CLEARLY * gap.error) for gap in some) for some in found])


def knows_more(examination: Examination) -> bool:
    """Whether the model explains more of its training data than anyone else does of sequences not learned from.

    Then training got somewhere: what such a model lacks on other data is not for want of steps.
    """
    found = [gaps(examination, examination.training, output) for output in range(examination.training.y.shape[1])]
    return any(found) and all(gap.width < 0 for some in found for gap in some)


def worse_than_it_should(examination: Examination) -> bool:
    """Whether anything is to be explained, on training data or on held-out data."""
    judged = examination.judged
    return unlearned(examination) or bool((behind(examination, judged) | lags(examination, judged)).any())


def varies(y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the columns that are more than one number, up to rounding."""
    magnitude = np.abs(y).max(axis=0, initial=0.0)
    rounding = 8 * np.finfo(np.float64).eps * magnitude  # as `scaling` bounds it
    constant: NDArray[np.bool_] = spread_of_columns(y) <= rounding
    return ~constant


def spread_of_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviation of each column of (n, k); nan where a value is not finite."""
    finite = np.isfinite(values).all(axis=0)
    measured = deviation(np.where(finite, values, 0.0), np.ones(len(values)))
    return np.where(finite, measured, np.nan)
