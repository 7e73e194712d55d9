"""Rows whose columns stand apart in memory, or on a disk: a matrix to those who index it, and a copy of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


CHUNK_ROWS = 1 << 16
"""Rows or windows worked on together, so that no step needs memory in proportion to the table beside its result."""


class ColumnMatrix:
    """Columns of equal length, indexed as a matrix of rows is.

    What is selected is gathered into an array of its own; a single column is a view, as a matrix would give it.

    Parameters
    ----------
    columns : sequence of ndarray of shape (n_rows,), float32 or float64
        At least one. They are kept, not copied, and must not change.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ColumnMatrix([np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])])
    >>> rows.shape
    (3, 2)
    >>> rows[1:].tolist()
    [[2.0, 5.0], [3.0, 6.0]]
    >>> rows[2, 1].item()
    6.0
    """

    ndim = 2

    def __init__(self, columns: Sequence[NDArray[Any]]) -> None:
        self.columns = tuple(columns)
        self.dtype: np.dtype[Any] = np.result_type(*self.columns)
        self.shape = (len(self.columns[0]), len(self.columns))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(column.nbytes for column in self.columns)

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever indexes an array
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(columns, int | np.integer):
            one: NDArray[Any] = self.columns[columns][rows]
            return one
        chosen = self.columns[columns] if isinstance(columns, slice) else [self.columns[place] for place in columns]
        return np.stack([column[rows] for column in chosen], axis=-1)


def blocks_of(rows: NDArray[Any] | ColumnMatrix) -> list[NDArray[Any]]:
    """Give the matrices, of shape (n_rows, columns) each, that stand in memory as one piece: itself, or its columns."""
    return [column[:, None] for column in rows.columns] if isinstance(rows, ColumnMatrix) else [rows]


def with_columns(rows: NDArray[Any] | ColumnMatrix, columns: Mapping[int, NDArray[Any]]) -> NDArray[Any] | ColumnMatrix:
    """Give rows with some columns in place of theirs: a copy of a matrix, of columns that stand apart only these."""
    if isinstance(rows, ColumnMatrix):
        return ColumnMatrix([columns.get(place, column) for place, column in enumerate(rows.columns)])
    changed = rows.copy()
    for place, column in columns.items():
        changed[:, place] = column
    return changed
