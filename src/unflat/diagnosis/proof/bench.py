"""The bench that trainings run on: each with its seed, on sequences of its own, scored on others, under one clock."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.material import beside_targets
from unflat.diagnosis.programs import Job
from unflat.diagnosis.subjects.measures import taken
from unflat.sequences.folds import places_apart_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unflat.diagnosis.measured import Part
    from unflat.diagnosis.programs import Edit, Program

_HELD_OUT = 0.25
"""Share of the training sequences that is held out where the user gave no others."""

_LEFT_OUT = 0.1
"""Share that each seed leaves out where he did: so that trainings without randomness differ, too."""

_WORST = -1.0
"""The lowest skill that counts, an error of twice the mean's variance: how far beyond that it is off means nothing."""


class Clock:
    """The seconds that are left.

    Parameters
    ----------
    budget : float
        Seconds from now on.
    now : callable
        Gives seconds from some moment on.
    """

    def __init__(self, budget: float, now: Callable[[], float] = perf_counter) -> None:
        self.budget = budget
        self._now = now
        self._start = now()

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """Seconds until the budget is used up; negative from then on."""
        return self.budget - self.passed


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which sequences a seed trains on, and what it is scored by."""

    X: Any
    y: NDArray[Any]
    X_new: Any
    y_new: NDArray[np.float64]
    steps: int


class Bench:
    """Trains a program anew, and measures its held-out skill against the mean.

    Parameters
    ----------
    program : Program
        What to train.
    training : Part
        What it was trained on.
    held_out : Part or None
        What it was not trained on; None holds a quarter of the former out.
    seeds : sequence of int
        One for each repetition.
    """

    def __init__(self, program: Program, training: Part, held_out: Part | None, seeds: list[int]) -> None:
        self._program = program
        self._training = training
        self._held_out = held_out
        self._seeds = seeds
        self._apart = places_apart_in(training.values)
        self._found: dict[tuple[frozenset[Edit], int], float] = {}
        self.epochs: int | None = program.epochs
        self.share = 1.0
        self.seconds: dict[frozenset[Edit], float] = {}

    def time(self) -> float:
        """Measure the seconds of one pass over the data, or of one training where passes are not counted.

        What is found out by a whole training is kept as the first of the unchanged ones.
        """
        if self._program.epochs is None:
            self.skill(frozenset(), 0)
            return self.seconds[frozenset()]
        pairs = self._pairs(0)
        taken = []
        for epochs in (1, 2):  # the first one warms up whatever there is to be warmed up
            start = perf_counter()
            self._program.run(
                Job(pairs.X, pairs.y, pairs.X_new, epochs, self._seeds[0], self._training.given), frozenset()
            )
            taken.append(perf_counter() - start)
        return taken[-1] / 2

    def skill(self, edits: frozenset[Edit], repetition: int) -> float:
        """Train with some changes, and measure; a training that was done before is not done again.

        Raises
        ------
        ModelFailedError, ShapeError
            If the model's code raises, or gives predictions that do not fit.
        """
        key = edits, repetition
        if key not in self._found:
            start = perf_counter()
            self._found[key] = self._measured(edits, repetition)
            self.seconds[edits] = perf_counter() - start
        return self._found[key]

    def has(self, edits: frozenset[Edit], repetition: int) -> bool:
        """Whether a training was done."""
        return (edits, repetition) in self._found

    def skills(self, edits: frozenset[Edit]) -> tuple[float, ...]:
        """Give the skills of the trainings with some changes that were done, in the order of their seeds."""
        return tuple(self._found[key] for key in sorted(self._found, key=lambda key: key[1]) if key[0] == edits)

    def _measured(self, edits: frozenset[Edit], repetition: int) -> float:
        pairs = self._pairs(repetition)
        job = Job(pairs.X, pairs.y, pairs.X_new, self.epochs, self._seeds[repetition], self._training.given)
        prediction = np.asarray(self._program.run(job, edits))
        y_shape = (len(pairs.y_new), *self._training.y_shape[1:])
        columns = beside_targets(prediction, y_shape, pairs.steps, "the held-out ")
        return skill_of(columns, pairs.y_new, self._training.y)

    def _pairs(self, repetition: int) -> Pairs:
        part, other = self._training, self._held_out
        y = part.y.reshape(part.y_shape)
        generator = np.random.default_rng(self._seeds[repetition])
        learned, judged = self._split(generator)
        if self.share < 1:
            learned = np.sort(generator.permutation(learned)[: max(2, round(self.share * len(learned)))])
        steps = part.values.shape[1]
        if other is None:
            return Pairs(taken(part.X, learned), y[learned], taken(part.X, judged), part.y[judged], steps)
        return Pairs(taken(part.X, learned), y[learned], other.X, other.y, other.values.shape[1])

    def _split(self, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw the sequences to train on, and those to judge by: overlapping windows in one stretch, apart from others.

        Sequences with a target that is not known are judged by nowhere.
        """
        n, share = len(self._training), _HELD_OUT if self._held_out is None else _LEFT_OUT
        count = max(1, round(share * n))
        if self._apart == 1:
            judged = np.sort(generator.permutation(n)[:count])
            learned = np.setdiff1d(np.arange(n), judged)
        else:
            first = int(generator.integers(n - count + 1))
            judged = np.arange(first, first + count)
            places = np.arange(n)
            clear = (places <= first - self._apart) | (places >= first + count - 1 + self._apart)
            learned = np.flatnonzero(clear if clear.sum() >= n / 2 else (places < first) | (places >= first + count))
        return learned, judged[np.isfinite(self._training.y[judged]).all(axis=1)]


def skill_of(prediction: NDArray[np.float64], y: NDArray[np.float64], training: NDArray[np.float64]) -> float:
    """Measure the skill against the training targets' mean, averaged over the outputs.

    Parameters
    ----------
    prediction, y : ndarray of shape (m, k)
        Of sequences that were not trained on; rows with a target that is not known do not count.
    training : ndarray of shape (n, k)
        Targets whose mean is the baseline.

    Returns
    -------
    float
        From -1, which stands for anything worse, to 1. A prediction that is not finite counts as -1.
    """
    known = np.isfinite(y).all(axis=1)
    y, prediction = y[known], prediction[known]
    if not np.isfinite(prediction).all():
        return _WORST
    mean = np.nanmean(np.where(np.isfinite(training), training, np.nan), axis=0)
    baseline = np.mean((y - mean) ** 2, axis=0)
    error = np.mean((y - prediction) ** 2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        skills = np.where(baseline > 0, 1 - error / baseline, np.where(error > 0, _WORST, 0.0))
    return float(np.clip(skills, _WORST, 1.0).mean())
