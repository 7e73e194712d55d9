"""The numbers of a problem: sequences and targets in raw units, to fit on and to judge on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.never_flat import inputs
from benchmarks.never_flat.problem import JUDGED
from benchmarks.never_flat.shapes import SHAPES, TAILS
from benchmarks.never_flat.tasks import TASKS, Seen

if TYPE_CHECKING:
    from benchmarks.never_flat.problem import Problem
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SMALLEST, LARGEST = 1e-9, 1e9
"""Deviations of features and targets, log-uniform."""

_FURTHEST_OFFSET = 1e6
"""The largest offset, in deviations."""

_GROUP_LEVEL = 0.5
"""Deviation of the levels of groups, in those of what they are added to."""

_STEADY = {"walk": "smooth", "mixed": "white"}
"""What stands in beside a series for processes that wander off, so that later windows are like those fitted on."""

_TAILS_OF_NOISE = 3
_SHORTEST = 4
"""The longest sequence has at most so many times the steps of the shortest."""


@dataclass(frozen=True, eq=False)
class Part:
    """Sequences with their targets, as `fit` takes them.

    Parameters
    ----------
    X : ndarray of shape (n, T, F), or list of n ndarray of shape (T_i, F)
        Sequences in raw units.
    y : ndarray of shape (n,) or (n, k)
        Targets in raw units.
    groups : ndarray of shape (n,) or None
        The group of each.
    """

    X: Any
    y: Array
    groups: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Data:
    """What to fit on, and what to judge on."""

    training: Part
    judged: Part


def make(problem: Problem) -> Data:
    """Draw the numbers of a problem.

    Parameters
    ----------
    problem : Problem
        Which one.

    Returns
    -------
    Data
        The same, bit by bit, for the same problem.
    """
    random = problem.generator()
    seen, y = _windows(problem, random) if problem.is_series else _sequences(problem, random)
    groups = _groups(problem, len(y), random)
    if groups is not None:
        levels = _GROUP_LEVEL * random.normal(size=(groups.max() + 1, problem.features + problem.outputs))[groups]
        seen.values[:] += levels[:, None, : problem.features]
        y += levels[:, problem.features :]
    X = _in_units(TAILS[problem.tails](seen.values), problem, random)
    y = _in_units(SHAPES[problem.shape](y), problem, random)
    X = _with_gaps(X, seen, problem.missing, random)
    y = y[:, 0] if problem.outputs == 1 else y
    return Data(
        *(
            Part(_as_given(X[part], seen.lengths[part], problem), y[part], None if groups is None else groups[part])
            for part in (slice(problem.n), slice(len(y) - JUDGED, None))
        )
    )


def _sequences(problem: Problem, random: np.random.Generator) -> tuple[Seen, Array]:
    """Draw sequences, and what is to be predicted of them, with mean 0 and deviation 1."""
    n, steps = problem.n + JUDGED, problem.steps
    values = inputs.draw(problem.process, (n, steps, problem.features), random)
    least = max(TASKS[problem.task].steps, -(-steps // _SHORTEST))
    lengths = random.integers(least, steps + 1, n) if problem.ragged else np.full(n, steps)
    if problem.ragged:
        lengths[random.integers(problem.n)] = steps
    y = np.empty((n, problem.outputs))
    for output in range(problem.outputs):
        seen = Seen(values, lengths, _weights(problem, random))
        y[:, output] = _standardized(TASKS[problem.task].target(seen, random))
    noise = random.normal(size=y.shape) if problem.noise == "normal" else random.standard_t(_TAILS_OF_NOISE, y.shape)
    return seen, np.sqrt(problem.signal) * y + np.sqrt(1 - problem.signal) * noise


def _windows(problem: Problem, random: np.random.Generator) -> tuple[Seen, Array]:
    """Cut windows of one series beside irrelevant ones; those judged share no step with the others."""
    n = problem.n + problem.steps + JUDGED
    series = _standardized(TASKS[problem.task].target(n + problem.steps, random))
    process = _STEADY.get(problem.process, problem.process)
    beside = inputs.draw(process, (1, len(series), problem.features), random)[0]
    clean = series.copy()
    series = np.sqrt(problem.signal) * clean + np.sqrt(1 - problem.signal) * random.normal(size=len(series))
    beside[:, 0] = series
    rows = np.arange(n)[:, None] + np.arange(problem.steps)
    return Seen(beside[rows], np.full(n, problem.steps), np.empty(0)), series[problem.steps :, None].copy()


def _weights(problem: Problem, random: np.random.Generator) -> Array:
    weights = np.zeros(problem.features)
    weights[: problem.relevant] = random.choice([-1.0, 1.0], problem.relevant) * random.uniform(
        0.4, 1, problem.relevant
    )
    return weights


def _standardized(values: Array) -> Array:
    """Give mean 0 and deviation 1; what does not vary becomes 0."""
    centred = values - values.mean()
    deviation = centred.std()
    return centred / deviation if deviation > 0 else centred


def _groups(problem: Problem, n: int, random: np.random.Generator) -> NDArray[np.int64] | None:
    """Deal sequences to groups; those judged belong to others."""
    if not problem.groups:
        return None
    groups = np.concatenate([np.arange(problem.groups), random.integers(problem.groups, size=n - problem.groups)])
    groups[problem.n :] += problem.groups
    return groups


def _in_units(values: Array, problem: Problem, random: np.random.Generator) -> Array:
    """Give each column a deviation of its own, and an offset where the problem has them."""
    columns = values.shape[-1]
    scale = np.exp(random.uniform(np.log(SMALLEST), np.log(LARGEST), columns))
    far = np.exp(random.uniform(0.0, np.log(_FURTHEST_OFFSET), columns)) * random.choice([-1.0, 1.0], columns)
    return scale * (values + (far if problem.offsets else 0.0))


def _with_gaps(X: Array, seen: Seen, share: float, random: np.random.Generator) -> Array:
    """Lose some values, but never all that a sequence has, nor all at its ends: these would be padding."""
    if not share:
        return X
    lost = random.random(X.shape) < share
    kept = random.integers(X.shape[2], size=len(X))
    lost[np.arange(len(X)), 0, kept] = False
    lost[np.arange(len(X)), seen.lengths - 1, kept] = False
    return np.where(lost, np.nan, X)


def _as_given(X: Array, lengths: NDArray[np.int64], problem: Problem) -> Any:  # noqa: ANN401 - an array or a list
    """Give sequences in the form that the problem says."""
    if problem.ragged == "list":
        return [values[:length] for values, length in zip(X, lengths, strict=True)]
    if problem.ragged == "padded":
        inside = np.arange(X.shape[1]) < lengths[:, None]
        return np.where(inside[:, :, None], X, np.nan)
    return X
