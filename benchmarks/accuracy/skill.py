"""How much smaller the defaults' squared errors are than those of the best simple reference."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

from unflat.baselines import LAST_VALUE, MEAN, RIDGE, SEASONAL_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Result = Mapping[str, Any]

SIMPLE = (MEAN, LAST_VALUE, SEASONAL_VALUE, RIDGE)

_TRAINING = "training "
"""How scores of the training part begin: skill is that on what was held out."""


class Skill(NamedTuple):
    """How the defaults stand to the best simple reference.

    Parameters
    ----------
    value : float
        1 less the ratio of mean squared errors, means over seeds; of mean absolute errors where squares are not known.
    best : str
        The reference.
    measure : str
        The score that both were held by.
    """

    value: float
    best: str
    measure: str


def skill(result: Result) -> Skill | None:
    """Compute it from what is stored of a task: by the first score that is not of the training part.

    Parameters
    ----------
    result : mapping
        What was stored.

    Returns
    -------
    Skill or None
        None where there is no simple reference.
    """
    measure = next(name for name in result["unflat"][0]["scores"] if not name.startswith(_TRAINING))
    errors = {name: _mean_error(result["references"][name], measure) for name in SIMPLE if name in result["references"]}
    if not errors:
        return None
    best = min(errors, key=lambda name: errors[name])
    return Skill(1 - _mean_error(result["unflat"], measure) / errors[best], best, measure)


def _mean_error(runs: Sequence[Result], measure: str) -> float:
    power = 2 if "RMSE" in measure else 1
    return statistics.fmean(run["scores"][measure] ** power for run in runs)
