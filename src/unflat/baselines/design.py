"""Sequences as the rows of a linear model's design matrix, made in chunks."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.metrics import deviation, weighted_mean
from unflat.sequences.drawing import evenly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.sequences import Sequences

CHUNK_ELEMENTS = 1 << 20
"""Numbers of a table, and of a design matrix, that are worked on together."""

STATISTICS_ELEMENTS = 10_000_000
"""Numbers that means and standard deviations are taken from, at most."""


@dataclass(frozen=True, eq=False)
class RowEncoder:
    """Time steps as numbers near 1: standardized features, then one indicator per code of a category.

    Parameters
    ----------
    center, scale : ndarray of shape (n_features,), float64
        Mean and standard deviation; a scale of infinity silences a column, constant or categorical.
    code_columns, code_values : ndarray of shape (n_codes,), int64
        The column and the code that each indicator stands for.
    """

    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    code_columns: NDArray[np.int64]
    code_values: NDArray[np.int64]

    @classmethod
    def fit(cls, sequences: Sequences) -> RowEncoder:
        """Learn from the rows that belong to any sequence, each once.

        Parameters
        ----------
        sequences : Sequences
            The training part.

        Returns
        -------
        RowEncoder
            The encoder.
        """
        covered = sequences.covered()
        drawn = evenly(int(np.count_nonzero(covered)), max(STATISTICS_ELEMENTS // sequences.n_features, 1))
        if not covered.all():
            drawn = np.flatnonzero(covered)[drawn]
        codes = {column: _codes(sequences.rows[:, column][covered]) for column in sequences.categorical}
        return cls._of(sequences.rows[drawn].astype(np.float64), codes)

    @classmethod
    def fit_context(cls, sequences: Sequences) -> RowEncoder | None:
        """Learn from what stands beside sequences; None where nothing does."""
        if not sequences.context:
            return None
        drawn = evenly(len(sequences), max(STATISTICS_ELEMENTS // len(sequences.context_names), 1))
        codes = {column: _codes(sequences.context_column(column)) for column in sequences.context_categorical}
        return cls._of(sequences.context_at(drawn), codes)

    @classmethod
    def _of(cls, values: NDArray[np.float64], codes: dict[int, NDArray[np.int64]]) -> RowEncoder:
        center, scale = _statistics(values)
        scale[list(codes)] = inf
        columns = np.repeat(np.array(list(codes), dtype=np.int64), list(map(len, codes.values())))
        return cls(center, scale, columns, np.concatenate([np.empty(0, np.int64), *codes.values()]))

    @property
    def width(self) -> int:
        """Numbers that a time step becomes."""
        return len(self.center) + len(self.code_values)

    def encode(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Encode time steps; a missing value becomes the mean, an unseen code none of the codes.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            Time steps in raw units.

        Returns
        -------
        ndarray of shape (n_rows, width), float64
            The encoded time steps.
        """
        standardized = (rows.astype(np.float64) - self.center) / self.scale
        standardized[np.isnan(standardized)] = 0.0
        indicators = rows[:, self.code_columns] == self.code_values
        return np.concatenate([standardized, indicators], axis=1)


@dataclass(frozen=True, eq=False)
class Design:
    """Sequences as vectors of one length.

    Parameters
    ----------
    encoder : RowEncoder
        What each time step becomes.
    steps : int or None
        The length of the sequences whose steps are put one after the other; None to take the last step and the
        mean of all steps, of sequences of any length.
    context : RowEncoder or None
        What that which stands beside a sequence becomes, after its steps; None where nothing does.
    """

    encoder: RowEncoder
    steps: int | None
    context: RowEncoder | None = None

    @property
    def width(self) -> int:
        """Numbers that a sequence becomes."""
        beside = 0 if self.context is None else self.context.width
        return self.encoder.width * (2 if self.steps is None else self.steps) + beside

    def chunks(self, sequences: Sequences) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Make the design matrix, a part at a time.

        Parameters
        ----------
        sequences : Sequences
            Sequences, of `steps` rows each where that is a number.

        Yields
        ------
        positions : ndarray of shape (m,)
            Which sequences.
        matrix : ndarray of shape (m, width), float64
            Their vectors.
        """
        for positions in self._neighbours(sequences):
            starts = sequences.starts[positions]
            ends = starts + sequences.lengths[positions]
            first = int(starts.min())
            encoded = self.encoder.encode(sequences.rows[first : int(ends.max())])
            if self.steps is None:
                vectors = _last_and_mean(encoded, starts - first, ends - first)
            else:
                index = (starts - first)[:, None] + np.arange(self.steps)
                vectors = encoded[index].reshape(len(positions), -1)
            if self.context is not None:
                vectors = np.hstack([vectors, self.context.encode(sequences.context_at(positions))])
            yield positions, vectors

    def _neighbours(self, sequences: Sequences) -> Iterator[NDArray[np.int64]]:
        # Windows that overlap lie in one chunk, so that a row is encoded once or twice and not T times.
        order = np.argsort(sequences.starts, kind="stable")
        starts = sequences.starts[order]
        most_rows = max(CHUNK_ELEMENTS // self.encoder.width, sequences.longest)
        most_sequences = max(CHUNK_ELEMENTS // self.width, 1)
        first = 0
        while first < len(order):
            last = min(first + most_sequences, int(np.searchsorted(starts, starts[first] + most_rows)))
            yield order[first:last]
            first = last


def _last_and_mean(
    encoded: NDArray[np.float64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.float64]:
    sums = np.concatenate([np.zeros((1, encoded.shape[1])), np.cumsum(encoded, axis=0)])
    means = (sums[ends] - sums[starts]) / (ends - starts)[:, None]
    return np.concatenate([encoded[ends - 1], means], axis=1)


def _statistics(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    center, scale = np.zeros(values.shape[1]), np.full(values.shape[1], inf)
    for column in range(values.shape[1]):
        present = values[~np.isnan(values[:, column]), column][:, None]
        if len(present):
            ones = np.ones(len(present))
            center[column] = weighted_mean(present, ones)[0]
            scale[column] = _scale(deviation(present, ones)[0], center[column])
    return center, scale


def _scale(deviation: float, center: float) -> float:
    # What varies by no more than the last digits of its level varies by rounding alone.
    return deviation if deviation > 4 * np.finfo(np.float64).eps * abs(center) else inf


def _codes(column: NDArray[Any]) -> NDArray[np.int64]:
    return np.unique(column[~np.isnan(column)]).astype(np.int64)
