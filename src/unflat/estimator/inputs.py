"""Inputs that training saw nothing like: a warning before anything is predicted for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.errors import SingleStepWarning
from unflat.errors.telling import warn_user
from unflat.scaling.remarks import complete_of, remarks

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
    beside = [] if predictor.context is None else _complete(predictor.context)
    for remark in remarks(sequences, ranges, predictor.beyond, _complete(predictor.inputs), beside):
        warn_user(remark)


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


def _complete(scaling: InputScaling) -> list[int]:
    return complete_of(scaling.numeric.numpy(), scaling.with_missing.numpy())
