"""Columns that are constant within a series: given once for each, and not at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from unflat.errors import ColumnTypeError
from unflat.sequences import Context
from unflat.windows.columns import matrix_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from unflat.tables import Table
    from unflat.windows.schema import WindowSchema
    from unflat.windows.timeline import Timeline


def static_context(
    table: Table,
    schema: WindowSchema,
    timeline: Timeline,
    order: NDArray[np.int64] | None,
    starts: NDArray[Any],
) -> tuple[Context, ...]:
    """Put the static values of its series beside each window.

    Parameters
    ----------
    table : Table
        Its rows may leave a static value out wherever another row of the series has it.
    schema : WindowSchema
        The columns.
    timeline : Timeline
        The series.
    order : ndarray of shape (n_rows,) or None
        The table's row at each place of the timeline.
    starts : ndarray of shape (n,)
        The row at which each window starts.

    Returns
    -------
    tuple of Context
        One, of as many rows as there are series; none without static columns.

    Raises
    ------
    ColumnTypeError
        If a column varies within a series; it names the series, two values and the row of the second.
    """
    if not schema.static:
        return ()
    values = np.empty((len(timeline.bounds) - 1, len(schema.static)))
    for place, name in enumerate(schema.static):
        column = matrix_of(table, [name], schema.categories, order)[:, 0]
        low, high = (end.reduceat(column, timeline.bounds[:-1]) for end in (np.fmin, np.fmax))  # both pass over NaN
        varying = np.flatnonzero(low < high)
        if len(varying):
            places = _two_values(column, *timeline.bounds[varying[0] : varying[0] + 2].tolist())
            rows = [place if order is None else int(order[place]) for place in places]
            _refuse(table[name], rows, cast("pl.Series", timeline.labels), int(varying[0]))
        values[:, place] = low
    categorical = tuple(i for i, name in enumerate(schema.static) if name in schema.categories)
    return (Context(values, timeline.series_of(starts), 0, schema.static, categorical),)


def _two_values(column: NDArray[Any], first: int, end: int) -> tuple[int, int]:
    known = first + np.flatnonzero(~np.isnan(column[first:end]))
    return int(known[0]), int(known[np.argmax(column[known] != column[known[0]])])


def _refuse(column: pl.Series, rows: list[int], labels: pl.Series, series: int) -> None:
    one, other = (column[row] for row in rows)
    raise ColumnTypeError(
        column.name,
        f"one value in each series of {labels.name!r}, as a static column",
        f"{one!r} and {other!r} in the series {labels[series]!r}, the second",
        rows[1],
        "Correct the values, or make it a feature, which may change from row to row.",
    )
