"""Columns of a table as one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.tables.columns import float_type, write_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from unflat.tables import Table


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
    rows = np.empty((table.height, len(names) + more), dtype=float_type([table[name] for name in names]))
    for place, name in enumerate(names):
        labels = categories.get(name)
        codes = None if labels is None else {label: code for code, label in enumerate(labels)}
        write_column(table[name], rows[:, place], order=order, codes=codes)
    return rows
