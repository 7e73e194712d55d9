"""Columns of a table as one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.sequences.columnar import ColumnMatrix
from unflat.tables.columns import float_type, write_column
from unflat.windows.calendar import write_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from unflat.sequences.index import Rows
    from unflat.tables import Table
    from unflat.windows.schema import WindowSchema

_LARGE = 1 << 24
"""Numbers from which on a second copy of a table is worth avoiding; of fewer, rows side by side are read faster."""


def rows_of(table: Table, schema: WindowSchema, times: pl.Series | None, order: NDArray[np.int64] | None) -> Rows:
    """Give what windows hold, row by row: the features, then the calendar's.

    Of a large table whose rows are in order, columns that can be used as they are stay where they are: in a frame of
    polars or pyarrow, which nobody can change, or on the disk. Anything else is copied.

    Parameters
    ----------
    table : Table
        The table.
    schema : WindowSchema
        The columns and measures.
    times : polars.Series or None
        The time of each row.
    order : ndarray of shape (n_rows,) or None
        Which row goes to each place; None if they are in order.

    Returns
    -------
    ndarray or ColumnMatrix of shape (n_rows, n_inputs)
        NaN where a value is missing.
    """
    more = len(schema.inputs) - len(schema.features)
    views = _views(table, schema, order)
    if views:
        calendar = np.empty((table.height, more), dtype=np.float32, order="F")
        apart = [views[name] if name in views else _copy(table, name, schema.categories) for name in schema.features]
        rows: Rows = ColumnMatrix([*apart, *calendar.T])
    else:
        rows = matrix_of(table, schema.features, schema.categories, order, more=more)
        calendar = rows[:, len(schema.features) :]
    if times is not None:
        write_calendar(times, schema.calendar, calendar)
    return rows


def _views(table: Table, schema: WindowSchema, order: NDArray[np.int64] | None) -> dict[str, NDArray[Any]]:
    if order is not None or not table.lasting or table.height * len(schema.inputs) < _LARGE:
        return {}
    found = {name: table.floats(name) for name in schema.features if name not in schema.categories}
    return {name: column for name, column in found.items() if column is not None}


def _copy(table: Table, name: str, categories: Mapping[str, tuple[str, ...]]) -> NDArray[Any]:
    column: NDArray[Any] = matrix_of(table, [name], categories, None)[:, 0]
    return column


def matrix_of(
    table: Table,
    names: Sequence[str],
    categories: Mapping[str, tuple[str, ...]],
    order: NDArray[np.int64] | None,
    *,
    more: int = 0,
) -> NDArray[Any]:
    """Copy columns into one matrix, one by one.

    Parameters
    ----------
    table : Table
        The table.
    names : sequence of str
        The columns.
    categories : mapping of str to tuple of str
        The labels of those that are categorical; a label's place is its code.
    order : ndarray of shape (n_rows,) or None
        Which row goes to each place; None if they are in order.
    more : int
        Columns to leave empty after them.

    Returns
    -------
    ndarray of shape (n_rows, len(names) + more), float32 or float64
        The narrowest type that holds the values.
    """
    numbers = [table[name] for name in names if name not in categories]
    rows = np.empty((table.height, len(names) + more), dtype=float_type(numbers))
    for place, name in enumerate(names):
        labels = categories.get(name)
        codes = None if labels is None else {label: code for code, label in enumerate(labels)}
        write_column(table[name], rows[:, place], order=order, codes=codes)
    return rows
