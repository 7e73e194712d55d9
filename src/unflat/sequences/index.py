"""Sequences of one shape for everything downstream: an index into rows, so that nothing is copied.

Arrays, ragged lists and the windows of a table all become the same thing here: a matrix of rows and, for each
sequence, where in it the sequence starts and how many rows it has. Windows that overlap share their rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.errors import (
    AllMissingError,
    InputError,
    InputTypeError,
    NonFiniteError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.sequences.numbers import as_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from unflat.sequences.columnar import ColumnMatrix

    Rows = NDArray[Any] | ColumnMatrix

_CHUNK_ROWS = 1 << 18
"""Rows looked at together in checks, so that no check needs memory in proportion to the table."""

_STEPS_IN_CACHE, _FEWEST_TOGETHER, _MOST_STEPS = 1 << 14, 256, 1 << 17
"""Time steps of a batch that stay near the processor from layer to layer; sequences that make the products of a step
large enough, however long they are; and the steps that may be in memory together all the same."""


@dataclass(frozen=True)
class PastTarget:
    """Where the target's own past stands among the features, for baselines that repeat it.

    Parameters
    ----------
    columns : tuple of int
        For each output, the feature that holds its past.
    horizon : int or tuple of int
        How many rows after a sequence's last row the target lies: of all outputs, or of each.
    season : int or None
        Rows of one season, where the series has a natural one.
    """

    columns: tuple[int, ...]
    horizon: int | tuple[int, ...]
    season: int | None = None

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizon of each output."""
        return self.horizon if isinstance(self.horizon, tuple) else (self.horizon,) * len(self.columns)


@dataclass(frozen=True, eq=False)
class Context:
    """Values that stand beside sequences, each read once and not at every step: an index into rows, as well.

    Parameters
    ----------
    values : ndarray of shape (m, k), float32 or float64
        Raw units; NaN where a value is missing.
    places : ndarray of shape (n,), int64 or int32
        For each sequence a row of `values`.
    offset : int
        What is added to the places: so that several contexts can share them.
    names : tuple of k str
        Names of the columns.
    categorical : tuple of int
        The columns whose numbers are codes of categories.
    """

    values: NDArray[Any]
    places: NDArray[Any]
    offset: int
    names: tuple[str, ...]
    categorical: tuple[int, ...] = ()

    def at(self, index: NDArray[Any] | slice, columns: slice = slice(None)) -> NDArray[Any]:
        """Gather the values of these sequences, of shape (len(index), k)."""
        values: NDArray[Any] = self.values[self.places[index] + self.offset, columns]
        return values


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences as an index into rows.

    Parameters
    ----------
    rows : ndarray or ColumnMatrix of shape (n_rows, n_features), float32 or float64
        All time steps, in raw units; NaN where a value is missing.
    starts : ndarray of shape (n,), int64 or int32
        The row at which each sequence starts.
    lengths : ndarray of shape (n,), int64
        How many rows each sequence has, at least 1; where all have the same, it may be one number broadcast.
    feature_names : tuple of str
        Names of the features; empty where they have none.
    categorical : tuple of int
        The columns whose numbers are codes of categories, from 0; NaN where the category is missing. A code that
        training never saw is an unseen category.
    context : tuple of Context
        What stands beside each sequence.
    """

    rows: Rows
    starts: NDArray[Any]
    lengths: NDArray[np.int64]
    feature_names: tuple[str, ...] = ()
    categorical: tuple[int, ...] = ()
    context: tuple[Context, ...] = ()

    def __len__(self) -> int:
        return len(self.starts)

    def __repr__(self) -> str:
        steps = self.longest if self.equally_long else f"{self.shortest} to {self.longest}"
        return f"<{len(self)} sequences of {steps} steps and {self.n_features} features>"

    @property
    def n_features(self) -> int:
        """Features of a row."""
        return int(self.rows.shape[1])

    @property
    def longest(self) -> int:
        """Rows of the longest sequence; 0 if there is none."""
        return int(self.lengths[:1].sum() if _is_broadcast(self.lengths) else self.lengths.max(initial=0))

    @property
    def shortest(self) -> int:
        """Rows of the shortest of one or more sequences."""
        return self.longest if _is_broadcast(self.lengths) else int(self.lengths.min())

    @property
    def equally_long(self) -> bool:
        """Whether all sequences have the same number of rows."""
        return _is_broadcast(self.lengths) or bool((self.lengths == self.longest).all())

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what stands beside a sequence."""
        return tuple(name for part in self.context for name in part.names)

    @property
    def context_categorical(self) -> tuple[int, ...]:
        """Which of these are codes of categories."""
        firsts = accumulate((len(part.names) for part in self.context), initial=0)
        return tuple(first + c for first, part in zip(firsts, self.context, strict=False) for c in part.categorical)

    def context_at(self, index: NDArray[Any] | slice) -> NDArray[np.float64]:
        """Gather what stands beside these sequences, of shape (len(index), columns), float64."""
        return np.concatenate([part.at(index) for part in self.context], axis=1).astype(np.float64, copy=False)

    def context_column(self, column: int) -> NDArray[np.float64]:
        """Gather one column of what stands beside every sequence, of shape (n,), float64."""
        for part in self.context:
            if column < len(part.names):
                return part.at(slice(None), slice(column, column + 1))[:, 0].astype(np.float64)
            column -= len(part.names)
        raise IndexError(column)

    def feature(self, column: int) -> str:
        """Name a feature for a message: by its name, or by its number."""
        return repr(self.feature_names[column]) if self.feature_names else str(column)

    def take(self, index: NDArray[Any] | slice) -> Sequences:
        """Select sequences by position, by a mask or by a slice; their rows stay where they are.

        A mask that selects neighbours gives a view, as a slice does.
        """
        index = _as_slice(index)
        starts = self.starts[index]
        # Parts of the context that lie at a distance from the sequences go on sharing their starts.
        context = tuple(
            replace(part, places=starts if part.places is self.starts else part.places[index]) for part in self.context
        )
        if _is_broadcast(self.lengths):
            lengths = np.broadcast_to(self.lengths[:1].sum(), starts.shape)
            return replace(self, starts=starts, lengths=lengths, context=context)
        return replace(self, starts=starts, lengths=self.lengths[index], context=context)

    def covered(self) -> NDArray[np.bool_]:
        """Mark the rows that belong to any sequence, each once however many sequences share it."""
        inside = np.zeros(len(self.rows), dtype=bool)
        for first in range(0, len(self), _CHUNK_ROWS):  # neighbours mostly stand near to each other in the rows
            starts = self.starts[first : first + _CHUNK_ROWS].astype(np.int64)
            ends = starts + self.lengths[first : first + _CHUNK_ROWS]
            begin, end = int(starts.min()), int(ends.max())
            change = np.zeros(end - begin + 1, dtype=np.int32)  # at each row, those that start less those that end
            np.add.at(change, starts - begin, 1)
            np.subtract.at(change, ends - begin, 1)
            inside[begin:end] |= np.cumsum(change[:-1], out=change[:-1]) > 0
        return inside

    def columns_with_missing(self) -> set[int]:
        """Find the columns of the rows in which anything is NaN, be it in a sequence or beside all of them."""
        found = (np.flatnonzero(np.isnan(chunk).any(axis=0)) for _, chunk in _chunks(self.rows))
        return {column for columns in found for column in columns.tolist()}

    def dense(self) -> NDArray[np.float64]:
        """Copy the sequences into one array, short ones padded with NaN at their end.

        Returns
        -------
        ndarray of shape (n, T, F), float64
            As large as all sequences together: for small data and for reference.
        """
        steps = np.arange(self.longest)
        index = np.minimum(self.starts[:, None] + steps, len(self.rows) - 1)
        values: NDArray[np.float64] = self.rows[index].astype(np.float64)
        values[steps >= self.lengths[:, None]] = np.nan
        return values


def as_sequences(X: object, *, name: str = "X", fewest_steps: int = 1) -> Sequences:
    """Take what a user calls sequences.

    Parameters
    ----------
    X : array of shape (n, T, F) or (n, T), list of arrays of shape (T_i, F) or (T_i,), or Sequences
        Sequences in raw units. Without a last axis there is one feature. NaN is a missing value; in an array,
        rows of nothing but NaN before a sequence's first or after its last value are padding.
    name : str
        What to call it in messages.
    fewest_steps : int
        Steps of the shortest sequence of the training. Where that is more than one, shape (n, 1) is refused: it is one
        sequence of n steps rather than n of one.

    Returns
    -------
    Sequences
        The same numbers, copied only where their layout or type requires it.

    Raises
    ------
    InputTypeError
        If it holds anything but real numbers, or is a table.
    ShapeError
        If it has other than two or three dimensions, or sequences differ in their features; or it is one sequence.
    TooFewSamplesError
        If there is no sequence.
    NonFiniteError
        If a value is infinite.
    AllMissingError
        If a sequence has no value at all.
    """
    if isinstance(X, Sequences):
        return X
    _refuse_containers_of_rows(X, name)
    parts = _ragged_parts(X)
    if parts is None:
        array = as_numbers(X, name)
        sequences, shape = _from_array(array, name), array.shape
    else:
        sequences, shape = _from_list(parts, name), (len(parts), *np.shape(parts[0]))
    if fewest_steps > 1:
        _refuse_one_as_many(sequences, shape, fewest_steps, name)
    refuse_infinite(sequences.rows, name)
    return sequences


def sequences_together(steps: int) -> int:
    """Choose how many sequences are predicted together: large enough to be fast, small enough for any memory.

    Parameters
    ----------
    steps : int
        Time steps of each.

    Returns
    -------
    int
        At least 1.
    """
    steps = max(1, steps)
    return max(1, min(max(_STEPS_IN_CACHE // steps, _FEWEST_TOGETHER), _MOST_STEPS // steps))


def refuse_infinite(rows: Rows, name: str) -> None:
    """Raise if a value is infinite; NaN may stand.

    Parameters
    ----------
    rows : ndarray or ColumnMatrix of shape (n_rows, n_columns)
        Numbers.
    name : str
        What to call them in messages.

    Raises
    ------
    NonFiniteError
        With the first position.
    """
    for first, chunk in _chunks(rows):
        infinite = np.isinf(chunk)
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            raise NonFiniteError(
                name,
                f"{chunk[row, column]} among the values",
                (int(first + row), int(column)),
                "Replace infinite values by NaN where they mean missing, by a number where they do not.",
            )


def _is_broadcast(lengths: NDArray[Any]) -> bool:
    return lengths.strides == (0,) and len(lengths) > 0


def _as_slice(index: NDArray[Any] | slice) -> NDArray[Any] | slice:
    """Turn a mask whose true values are neighbours into a slice."""
    if isinstance(index, slice) or index.dtype != bool:
        return index
    count, first = int(np.count_nonzero(index)), int(index.argmax()) if len(index) else 0
    together = slice(first, first + count)
    return together if index[together].all() else index


def _chunks(rows: Rows) -> Iterator[tuple[int, NDArray[Any]]]:
    for first in range(0, len(rows), _CHUNK_ROWS):
        yield first, rows[first : first + _CHUNK_ROWS]


def _refuse_containers_of_rows(X: object, name: str) -> None:
    if is_table(X):
        raise InputTypeError(
            name,
            "sequences",
            f"a table ({type(X).__module__.partition('.')[0]} {type(X).__name__})",
            "Cut windows from a table of time steps with make_windows(frame, target=..., length=...); "
            "if each row is a whole sequence, give frame.to_numpy().",
        )
    if hasattr(X, "tocsr"):
        raise InputTypeError(
            name, "a dense array", "a sparse matrix", "Call .toarray(); a sparse matrix has no time axis."
        )


def _refuse_frames(X: object, name: str) -> None:
    """Refuse a frame as one sequence of a list: its columns would be taken by their places, whatever their names."""
    if not _is_plain(X) and _is_frame(X):
        raise InputTypeError(
            name,
            "a sequence of numbers",
            f"a table ({type(X).__module__.partition('.')[0]} {type(X).__name__}) in a list",
            "Give each as frame[columns].to_numpy(), with the same columns in the same order in fit and in predict; or "
            "stack the frames with a column that tells them apart, for make_windows(frame, group=..., target=...).",
        )


def is_table(X: object) -> bool:
    """Whether something is a frame or a series of any library; arrays, tensors and lists are told at once."""
    return not _is_plain(X) and (_is_frame(X) or bool(_frames().is_into_series(X)))


def _is_plain(X: object) -> bool:
    return type(X).__module__.partition(".")[0] in {"builtins", "numpy", "torch", "unflat"}


def _is_frame(X: object) -> bool:
    """Whether something has named columns, also where its values are still to be collected."""
    is_batch = type(X).__name__ == "RecordBatch"  # pyarrow's, of which a table is made of several
    return bool(_frames().is_into_dataframe(X) or _frames().is_polars_lazyframe(X) or is_batch)


def _frames() -> ModuleType:
    # Only when needed: an exported model, which is given arrays and lists, works without it.
    return import_module("narwhals").dependencies  # type: ignore[no-any-return]


def _ragged_parts(X: object) -> list[Any] | None:
    """Give the sequences of a list, or of an array of objects that each are one; None for anything else."""
    is_array_of_arrays = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    if not (is_array_of_arrays or isinstance(X, list | tuple)):
        return None
    parts = list(X)  # type: ignore[call-overload]  # an array, a list or a tuple
    # Of a list NumPy would have to make an array first, and can make none of rows of unequal lengths.
    return parts if parts and all(isinstance(item, list | tuple) or np.ndim(item) > 0 for item in parts) else None


def _refuse_one_as_many(sequences: Sequences, shape: tuple[int, ...], fewest_steps: int, name: str) -> None:
    """Refuse one sequence of one feature, whose steps would be taken for sequences."""
    if shape[0] > 1 and shape[1:] == (1,) and sequences.longest == 1:  # in a list, the first may be short alone
        raise ShapeError(
            name,
            f"sequences of several time steps, as in training ({fewest_steps} or more)",
            shape,
            f"Read as (n, T), it is {shape[0]} sequences of 1 step: give {name}[None] if it is one sequence, "
            f"{name}[:, :, None] if they are single steps indeed.",
        )


def _from_list(X: Sequence[object], name: str) -> Sequences:
    parts = [_one_sequence(item, f"{name}[{i}]") for i, item in enumerate(X)]
    features = parts[0].shape[1]
    for i, part in enumerate(parts):
        if part.shape[1] != features:
            raise ShapeError(
                f"{name}[{i}]",
                f"{features} features, as {name}[0] has",
                part.shape,
                "Give every sequence the same features, NaN where one was not measured.",
            )
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    return Sequences(np.concatenate(parts), np.cumsum(lengths) - lengths, lengths)


def _one_sequence(item: object, name: str) -> NDArray[Any]:
    _refuse_frames(item, name)
    array = as_numbers(item, name)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:  # noqa: PLR2004 - time and features
        raise ShapeError(
            name, "a sequence of shape (T, F) or (T,)", array.shape, "Each item of a list is one sequence."
        )
    if np.isnan(array).all():
        raise AllMissingError(name, [name], "Leave this sequence out.")
    return array


def _from_array(array: NDArray[Any], name: str) -> Sequences:
    array = _with_feature_axis(array, name)
    n, T, F = array.shape
    rows = array.reshape(n * T, F)
    starts = np.arange(n, dtype=np.int64) * T
    if not any(np.isnan(chunk).any() for _, chunk in _chunks(rows)):
        return Sequences(rows, starts, np.full(n, T, dtype=np.int64))
    return _without_padding(rows, starts, T, name)


def _with_feature_axis(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.ndim not in {2, 3}:
        remedy = (
            "Reshape your data using array.reshape(1, -1) if it is one sequence, array.reshape(-1, 1) if each "
            "value is a sequence of one step."
            if array.ndim < 2  # noqa: PLR2004 - dimensions
            else "Flatten the last axes into one of features."
        )
        raise ShapeError(name, "an array of shape (n, T, F) or (n, T)", array.shape, remedy)
    if len(array) == 0:
        raise TooFewSamplesError(name, 1, 0)
    if 0 in array.shape:
        what = "0 feature(s)" if array.shape[-1] == 0 else "0 time step(s)"
        raise InputError(
            name,
            "at least one feature and one time step",
            f"{what} (shape={array.shape}) while a minimum of 1 is required",
            "Give some values.",
        )
    return array if array.ndim == 3 else array[:, :, None]  # noqa: PLR2004 - sequences, time, features


def _without_padding(rows: NDArray[Any], starts: NDArray[np.int64], T: int, name: str) -> Sequences:
    """Shorten sequences by the rows of nothing but NaN at either end: the way an array writes padding."""
    present = ~np.isnan(rows).all(axis=1).reshape(-1, T)
    empty = np.flatnonzero(~present.any(axis=1))
    if len(empty):
        raise AllMissingError(f"The sequences of {name}", empty.tolist(), "Leave these sequences out.")
    leading = present.argmax(axis=1)
    trailing = present[:, ::-1].argmax(axis=1)
    return Sequences(rows, starts + leading, T - leading - trailing)
