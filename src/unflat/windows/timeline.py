"""The series of a table: which rows belong to which, in what order, and where time jumps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from unflat.errors import ColumnTypeError, DuplicateTimeError, TimeGapWarning
from unflat.errors.telling import warn_user
from unflat.tables.times import as_times
from unflat.windows.rhythm import Rhythm, find_rhythm, ticks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.tables import Table
    from unflat.windows.schema import WindowSchema
    from unflat.windows.step import Step

_SUNDAY, _MORNING = 7, 4
"""The day of the week and the hour by which clocks have been set back."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Rows in the order of their series and times.

    Parameters
    ----------
    bounds : ndarray of shape (n_series + 1,), int64
        The first row of each series, and the end of the last.
    segments : ndarray of shape (n_segments + 1,), int64
        The same for the stretches of series that no gap interrupts.
    labels : polars.Series of length n_series, or None
        The group of each series, where there is a group column; of several, text that joins what stands in them.
    members : tuple of polars.Series of length n_series
        What stands in each group column, for each series.
    times : polars.Series of length n_rows, or None
        The time of each row, where there is a time column.
    rhythm : Rhythm or None
        The regular steps of time, where there is a time column.
    """

    bounds: NDArray[np.int64]
    segments: NDArray[np.int64]
    labels: pl.Series | None = None
    members: tuple[pl.Series, ...] = ()
    times: pl.Series | None = None
    rhythm: Rhythm | None = None

    @property
    def season(self) -> int | None:
        """Rows of the natural season of regular times."""
        if self.rhythm is None or self.times is None:
            return None
        return self.rhythm.season(self.times.dtype)

    @property
    def step(self) -> Step | None:
        """How far apart in time all rows are, where there is one regular step."""
        return None if self.rhythm is None or self.times is None else self.rhythm.step(self.times.dtype)

    @property
    def zone(self) -> str | None:
        """The time zone of times, where they have one."""
        dtype = None if self.times is None else self.times.dtype
        return dtype.time_zone if isinstance(dtype, pl.Datetime) else None

    @property
    def ticks(self) -> NDArray[Any] | None:
        """Times as the numbers that they are stored as."""
        return None if self.times is None else ticks_of(self.times)

    def series_of(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Give the number of the series that each row belongs to."""
        return np.searchsorted(self.bounds, rows, side="right") - 1

    def segment_ends(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Give, for each row, the end of the stretch that it belongs to."""
        return self.segments[np.searchsorted(self.segments, rows, side="right")]


def arrange(table: Table, schema: WindowSchema) -> tuple[Timeline, NDArray[np.int64] | None]:
    """Find the series of a table.

    Parameters
    ----------
    table : Table
        At least one row.
    schema : WindowSchema
        The names of the time and the group column; and the step and the time zone of an earlier table, where they
        are known.

    Returns
    -------
    Timeline
        The series.
    ndarray of shape (n_rows,), int64, or None
        The table's row at each place of the timeline; None if the table is in order as it is.

    Raises
    ------
    ColumnTypeError
        If a time or a group is missing, or a time is none.
    DuplicateTimeError
        If a time stands more than once in a series.

    Warns
    -----
    TimeGapWarning
        If rows are missing in regular sampling.
    """
    members = [_as_groups(table[name]) for name in schema.group_columns]
    group = _joined(members) if members else None
    times = None if schema.time is None else _by_clock(as_times(table[schema.time], schema.date_format), schema.zone)
    order = None if _in_order(group, times, table.height) else _sorting(group, times)
    if order is not None:
        group = None if group is None else group.gather(order)
        times = None if times is None else times.gather(order)
    bounds = _bounds(group, table.height)
    labels = None if group is None else group.gather(bounds[:-1])
    firsts = bounds[:-1] if order is None else order[bounds[:-1]]
    timeline = Timeline(bounds, bounds, labels, tuple(column.gather(firsts) for column in members))
    return timeline if times is None else _timed(timeline, times.rechunk(), schema), order


def _by_clock(times: pl.Series, zone: str | None) -> pl.Series:
    """Read points in time by the clock of a zone; those without one of their own stay as they are."""
    zoned = isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone is not None
    return times.dt.convert_time_zone(zone) if zoned and zone is not None else times


def _as_groups(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)  # so that labels have the order of their text
    missing = column.is_null() | (column.is_nan() if column.dtype.is_float() else False)
    if missing.any():
        raise ColumnTypeError(
            column.name,
            "the label of a series in every row",
            f"{missing.sum()} missing, the first",
            cast("int", missing.arg_max()),
            "Fill the labels in, or remove these rows.",
        )
    return column


def _joined(members: list[pl.Series]) -> pl.Series:
    """Join the labels of several columns into one text each."""
    if len(members) == 1:
        return members[0]
    name = ", ".join(column.name for column in members)
    # Backslashes keep apart what a comma within a label would join.
    escaped = [column.cast(pl.String).str.replace_all(r"([\\,])", r"\$1") for column in members]
    return pl.select(pl.concat_str([pl.lit(text) for text in escaped], separator=", ").alias(name)).to_series()


def _bounds(group: pl.Series | None, height: int) -> NDArray[np.int64]:
    if group is None:
        return np.array([0, height], dtype=np.int64)
    runs = group.rle_id().to_numpy()
    return np.concatenate([[0], np.flatnonzero(runs[1:] != runs[:-1]) + 1, [height]]).astype(np.int64)


def _in_order(group: pl.Series | None, times: pl.Series | None, height: int) -> bool:
    bounds = _bounds(group, height)
    if group is not None and not group.gather(bounds[:-1]).is_sorted():
        return False  # which a label that stands in two places is, too: others lie between
    if times is None:
        return True
    ticks = ticks_of(times)
    falls = np.flatnonzero(ticks[1:] < ticks[:-1]) + 1
    return bool(np.isin(falls, bounds).all())


def _sorting(group: pl.Series | None, times: pl.Series | None) -> NDArray[np.int64]:
    """Sort rows by group and time, keeping the order of those that are equal in both."""
    if group is None:
        return np.argsort(ticks_of(cast("pl.Series", times)), kind="stable")
    labels = group.unique().sort()
    codes = group.replace_strict(labels, range(len(labels)), return_dtype=pl.UInt32).to_numpy()
    return np.argsort(codes, kind="stable") if times is None else np.lexsort((ticks_of(times), codes))


def _timed(timeline: Timeline, times: pl.Series, schema: WindowSchema) -> Timeline:
    column = cast("str", schema.time)
    _refuse_repeated(timeline, times, column)
    rhythm, gaps = find_rhythm(times, timeline.bounds, schema.step)
    if len(gaps):
        _warn_of_gaps(timeline, times, gaps, column)
    segments = np.union1d(timeline.bounds, gaps + 1)
    return replace(timeline, times=times, rhythm=rhythm, segments=segments)


def _refuse_repeated(timeline: Timeline, times: pl.Series, column: str) -> None:
    ticks = ticks_of(times)
    repeated = np.flatnonzero(ticks[1:] == ticks[:-1]) + 1
    repeated = repeated[~np.isin(repeated, timeline.bounds)]
    if len(repeated):
        series = _series_name(timeline, repeated[0])
        raise DuplicateTimeError(
            column,
            str(times[int(repeated[0])]),
            len(repeated),
            series,
            only_dates=times.dtype == pl.Date,
            set_back=_may_be_set_back(times.gather(repeated)),
        )


def _may_be_set_back(times: pl.Series) -> bool:
    """Whether all are of the small hours of Sundays by a local clock: then clocks are set back nearly everywhere."""
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone is not None:
        return False
    return bool(((times.dt.weekday() == _SUNDAY) & (times.dt.hour() < _MORNING)).all())


def _series_name(timeline: Timeline, row: int) -> str | None:
    if timeline.labels is None:
        return None
    return str(timeline.labels[int(timeline.series_of(np.array([row]))[0])])


def _warn_of_gaps(timeline: Timeline, times: pl.Series, gaps: NDArray[np.int64], column: str) -> None:
    ticks = ticks_of(times)
    longest = gaps[np.argmax(ticks[gaps + 1] - ticks[gaps])]
    text = f"The times of {column!r} are regular but for "
    if len(gaps) == 1:
        text += f"one gap, {_described(timeline, times, longest)}"
    elif longest == gaps[0]:
        text += f"{len(gaps)} gaps, the first and longest {_described(timeline, times, longest)}"
    else:
        text += f"{len(gaps)} gaps, the first {_described(timeline, times, gaps[0])}"
        text += f", the longest {_described(timeline, times, longest)}"
    remedy = "No window reaches across a gap: insert the missing rows, if more windows are needed."
    warn_user(TimeGapWarning(f"{text}. {remedy}"))


def _described(timeline: Timeline, times: pl.Series, gap: int) -> str:
    series = _series_name(timeline, gap)
    where = "" if series is None else f"in series {series!r} "
    return f"{where}from {times[int(gap)]} to {times[int(gap) + 1]}"
