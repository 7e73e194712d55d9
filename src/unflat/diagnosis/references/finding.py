"""What other learners find in the data: whether there is anything to learn, and how much of it a model should reach."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.diagnosis.material import find_past
from unflat.diagnosis.material.summaries import standardized, summarize
from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.references.learners import (
    ECHOES,
    NEIGHBOURS,
    RIDGE,
    SMOOTH,
    TREES,
    neighbours,
    ridge,
    smooth,
    trees,
)
from unflat.diagnosis.references.reservoir import echoes
from unflat.diagnosis.references.signal import Reference, References, Signal, signals_of
from unflat.diagnosis.references.tables import Tables, in_place, orders_of, padded_alike, r2_of, without_outliers
from unflat.sequences.folds import folds_of, places_apart_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.material import Past
    from unflat.diagnosis.references.learners import Learner
    from unflat.diagnosis.references.tables import Pairs, Values
    from unflat.sequences.folds import Fold

_MOST_SEQUENCES = 1500
_FEWEST_SEQUENCES = 10
_FEWEST_WITHIN = 50
"""Held-out sequences from which on a fifth of them is something to be judged by."""

_MOST_TREE_OUTPUTS = 3
_ENOUGH = 0.95
"""Trees are left out where a quicker learner explains this much."""

_MOST_COLUMNS_BESIDE = 256
"""Columns beside the states of a random recurrence, the first ones."""

WHAT = "what other learners reach"


def find_references(
    training: tuple[NDArray[np.float64], NDArray[np.float64]],
    held_out: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    generator: np.random.Generator,
    past: tuple[Past | None, ...] | None = None,
) -> References:
    """Let five learners learn the targets, and test the first four against a shuffled target.

    They are ridge, nearest neighbours, an echo state network, boosted trees, and a smooth kernel, which only counts in
    what all reach together.

    At most 1,500 sequences are looked at, as a table (see `summarize`), in five folds. The target is
    shuffled 999 times beside the fixed predictions for sequences that were not learned from: where targets do not
    depend on sequences, every order is as likely, whatever the predictions. (Learning anew from each shuffled
    target, Ojala and Garriga 2010, JMLR 11, 1833, tests the same and takes 999 times as long.) Overlapping windows of
    one series are held out and shuffled in blocks. The p-value of the best of several learners is that of the
    least likely, times their number (Bonferroni). Padding counts as missing, and a few extreme values that own a column
    are brought nearer.

    Parameters
    ----------
    training : tuple of ndarray of shape (n, T, F) and (n, k), float64
        Sequences and targets, in the order given; NaN where missing. Sequences without a finite target are left out.
    held_out : tuple of the same, or None
        Data that the model was not trained on.
    generator : numpy.random.Generator
        Chooses sequences, folds and shuffles.
    past : tuple of k Past or None
        Where the targets' past stands, where that is known; else it is looked for.

    Returns
    -------
    found : References
        What they reach.
    """
    values, y = training
    past = tuple(find_past(values, output) for output in y.T) if past is None else past
    places = _sample(y, generator)
    if len(places) < _FEWEST_SEQUENCES:
        return _nothing(len(places), past)
    apart = places_apart_in(values)
    asked = None if held_out is None else _sample(held_out[1], generator)
    new = None if held_out is None or asked is None else (held_out[0][asked], held_out[1][asked])
    tables, left_out = _tables(values[places], y[places], new, generator)
    folds = folds_of(places, apart, generator)
    orders = orders_of(places, len(y), apart, generator)
    with threadpool_limits(1):  # threads that wait for each other make small tables slower, not faster
        with_echoes = _with_echoes(tables, values[places], new, generator)
        learners = (
            *(_reference(*task, tables, folds, orders) for task in _cheap()),
            _reference(ECHOES, ridge, with_echoes, folds, orders),
        )
        best = _best([reference.r2 for reference in learners])
        examined = np.flatnonzero(~(best >= _ENOUGH))[:_MOST_TREE_OUTPUTS]
        if len(examined):
            learners += (_some_outputs(examined, tables, folds, orders),)
        within = None if new is None else _within(*new, generator)
        together = tables.together((*learners, _reference(SMOOTH, smooth, tables, folds, [])))
    elsewhere = asked, 0 if held_out is None else len(held_out[1])
    return References(
        len(places),
        tuple(in_place(learner, (places, len(y)), elsewhere) for learner in learners),
        signals_of(learners),
        past,
        (*_left_out(left_out), *_without_trees(best, examined)),
        None if within is None else in_place(within, (None, 0), elsewhere),
        in_place(together, (places, len(y)), elsewhere),
    )


def _sample(y: Values, generator: np.random.Generator) -> NDArray[np.int64]:
    places = np.flatnonzero(np.isfinite(y).all(axis=1))
    if len(places) <= _MOST_SEQUENCES:
        return places
    return np.sort(generator.choice(places, _MOST_SEQUENCES, replace=False))


def _tables(values: Values, y: Values, held_out: Pairs | None, generator: np.random.Generator) -> tuple[Tables, int]:
    """Lay sequences out as rows; say how many features had no place."""
    n = len(y)
    summary = summarize(padded_alike(values, held_out), generator, slice(n))
    columns = standardized(without_outliers(summary.columns, summary.columns[:n]), slice(n))
    return Tables.of(columns, y, held_out), summary.features_left_out


def _with_echoes(tables: Tables, values: Values, held_out: Pairs | None, generator: np.random.Generator) -> Tables:
    """Put the states of a random recurrence before the columns, as far as these are few."""
    states = echoes(padded_alike(values, held_out), generator, slice(len(values)))
    known, asked = (
        np.hstack([part, columns[:, :_MOST_COLUMNS_BESIDE]])
        for part, columns in ((states[: len(values)], tables.columns), (states[len(values) :], tables.asked))
    )
    return tables._replace(columns=known, asked=asked)


def _within(values: Values, y: Values, generator: np.random.Generator) -> Reference | None:
    """Let ridge learn the held-out part in folds of its own, from rows or from echoes: of each output the better."""
    if len(y) < _FEWEST_WITHIN:
        return None
    tables, _ = _tables(values, y, None, generator)
    folds = folds_of(np.arange(len(y)), places_apart_in(values), generator)
    ways = (tables, _with_echoes(tables, values, None, generator))
    plain, echoed = (_out_of_fold(ridge, way, folds) for way in ways)
    found = np.where(r2_of(tables.y, echoed) > r2_of(tables.y, plain), echoed, plain)
    r2 = r2_of(tables.y, found)
    return Reference(RIDGE, r2, r2, np.full_like(r2, nan), held_out_prediction=tables.in_units(found))


def _cheap() -> Iterator[tuple[str, Learner]]:
    yield RIDGE, ridge
    yield NEIGHBOURS, neighbours


def _reference(
    name: str, learner: Learner, tables: Tables, folds: tuple[Fold, ...], orders: list[NDArray[np.int64]]
) -> Reference:
    found = _out_of_fold(learner, tables, folds)
    answered = learner(tables.columns, tables.y, tables.asked) if len(tables.asked) else tables.asked_y
    return tables.reached(name, found, answered, orders)


def _out_of_fold(learner: Learner, tables: Tables, folds: tuple[Fold, ...]) -> Values:
    """Predict for each fold from the others."""
    found = np.empty_like(tables.y)
    for training, judged in folds:
        found[judged] = learner(tables.columns[training], tables.y[training], tables.columns[judged])
    return found


def _some_outputs(
    outputs: NDArray[np.int64], tables: Tables, folds: tuple[Fold, ...], orders: list[NDArray[np.int64]]
) -> Reference:
    """Try the trees on some outputs; nan stands for the others."""
    center, scale = tables.units
    units = center[outputs], scale[outputs]
    some = tables._replace(y=tables.y[:, outputs], asked_y=tables.asked_y[:, outputs], units=units)
    reference = _reference(TREES, trees, some, folds, orders)

    def of_all(found: NDArray[np.float64] | None) -> NDArray[np.float64]:
        some_found = np.empty((0, len(outputs))) if found is None else found
        every = np.full((*some_found.shape[:-1], tables.y.shape[1]), nan)
        every[..., outputs] = some_found
        return every

    return Reference(
        TREES,
        of_all(reference.r2),
        of_all(reference.held_out_r2),
        of_all(reference.p_value),
        of_all(reference.prediction),
        of_all(reference.held_out_prediction),
    )


def _best(scores: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    best: NDArray[np.float64] = np.max(np.where(np.isnan(scores), -np.inf, scores), axis=0)
    return best


def _nothing(n: int, past: tuple[Past | None, ...]) -> References:
    why = f"there are {n} sequences with a finite target, and they need {_FEWEST_SEQUENCES}"
    return References(n, (), (Signal(),) * len(past), past, (NotExamined(WHAT, why),))


def _left_out(features: int) -> Iterator[NotExamined]:
    if features:
        yield NotExamined(f"{features} features, by other learners", "so many features take them too long")


def _without_trees(best: NDArray[np.float64], examined: NDArray[np.int64]) -> Iterator[NotExamined]:
    missing = int((~(best >= _ENOUGH)).sum()) - len(examined)
    if missing:
        yield NotExamined(f"{missing} outputs, by boosted trees", "each output takes them too long")
