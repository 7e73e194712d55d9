"""Inputs that training saw nothing like: a warning before anything is predicted for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import MissingValuesWarning, OutOfRangeWarning, SingleStepWarning
from unflat.errors.telling import warn_user
from unflat.scaling.ranges import far, in_words, missing_in_words

if TYPE_CHECKING:
    from unflat.dataset import Dataset
    from unflat.network import Predictor
    from unflat.scaling.ranges import InputRange
    from unflat.scaling.scales import InputScaling
    from unflat.sequences import Sequences


def warn_of_inputs(predictor: Predictor, ranges: InputRange, sequences: Sequences) -> None:
    """Warn of inputs that training saw nothing like.

    Parameters
    ----------
    predictor : Predictor
        What is to predict for them.
    ranges : InputRange
        The ranges of its training part.
    sequences : Sequences
        The inputs.
    """
    if missing := missing_where_complete(predictor, sequences):
        warn_user(MissingValuesWarning(missing_in_words(missing)))
    findings = ranges.outside(sequences, far(predictor.beyond))
    if findings is not None:
        warn_user(OutOfRangeWarning(in_words(findings, len(sequences), predictor.beyond)))


def warn_of_single_steps(data: Dataset) -> None:
    """Warn of sequences of one time step and several features: who made them from a series has swapped two axes.

    Parameters
    ----------
    data : Dataset
        What a fit was given; windows of a table have the length that was asked for.
    """
    if data.schema is not None or data.sequences.longest > 1 or data.sequences.n_features == 1:
        return
    told = (
        f"Each sequence has 1 time step of {data.sequences.n_features} features, so there is no order of steps to "
        "learn from. The axes of X are sequences, time steps and features: if the features are steps, give "
        "X.transpose(0, 2, 1)."
    )
    warn_user(SingleStepWarning(told))


def missing_where_complete(predictor: Predictor, sequences: Sequences) -> list[str]:
    """Name the features in which values are missing although training saw none missing there."""
    missing = [sequences.feature(column) for column in _missing_in_rows(predictor.inputs, sequences)]
    beside = [] if predictor.context is None else _complete(predictor.context)
    names = sequences.context_names
    return missing + [repr(names[column]) for column in beside if np.isnan(sequences.context_column(column)).any()]


def _missing_in_rows(scaling: InputScaling, sequences: Sequences) -> list[int]:
    anywhere = sequences.columns_with_missing()
    if not anywhere:  # as nearly always: one look at each value, and nothing else
        return []
    covered = sequences.covered()  # padding, too, is written as NaN
    suspects = [column for column in _complete(scaling) if column in anywhere]
    return [column for column in suspects if np.isnan(sequences.rows[covered, column]).any()]


def _complete(scaling: InputScaling) -> list[int]:
    """Give the numeric columns that had no value missing in training."""
    complete: list[int] = np.setdiff1d(scaling.numeric.numpy(), scaling.numeric[scaling.with_missing].numpy()).tolist()
    return complete
