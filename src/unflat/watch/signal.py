"""Whether simple learners find anything in the sample: a training may only be blamed for what can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.diagnosis.material.summaries import standardized, summarize
from unflat.diagnosis.references import Reference, References, Signal
from unflat.diagnosis.references.learners import NEIGHBOURS, RIDGE, neighbours, ridge
from unflat.sequences.folds import folds_of, shuffled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.references.learners import Learner
    from unflat.watch.sample import Sample

_PERMUTATIONS = 399
"""Shuffles of the target: with two learners the least p-value is 2 / 400, half of what counts as more than chance."""

_LEARNERS: tuple[tuple[str, Learner], ...] = ((RIDGE, ridge), (NEIGHBOURS, neighbours))


def find_signal(sample: Sample) -> References:
    """Let ridge and nearest neighbours learn the sample, and test them against a shuffled target.

    As `unflat.diagnosis.references.find_references` does, without boosted trees: in some hundredths of a second, on a
    thread of its own. What only trees find is missed, and then nobody is blamed.

    Parameters
    ----------
    sample : Sample
        Sequences and targets.

    Returns
    -------
    found : References
        What they reach.
    """
    generator = np.random.default_rng(0)
    with threadpool_limits(1, user_api="blas"):  # threads that wait for each other make small products slower
        columns = summarize(sample.learned.values, generator).columns
        y = standardized(sample.learned.y / _magnitude(sample.learned.y))
        folds = folds_of(sample.places, sample.apart, generator)
        together = max(1, min(sample.apart, len(y) // 10))
        orders = [shuffled(len(y), together, generator) for _ in range(_PERMUTATIONS)]
        found = [_reached(named, columns, y, folds, orders) for named in _LEARNERS]
    signal = tuple(_best(found, output) for output in range(y.shape[1]))
    return References(len(y), tuple(found), signal, (None,) * y.shape[1])


def _magnitude(y: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(y).max(axis=0)
    return np.where(largest > 0, largest, 1.0)


def _reached(
    named: tuple[str, Learner],
    columns: NDArray[np.float64],
    y: NDArray[np.float64],
    folds: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...],
    orders: list[NDArray[np.int64]],
) -> Reference:
    name, learner = named
    prediction = np.empty_like(y)
    for training, judged in folds:
        prediction[judged] = learner(columns[training], y[training], columns[judged])
    variance = y.var(axis=0)
    error = np.mean((y - prediction) ** 2, axis=0) / np.where(variance > 0, variance, 1.0)
    centred = prediction - prediction.mean(axis=0)
    true = (y * centred).sum(axis=0)
    as_close = sum(((y[order] * centred).sum(axis=0) >= true).astype(int) for order in orders)
    r2 = np.where(variance > 0, 1 - error, np.nan)
    return Reference(name, r2, np.full_like(r2, np.nan), (1.0 + as_close) / (1 + len(orders)))


def _best(found: list[Reference], output: int) -> Signal:
    best = max(found, key=lambda reference: np.nan_to_num(reference.r2[output], nan=-np.inf))
    p_value = min(1.0, len(found) * float(best.p_value[output]))
    return Signal(float(best.r2[output]), learner=best.name, p_value=p_value)
