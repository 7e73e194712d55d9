"""Which sequences a learner is judged on, and which it may learn from, so that nothing leaks between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.sequences.index import Sequences

FOLDS = 5
_BLOCKS = 10
"""Stretches of overlapping windows that are held out, two in each fold."""

_PAIRS = 200
"""Neighbours that are looked at to find out whether windows overlap."""


class Fold(NamedTuple):
    """Positions to learn from, and positions to judge on."""

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]


def places_apart(sequences: Sequences) -> int:
    """Say from how many places apart sequences share no time step.

    Parameters
    ----------
    sequences : Sequences
        In the order of their time, where they have one.

    Returns
    -------
    int
        The number of places; 1 where neighbours already share nothing.
    """
    strides = np.diff(sequences.starts)
    shared = strides[(strides > 0) & (strides < sequences.lengths[:-1])]
    if 2 * len(shared) > len(strides):  # windows, that stand on the same rows
        return -(-sequences.longest // int(np.median(shared)))
    if not sequences.equally_long:
        return 1
    first = _neighbours_to_look_at(len(sequences))
    steps = np.arange(sequences.longest)
    before, after = (sequences.rows[sequences.starts[place][:, None] + steps] for place in (first, first + 1))
    return _of_pairs(before, after)


def places_apart_in(values: NDArray[np.float64]) -> int:
    """Say from how many places apart sequences of an array share no time step, as windows of one series do.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences in the order given.

    Returns
    -------
    int
        The number of places; 1 where neighbours already share nothing.
    """
    first = _neighbours_to_look_at(len(values))
    return _of_pairs(values[first], values[first + 1])


def _neighbours_to_look_at(n: int) -> NDArray[np.int64]:
    """Choose sequences, spread over n of them, to be held against the one that follows each."""
    return np.unique(np.linspace(0, max(n - 2, 0), _PAIRS).astype(np.int64))[: n - 1]


def _of_pairs(before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]]) -> int:
    """Say the same as `places_apart_in` of pairs of neighbours, each of shape (m, T, F)."""
    if not len(before):
        return 1
    steps = before.shape[1]
    moved = (before != after).any(axis=(1, 2))
    for stride in range(1, steps):
        # Most strides are ruled out by a single step; the rest is compared in whole.
        if np.count_nonzero(_same(before[:, stride], after[:, 0]) & moved) * 2 <= len(moved):
            continue
        if np.count_nonzero(_same(before[:, stride:], after[:, :-stride]) & moved) * 2 > len(moved):
            return -(-int(steps) // stride)
    return 1


def _same(one: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    equal = (one == other) | (np.isnan(one) & np.isnan(other))
    same: NDArray[np.bool_] = equal.all(axis=tuple(range(1, equal.ndim)))
    return same


def folds_of(places: NDArray[np.int64], apart: int, generator: np.random.Generator) -> tuple[Fold, ...]:
    """Hold out every sequence once.

    Sequences that share no step are dealt at random. Overlapping windows are held out in stretches, and none is learned
    from that shares a step with them, since it would hold part of what is asked.

    Parameters
    ----------
    places : ndarray of shape (n,), int
        Where the sequences stand in their order, ascending.
    apart : int
        From how many places apart they share nothing; see `places_apart`.
    generator : numpy.random.Generator
        Deals them.

    Returns
    -------
    tuple of Fold
        Five folds, or one for each of fewer sequences.
    """
    n = len(places)
    if apart == 1:
        dealt = generator.permutation(n) % FOLDS
    else:
        dealt = np.arange(n) if n < FOLDS else np.arange(n) * _BLOCKS // n % FOLDS
    return tuple(_fold(places, dealt == fold, apart) for fold in np.unique(dealt))


def folds_of_series(series: NDArray[Any], generator: np.random.Generator) -> tuple[Fold, ...]:
    """Hold out every series once, whole.

    Parameters
    ----------
    series : ndarray of shape (n,)
        The series of each sequence; two of them at the least.
    generator : numpy.random.Generator
        Deals them.

    Returns
    -------
    tuple of Fold
        Five folds, or one for each of fewer series.
    """
    labels, own = np.unique(series, return_inverse=True)
    dealt = (generator.permutation(len(labels)) % FOLDS)[own]
    return tuple(Fold(np.flatnonzero(dealt != fold), np.flatnonzero(dealt == fold)) for fold in np.unique(dealt))


def _fold(places: NDArray[np.int64], held_out: NDArray[np.bool_], apart: int) -> Fold:
    judged = places[held_out]
    after = np.searchsorted(judged, places)
    to_next = np.where(after < len(judged), judged[np.minimum(after, len(judged) - 1)] - places, apart)
    to_previous = np.where(after > 0, places - judged[np.maximum(after - 1, 0)], apart)
    clear = ~held_out & (to_next >= apart) & (to_previous >= apart)
    # In a short series hardly any window is clear of all others: then some leak is better than no learner.
    training = clear if clear.sum() >= len(places) / 2 else ~held_out
    return Fold(np.flatnonzero(training), np.flatnonzero(held_out))


def shuffled(n: int, length: int, generator: np.random.Generator) -> NDArray[Any]:
    """Put positions in a random order, neighbours kept together in blocks.

    Parameters
    ----------
    n : int
        How many there are.
    length : int
        How many stay together; 1 shuffles freely.
    generator : numpy.random.Generator
        Draws the order.

    Returns
    -------
    ndarray of shape (n,), int
        The positions.
    """
    if length == 1:
        return generator.permutation(n)
    blocks = np.array_split(np.roll(np.arange(n), generator.integers(n)), max(n // length, 2))
    return np.concatenate([blocks[i] for i in generator.permutation(len(blocks))])
