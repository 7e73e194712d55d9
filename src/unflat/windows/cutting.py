"""Cut windows from a table: its rows are copied once at the most, and a window is a place in them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise, product
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from unflat.errors import (
    ColumnTypeError,
    DuplicateTimeError,
    MissingColumnError,
    ShortSeriesWarning,
    TableError,
    TimeStepWarning,
    UnknownCategoryWarning,
    WindowTooLongError,
)
from unflat.errors.telling import warn_user
from unflat.sequences import PastTarget, Sequences
from unflat.sequences.columnar import CHUNK_ROWS
from unflat.tables import as_table, open_table
from unflat.tables.columns import as_labels, check_numeric, float_type, refuse_all_missing, write_column
from unflat.tables.lines import naming_lines
from unflat.windows.columns import rows_of
from unflat.windows.known import known_contexts, known_matrix, spans_to_predict_from
from unflat.windows.roles import codes_of, find_schema, names_of, require
from unflat.windows.schema import horizons_in_words
from unflat.windows.static import static_context
from unflat.windows.timeline import arrange
from unflat.windows.view import Windows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from unflat.sequences.index import Rows
    from unflat.tables import Table
    from unflat.windows.schema import WindowSchema
    from unflat.windows.timeline import Timeline

_SHOWN = 8


def make_windows(
    frame: object,
    *,
    target: str | Sequence[str],
    length: int,
    horizon: int | Sequence[int] = 1,
    features: str | Sequence[str] | None = None,
    time: str | None = None,
    group: str | Sequence[str] | None = None,
    stride: int = 1,
    calendar: str | Sequence[str] = (),
    known: str | Sequence[str] = (),
    static: str | Sequence[str] = (),
    labels: str | Sequence[str] = (),
    missing: float | Sequence[float] = (),
) -> Windows:
    """Cut windows from a table of time steps.

    Rows are sorted by group and time, unless they are in that order already. Where sampling is regular, that is
    where at least nine tenths of a series' steps in time equal the most common one, no window and its target
    reach across a longer step. Elsewhere, and without a time column, windows go by rows.

    Parameters
    ----------
    frame : DataFrame, Series with a name, Table or path
        One row for each time step, of pandas, polars, pyarrow or any library that narwhals knows. Of a pandas
        index, levels that hold times or have a name can be used as columns are. A path is opened by `open_table`: a
        Parquet file may be larger than memory.
    target : str or sequence of str
        The column to predict, or several. Windows whose target is missing are left out.
    length : int
        Rows in a window.
    horizon : int or sequence of int
        How many rows after a window's last row the target lies; 0 for a target in that row itself. Of several,
        ascending as in `(1, 6, 24)` or `range(1, 25)`, each makes an output of its own, named as in "load+6"; there
        are windows where all targets are known.
    features : str or sequence of str, or None
        The columns that windows hold; None for all but group and time, be it on several clocks, with the target's own
        past if the horizon is at least 1. Text and categorical types become codes, which a model reads as indicators if
        they are few, and as learned embeddings if more than 10 were seen in training; a missing value is NaN.
    time : str or None
        The column that orders rows: dates, times, text of them, or numbers. None for the only column of points
        in time if there is one, and for the order of the rows if there is none.
    group : str or sequence of str, or None
        The column that tells series apart, such as the store, or those that do together, such as the store and the
        item; no window holds rows of two.
    stride : int
        Rows from one window's start to the next one's.
    calendar : str or sequence of str
        Features to make of the time column, each as a sine and a cosine, so that the end of a period meets its start:
        "minute" of the hour and "hour" of the day, with their fractions; "weekday"; "day" of the month; "yearday";
        "month". They are named as in "date_hour_sin" and go by the clock of the column's time zone.
    known : str or sequence of str
        Columns whose values are known in advance, such as prices of tomorrow, plans, or a forecast of the weather. What
        they hold in the row of each target, and the calendar features of that row, stands beside the window, named as
        in "price+6"; their past is a feature like any other's. Nothing else of the rows after a window is read. To
        predict from another table, it must go on with a row for each step ahead, known columns filled in and the
        others empty.
    static : str or sequence of str
        Columns that are constant within a group, such as the size of a house or the kind of an engine. They stand
        beside a window, once, and are no features of its steps; a row may leave them empty if another one of its
        group does not.
    labels : str or sequence of str
        Features, known or static columns of numbers that are labels, such as the number of a station or the code of a
        product: they are read as text and categorical types are, and more of one is nothing more.
    missing : float or sequence of float
        Numbers that stand for a missing value in this table, such as -999: they are read as missing in whatever column
        of numbers they are, and so they are wherever the same windows are cut again.

    Returns
    -------
    Windows
        All windows with their targets, in the order of series and time.

    Raises
    ------
    InputTypeError
        If `frame` is not a frame.
    ConfigurationError
        If a measure is out of its bounds, names are repeated, or `time` must be named.
    MissingColumnError
        If a column is not in the table, with the names that come nearest.
    ColumnTypeError
        If a column does not suit its role, with the row; a static one that varies, with its group.
    NonFiniteError
        If a target or feature is infinite, with the row.
    AllMissingError
        If a target or feature has no value.
    TargetLeakError
        If a target is among the features, and a horizon is 0.
    DuplicateTimeError
        If a time stands more than once in a series.
    WindowTooLongError
        If no series is long enough.
    UnreadableTableError, TableChangedError, OutputError
        Of a path: if the file cannot be read, is written meanwhile, or its columns cannot be kept on the disk.

    Warns
    -----
    TimeGapWarning
        If rows are missing in regular sampling.
    ClockWarning
        If calendar features are asked for of times with offsets from UTC, which are read as times in UTC.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"day": range(6), "load": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]})
    >>> windows = make_windows(frame, target="load", length=2, horizon=2, features="load", time="day")
    >>> windows.y.tolist()
    [8.0, 16.0, 32.0]
    """
    labels = names_of(labels, "labels") if labels else ()
    codes = codes_of(missing)
    with naming_lines(frame):
        table = _as_table(frame, labels).without(codes)
        schema = find_schema(
            table,
            target=target,
            features=features,
            time=time,
            group=group,
            length=length,
            horizon=horizon,
            stride=stride,
            calendar=calendar,
            known=known,
            static=static,
            labels=labels,
        )
        timeline, order = arrange(table, schema)
        schema = replace(schema, step=timeline.step, missing=codes, zone=timeline.zone)
        return _cut(table, schema, timeline, order, targets=True)


def apply_schema(frame: object, schema: WindowSchema, *, targets: bool) -> Windows:
    """Cut windows from another table as they were cut before.

    Parameters
    ----------
    frame : DataFrame
        As in `make_windows`, with the columns that the schema names.
    schema : WindowSchema
        What `make_windows` found.
    targets : bool
        Whether windows have targets, to be judged by. If not, there is a window up to the latest row of every
        series that is long enough, though its target does not exist yet, and others a stride apart before it; target
        columns that are no features need not be in the table. Where columns are known in advance, the latest row is the
        last that holds a value of any other feature.

    Returns
    -------
    Windows
        The windows; labels that the schema does not know share a code of their own, the one after the last.

    Raises
    ------
    InputTypeError, MissingColumnError, ColumnTypeError, NonFiniteError, DuplicateTimeError, WindowTooLongError
        As in `make_windows`.
    UnreadableTableError, TableChangedError, OutputError
        Likewise, of a path.
    AllMissingError
        If targets are asked for and one has no value.
    MissingFutureError
        If columns are known in advance, and the rows that hold them ahead are missing.

    Warns
    -----
    TimeGapWarning
        If rows are missing in regular sampling.
    ShortSeriesWarning
        If windows have no targets, and a series has fewer rows than one, or has since its last gap.
    TimeStepWarning
        If rows are not as far apart in time as those that the schema was found in.
    UnknownCategoryWarning
        If a categorical column holds labels that the schema does not know.
    """
    dates = {} if schema.time is None or schema.date_format is None else {schema.time: schema.date_format}
    try:
        with naming_lines(frame):
            table = _as_table(frame, schema.categories, dates).without(schema.missing)
            table = _checked(table, schema, targets=targets)
            timeline, order = arrange(table, schema)
            _warn_of_other_steps(timeline, schema)
            return _cut(table, schema, timeline, order, targets=targets)
    except MissingColumnError as error:  # of columns that are no more to be chosen
        times = () if schema.time is None else (schema.time,)
        beside = (*schema.known, *schema.static, *schema.group_columns)
        taken = (*schema.features, *schema.targets, *beside, *times)
        raise MissingColumnError(error.column, error.available, error.role, settled=True, taken=taken) from None
    except DuplicateTimeError as error:  # nor is what tells series apart
        raise error.for_a_model() from None
    except WindowTooLongError as error:  # nor are measures
        raise WindowTooLongError(error.length, error.horizon, error.longest, settled=True) from None


def _checked(table: Table, schema: WindowSchema, *, targets: bool) -> Table:
    """Hold a table's columns against what a schema needs."""
    require(table, schema.features, "feature")
    require(table, schema.known, "known")
    require(table, schema.static, "static")
    require(table, schema.targets if targets else (), "target")
    require(table, () if schema.time is None else (schema.time,), "time")
    require(table, schema.group_columns, "group")
    _refuse_no_rows(table, schema, targets=targets)
    refuse_all_missing([table[name] for name in schema.targets] if targets else [])
    columns = (*schema.features, *schema.known, *schema.static, *(schema.targets if targets else ()))
    for name in dict.fromkeys(columns):
        if name in schema.categories:
            _check_label_column(table, name, schema.categories[name])
        else:
            check_numeric(table[name], target=name in schema.targets)
    return table


def _as_table(frame: object, labels: Collection[str], date_formats: Mapping[str, str] | None = None) -> Table:
    if isinstance(frame, str | PathLike):
        return open_table(frame, text=labels, date_formats=date_formats)
    return as_table(frame)


def _refuse_no_rows(table: Table, schema: WindowSchema, *, targets: bool) -> None:
    if table.height == 0:
        raise WindowTooLongError(schema.length, schema.horizons[-1] if targets else 0, 0, settled=True)


def _check_label_column(table: Table, name: str, labels: Sequence[str]) -> None:
    column = table[name]
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise ColumnTypeError(name, "labels", f"values of type {column.dtype}", None, "Convert the column to text.")
    unknown = [label for label in as_labels(column.unique()).drop_nulls().sort() if label not in labels]
    if unknown:
        shown = ", ".join(map(repr, unknown[:_SHOWN])) + (
            f" and {len(unknown) - _SHOWN} more" * (len(unknown) > _SHOWN)
        )
        told = (
            f"The column {name!r} holds labels that training never saw: {shown}. They are read as the average of those "
            "that it saw."
        )
        warn_user(UnknownCategoryWarning(told))


def _cut(
    table: Table, schema: WindowSchema, timeline: Timeline, order: NDArray[np.int64] | None, *, targets: bool
) -> Windows:
    rows = rows_of(table, schema, timeline.times, order)
    columns = _target_columns(table, schema, rows, order) if targets else None
    known = known_matrix(table, schema, timeline, order) if schema.known else None
    spans = list(pairwise(timeline.segments.tolist()))
    if known is not None and not targets:
        spans = spans_to_predict_from(timeline, schema, rows, known)
    starts = _starts(timeline.segments, spans, schema, columns, rows.size)
    if not targets:
        _warn_of_short_series(timeline, schema, spans)
    lengths = np.broadcast_to(np.int64(schema.length), starts.shape)
    categorical = tuple(i for i, name in enumerate(schema.features) if name in schema.categories)
    context = () if known is None else known_contexts(known, schema, starts)
    context += static_context(table, schema, timeline, order, starts)
    sequences = Sequences(rows, starts, lengths, schema.inputs, categorical, context)
    return Windows(sequences, schema, timeline, columns, _past(schema, timeline))


def _warn_of_other_steps(timeline: Timeline, schema: WindowSchema) -> None:
    """Warn if rows are not as far apart in time as those that the schema was found in."""
    rows = int(timeline.bounds[-1])
    if schema.step is None or rows == len(timeline.bounds) - 1 or schema.step.is_like(timeline.step):
        return
    found = "at no one regular step" if timeline.step is None else f"{timeline.step} apart"
    ahead = horizons_in_words(schema.horizons)
    told = (
        f"The rows of these data are {found} in {schema.time!r}; those that the model learned from are {schema.step} "
        f"apart. A window of {schema.length} rows, and {ahead} rows ahead, mean other times here. Give rows that are "
        f"{schema.step} apart."
    )
    warn_user(TimeStepWarning(told))


def _target_columns(
    table: Table, schema: WindowSchema, rows: Rows, order: NDArray[np.int64] | None
) -> tuple[NDArray[Any], ...]:
    """Take each target's values: from the matrix where it is a feature, in a column of its own where not."""
    columns = []
    for name in schema.targets:
        if name in schema.features:
            columns.append(rows[:, schema.features.index(name)])
        else:
            view = table.floats(name) if order is None else None
            columns.append(_written(table[name], order) if view is None else view)
    return tuple(columns)


def _written(column: pl.Series, order: NDArray[np.int64] | None) -> NDArray[Any]:
    values = np.empty(len(column), dtype=float_type([column]))
    write_column(column, values, order=order)
    return values


def _starts(
    segments: NDArray[np.int64],
    spans: Sequence[tuple[int, int]],
    schema: WindowSchema,
    columns: tuple[NDArray[Any], ...] | None,
    values: int,
) -> NDArray[np.int64] | NDArray[np.int32]:
    """Find the rows at which windows start, in a second pass over what a first one has counted."""
    ahead = [schema.length - 1 + horizon for horizon in (schema.horizons if columns is not None else (0,))]
    pieces = partial(_pieces, spans, ahead, schema.stride, columns or (), from_end=columns is None)
    count = sum(map(len, pieces()))
    if count == 0:
        _refuse_no_window(segments, schema, ahead[-1])
    # Half the memory, wherever even the place of a single value of the matrix is far from overflowing.
    starts: NDArray[np.int64] | NDArray[np.int32] = (
        np.empty(count, dtype=np.int32) if values <= np.iinfo(np.int32).max else np.empty(count, dtype=np.int64)
    )
    filled = 0
    for piece in pieces():
        starts[filled : filled + len(piece)] = piece
        filled += len(piece)
    return starts


def _pieces(
    spans: Sequence[tuple[int, int]],
    ahead: Sequence[int],
    stride: int,
    columns: tuple[NDArray[Any], ...],
    *,
    from_end: bool,
) -> Iterator[NDArray[np.int64]]:
    """Give the starts of windows, a few at a time: `ahead` rows later the targets, or else the end, are there."""
    for first, end in spans:
        count = max(0, (end - first - ahead[-1] - 1) // stride + 1)
        # Windows to predict from are counted from the end, so that one of them holds the latest rows.
        origin = end - 1 - ahead[-1] - (count - 1) * stride if from_end else first
        for done in range(0, count, CHUNK_ROWS):
            starts = origin + stride * np.arange(done, min(done + CHUNK_ROWS, count))
            for column, rows in product(columns, ahead):
                starts = starts[~np.isnan(column[starts + rows])]
            yield starts


def _refuse_no_window(segments: NDArray[np.int64], schema: WindowSchema, ahead: int) -> None:
    longest = int(np.diff(segments).max())
    if longest <= ahead:
        raise WindowTooLongError(schema.length, ahead + 1 - schema.length, longest)
    names = ", ".join(map(repr, schema.targets))
    raise TableError(
        "The windows",
        f"one whose target {names} is known",
        f"missing values wherever a window's target lies, {horizons_in_words(schema.horizons)} rows after it",
        "Choose another horizon or stride, or fill the target in.",
    )


def _warn_of_short_series(timeline: Timeline, schema: WindowSchema, spans: Sequence[tuple[int, int]]) -> None:
    """Warn if no window holds the latest rows of some series: they are too few, or too few since a gap."""
    firsts, ends = np.array(spans, dtype=np.int64).T
    latest = np.searchsorted(firsts, timeline.bounds[1:]) - 1
    inside = firsts[latest] >= timeline.bounds[:-1]  # else it has no row to predict from
    rows = np.where(inside & (latest >= 0), ends[latest] - firsts[latest], 0)
    short = np.flatnonzero(rows < schema.length)
    if len(short) == 0:
        return
    count, first = len(short), int(short[0])
    series = None if timeline.labels is None else timeline.labels[first]
    which = "" if series is None else f"of the series {series!r} "
    others = "" if count == 1 else f" So it is with {count} of {len(rows)} series, of which this is the first."
    warn_user(
        ShortSeriesWarning(
            f"The latest rows {which}are {rows[first]}, with no gap between them, and a window has {schema.length}: "
            f"nothing is predicted from them.{others} Give more of the rows before them, or insert missing ones.",
            series=series,
            rows=int(rows[first]),
            length=schema.length,
            count=count,
        ),
    )


def _past(schema: WindowSchema, timeline: Timeline) -> PastTarget | None:
    if not schema.target_in_features:
        return None
    places = tuple(schema.features.index(name) for name in schema.targets for _ in schema.horizons)
    horizon = schema.output_horizons if isinstance(schema.horizon, tuple) else schema.horizon
    return PastTarget(places, horizon, timeline.season)
