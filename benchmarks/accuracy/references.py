"""What every model stands beside: mean, last value, seasonal value, ridge, and gradient-boosted trees."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from unflat.baselines import LAST_VALUE, MEAN, NO_PAST, RIDGE, SEASONAL_VALUE, Baselines
from unflat.baselines.naive import last_value, seasonal_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.accuracy.problem import Part, Problem
    from numpy.typing import NDArray

    from unflat.sequences import Sequences

    Predict = Callable[[Part], NDArray[np.float64]]

TREES = "gradient-boosted trees"


@dataclass(frozen=True)
class Reference:
    """A reference's scores.

    Parameters
    ----------
    scores : dict of str to float
        By the names that `Problem.scores` gives them.
    seconds : float
        To fit it and to predict all test parts.
    """

    scores: dict[str, float]
    seconds: float


def run_references(problem: Problem, seed: int, *, trees: int = 100) -> tuple[dict[str, Reference], dict[str, str]]:
    """Fit and score every reference that applies.

    Each is fitted on the whole training part, for it needs no validation part.

    Parameters
    ----------
    problem : Problem
        The data.
    seed : int
        Seeds the trees.
    trees : int
        Boosting rounds; 100 is scikit-learn's default.

    Returns
    -------
    references : dict of str to Reference
        By name.
    reasons : dict of str to str
        Why others do not apply.
    """
    makers: dict[str, Callable[[], Predict]] = {MEAN: lambda: mean(problem), RIDGE: lambda: ridge(problem)}
    reasons = {}
    for name in (LAST_VALUE, SEASONAL_VALUE):
        reason = _reason(problem, name)
        if reason is None:
            makers[name] = lambda name=name: past_value(problem, name)  # type: ignore[misc]  # bound now, not later
        else:
            reasons[name] = reason
    makers[TREES] = lambda: boosted(problem, seed, trees)
    return {name: _timed(problem, make) for name, make in makers.items()}, reasons


def mean(problem: Problem) -> Predict:
    """Make the reference that always predicts the mean of the training targets."""
    center = problem.train.targets.mean(axis=0)
    return lambda part: np.tile(center, (len(part), 1))


def ridge(problem: Problem) -> Predict:
    """Fit the package's ridge regression: all steps of a window, standardized, its penalty by leave-one-out error."""
    baselines = Baselines.fit(problem.train.sequences, problem.train.targets)
    return lambda part: baselines.predict(part.sequences)[RIDGE]


def past_value(problem: Problem, name: str) -> Predict:
    """Make the reference that repeats the last value, or the one a whole number of seasons before the target."""
    center = problem.train.targets.mean(axis=0)
    repeated = [last_value(p) if name == LAST_VALUE else seasonal_value(p, p.season or 1) for p in problem.past]

    def predict(part: Part) -> NDArray[np.float64]:
        sequences = part.sequences
        columns = [value.predict(sequences, center[[k]]) for k, value in enumerate(repeated)]
        return np.concatenate(columns, axis=1)

    return predict


def boosted(problem: Problem, seed: int, trees: int) -> Predict:
    """Fit scikit-learn's histogram gradient boosting, with its defaults, on windows put into one row each.

    Codes of categories are declared as such; missing values stay missing. Several outputs take a model each.
    """
    sequences, y = problem.train.sequences, problem.train.targets
    rows, categorical = _flat(sequences), _categorical(sequences)
    models = [
        HistGradientBoostingRegressor(max_iter=trees, categorical_features=categorical, random_state=seed).fit(
            rows, column
        )
        for column in y.T
    ]
    return lambda part: np.column_stack([model.predict(_flat(part.sequences)) for model in models])


def _timed(problem: Problem, make: Callable[[], Predict]) -> Reference:
    started = time.perf_counter()
    scores = problem.scores(make())
    return Reference(scores, time.perf_counter() - started)


def _reason(problem: Problem, name: str) -> str | None:
    if not problem.past:
        return NO_PAST
    if name == LAST_VALUE:
        return None
    season = problem.past[0].season
    if season is None:
        return "no season is known"
    backs = [back for past in problem.past for back in seasonal_value(past, season).back]
    longest = problem.train.sequences.longest
    return None if max(backs) < longest else f"windows of {longest} rows do not reach back a season of {season}"


def _flat(sequences: Sequences) -> NDArray[np.float64]:
    return sequences.dense().reshape(len(sequences), -1)


def _categorical(sequences: Sequences) -> NDArray[Any] | None:
    """Mark the columns of flattened windows that hold codes."""
    if not sequences.categorical:
        return None
    of_step = np.isin(np.arange(sequences.n_features), sequences.categorical)
    return np.tile(of_step, sequences.longest)
