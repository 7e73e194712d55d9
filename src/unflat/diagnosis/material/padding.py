"""Padding at the end of sequences, told from values that data simply have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MUCH = 0.3
"""Mean share of the steps that are padding at which a memory of them is more than of the sequence's own end."""

_MOST_USED = 0.9
"""Share of the sequences that must have a step of their own."""

_INSIDE = 0.05
"""Share of a sequence's own steps that are the same value, from which on it is one of the data's: no rain, no sale."""


class Padding(NamedTuple):
    """The value that sequences end on, and how many steps of each come before it."""

    value: float
    lengths: NDArray[np.int64]
    inside: float
    """Share of the steps before it that are this value, too."""

    @property
    def surely(self) -> bool:
        """Whether hardly any step before it is the same value: dry hours at the end of a dry day are no padding."""
        return self.inside < _INSIDE

    def share(self, steps: int) -> float:
        """Give the mean share of so many steps that are padding."""
        return float(1 - self.lengths.mean() / steps)


def padding_of(values: NDArray[np.float64]) -> Padding | None:
    """Find one value that many sequences end on, in all features, for different numbers of steps.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences.

    Returns
    -------
    Padding or None
        None where fewer than half of them do.
    """
    last = values[:, -1]
    ends = last[(last == last[:, :1]).all(axis=1), 0]
    if len(ends) < len(values) / 2:
        return None
    found, counts = np.unique(ends, return_counts=True)
    value = float(found[counts.argmax()])
    is_padding = (values == value).all(axis=2)
    trailing = np.logical_and.accumulate(is_padding[:, ::-1], axis=1)[:, ::-1]
    lengths = values.shape[1] - trailing.sum(axis=1)
    used = lengths > 0
    if counts.max() < len(values) / 2 or used.mean() <= _MOST_USED:
        return None
    inside = (is_padding & ~trailing).sum() / max(int(lengths.sum()), 1)
    return Padding(value, lengths, float(inside))


def without_padding(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take padding for missing where there is much of it, so that sequences end on values of their own.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences.

    Returns
    -------
    ndarray of shape (n, T, F), float64
        The same, NaN where padding was: each moved to the end, so that last steps stand together.
    """
    padding = padding_of(values)
    n, steps = values.shape[:2]
    if padding is None or not padding.surely or padding.share(steps) < MUCH:
        return values
    moved = np.full_like(values, np.nan)
    places = np.arange(steps) + (padding.lengths[:, None] - steps)  # the last step of each comes from its length - 1
    rows = np.broadcast_to(np.arange(n)[:, None], places.shape)
    own = places >= 0
    moved[own] = values[rows[own], places[own]]
    return moved
