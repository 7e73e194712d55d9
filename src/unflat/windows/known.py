"""Columns that are known in advance: their values at the rows of the targets, and how far ahead a table holds them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.errors import MissingFutureError
from unflat.sequences import Context
from unflat.sequences.columnar import CHUNK_ROWS
from unflat.windows.calendar import write_calendar
from unflat.windows.columns import matrix_of
from unflat.windows.schema import calendar_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.sequences.index import Rows
    from unflat.tables import Table
    from unflat.windows.schema import WindowSchema
    from unflat.windows.timeline import Timeline


def known_matrix(
    table: Table, schema: WindowSchema, timeline: Timeline, order: NDArray[np.int64] | None
) -> NDArray[Any]:
    """Copy the known columns into one matrix, the calendar's after them: of shape (n_rows, columns)."""
    more = calendar_names(schema.time, schema.calendar)
    rows = matrix_of(table, schema.known, schema.categories, order, more=len(more))
    if timeline.times is not None:
        write_calendar(timeline.times, schema.calendar, rows[:, len(schema.known) :])
    return rows


def known_contexts(known: NDArray[Any], schema: WindowSchema, starts: NDArray[Any]) -> tuple[Context, ...]:
    """Put the known values at the row of each target beside each window; nothing of them is copied.

    Parameters
    ----------
    known : ndarray of shape (n_rows, columns)
        What `known_matrix` gave.
    schema : WindowSchema
        The columns and measures.
    starts : ndarray of shape (n,)
        The row at which each window starts.

    Returns
    -------
    tuple of Context
        One for each horizon.
    """
    categorical = tuple(i for i, name in enumerate(schema.known) if name in schema.categories)
    return tuple(
        Context(known, starts, schema.length - 1 + horizon, schema.known_names(horizon), categorical)
        for horizon in schema.horizons
    )


def spans_to_predict_from(
    timeline: Timeline, schema: WindowSchema, rows: Rows, known: NDArray[Any]
) -> list[tuple[int, int]]:
    """Find the stretches of rows that windows to predict from may cover.

    A row belongs to the past if it holds a value of any column that is not known in advance; after the last such row
    of a series, only the future's known columns may stand.

    Parameters
    ----------
    timeline : Timeline
        The series.
    schema : WindowSchema
        The columns and measures.
    rows : ndarray or ColumnMatrix of shape (n_rows, n_features)
        The features.
    known : ndarray of shape (n_rows, columns)
        What `known_matrix` gave.

    Returns
    -------
    list of tuple of int
        First row and end of each stretch, with known values for the horizons of every window in it.

    Raises
    ------
    MissingFutureError
        If the rows that follow the past of a series are not there, or hold no known value.
    """
    furthest = schema.horizons[-1]
    unknown = [i for i, name in enumerate(schema.features) if name not in schema.known]
    spans: list[tuple[int, int]] = []
    lacking: list[tuple[int, int]] = []  # the last row of the past, and how many rows follow it
    for first, end in pairwise(timeline.bounds.tolist()):
        last = _last_of_past(rows, unknown, first, end) if unknown else end - 1 - furthest
        inside = timeline.segments[(timeline.segments >= first) & (timeline.segments <= end)].tolist()
        for begin, stop in pairwise(inside):
            if begin <= last < stop:
                there = _rows_ahead(known[last + 1 : stop, : len(schema.known)], schema.horizons)
                if there < furthest and last - begin + 1 >= schema.length:
                    lacking.append((last, there))
                spans.append((begin, last + 1))
            elif stop <= last:
                spans.append((begin, max(begin, stop - furthest)))
    if lacking:
        _refuse(timeline, schema, lacking)
    return spans


def _last_of_past(rows: Rows, columns: Sequence[int], first: int, end: int) -> int:
    """Find the last row with a value in one of these columns; one before the first if there is none."""
    for stop in range(end, first, -CHUNK_ROWS):
        begin = max(first, stop - CHUNK_ROWS)
        present = np.flatnonzero(~np.isnan(rows[begin:stop, columns]).all(axis=1))
        if len(present):
            return begin + int(present[-1])
    return first - 1


def _rows_ahead(values: NDArray[Any], horizons: Sequence[int]) -> int:
    """Count the rows up to the first that a horizon needs and that is not there or holds nothing."""
    for horizon in horizons:
        if horizon > len(values) or (horizon > 0 and np.isnan(values[horizon - 1]).all()):
            return min(horizon - 1, len(values))
    return horizons[-1]


def _refuse(timeline: Timeline, schema: WindowSchema, lacking: list[tuple[int, int]]) -> None:
    last, there = lacking[0]
    place = f"row {last}" if timeline.times is None else str(timeline.times[last])
    if timeline.labels is not None:
        place += f" of the series {timeline.labels[int(timeline.series_of(np.array([last]))[0])]!r}"
    raise MissingFutureError(schema.known, schema.horizons[-1], there, place, len(lacking))
