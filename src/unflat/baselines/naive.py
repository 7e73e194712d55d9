"""Baselines that repeat a past value of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.sequences import PastTarget, Sequences


@dataclass(frozen=True)
class PastValue:
    """The target as it was some rows before a sequence's last row.

    Parameters
    ----------
    columns : tuple of int
        For each output, the feature that holds its past.
    back : tuple of int
        For each output, how many rows before the last row.
    """

    columns: tuple[int, ...]
    back: tuple[int, ...]

    def predict(self, sequences: Sequences, otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
        """Look the value up; where it is missing, the last one before it in the sequence.

        Parameters
        ----------
        sequences : Sequences
            Sequences of more rows than the largest `back`.
        otherwise : ndarray of shape (n_outputs,)
            What to take where a sequence has no value at or before that row.

        Returns
        -------
        ndarray of shape (n, n_outputs), float64
            The values.
        """
        last = sequences.starts + sequences.lengths - 1
        values = [
            _last_present(sequences.rows[:, column], sequences.starts, last - back, fallback)
            for column, back, fallback in zip(self.columns, self.back, otherwise, strict=True)
        ]
        return np.column_stack(values)


def last_value(past: PastTarget) -> PastValue:
    """Make the baseline that nothing changes: persistence, the random walk's best forecast.

    Parameters
    ----------
    past : PastTarget
        Where the target's past stands.

    Returns
    -------
    PastValue
        The value of the last row.
    """
    return PastValue(past.columns, (0,) * len(past.columns))


def seasonal_value(past: PastTarget, season: int) -> PastValue:
    """Make the baseline that the target is what it was a whole number of seasons before.

    At horizon h and with a season of s rows, the latest such value that is known stands s·⌈h/s⌉ - h rows
    before the last row (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2).

    Parameters
    ----------
    past : PastTarget
        Where the target's past stands, and the horizon.
    season : int
        Rows of one season.

    Returns
    -------
    PastValue
        The value at that row.
    """
    return PastValue(past.columns, tuple(-horizon % season for horizon in past.horizons))


def _last_present(
    column: NDArray[Any], starts: NDArray[np.integer], at: NDArray[np.integer], fallback: np.float64
) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column[at].astype(np.float64)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        present = np.maximum.accumulate(np.where(np.isnan(column), -1, np.arange(len(column))))[at[missing]]
        inside = present >= starts[missing]
        values[missing] = np.where(inside, column[present], fallback)
    return values
