"""Times of rows that stand in no column of times: in dates and times of day apart, in parts, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from unflat.tables.columns import is_temporal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_CLOCKS = ("%H:%M:%S%.f", "%H:%M", "%H.%M.%S", "%I:%M:%S %p", "%I:%M %p")
_HOURS = {"hour", "hours", "hr"}
_FINER = (({"minute", "minutes"}, 60_000_000), ({"second", "seconds"}, 1_000_000))
"""What may stand beside hours, and the microseconds of each."""
_PARTS = ("year", "month", "day")
_TIME = "time"
_TRIAL = 100
"""Values on which a format is tried before it is used on the whole column."""

_YEARS = (1800, 2200)
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
"""How many of the units in which times since 1970 are counted make a second."""

_EPOCH_SECONDS = (5e8, 4e9)
"""From 1985 to 2096: no unit's numbers are another's."""


def with_one_time(table: pl.DataFrame, text: Collection[str]) -> pl.DataFrame:
    """Make one column of times, where that is how a table tells the time.

    Parameters
    ----------
    table : polars.DataFrame
        Columns of settled types.
    text : collection of str
        Columns to leave as they are.

    Returns
    -------
    polars.DataFrame
        With dates joined with the times of day or the hours beside them; or without any column of times, with a column
        "time" made of columns of the year, the month, the day and maybe the hour, which stay, as minutes and seconds
        beside hours do; or with numbers such as 20160701, in a column named as dates or days, or 2016070113, or
        seconds, milli-, micro- or nanoseconds since 1970, in one named as times, as the times that they are. As it is,
        where none of this leaves no doubt.
    """
    dates = [column for column in table if column.dtype == pl.Date]
    others = [column for column in table if column.name not in text]
    if len(dates) == 1:
        return _joined(table, dates[0], others)
    if any(is_temporal(column) for column in table):
        return table
    told = [times for column in others if (times := _dates_in_numbers(column)) is not None]
    told += [times for column in others if (times := _times_in_numbers(column)) is not None]
    if len(told) == 1:
        return table.with_columns(told)
    return _with_parts_joined(table, others)


def _joined(table: pl.DataFrame, dates: pl.Series, others: list[pl.Series]) -> pl.DataFrame:
    clocks = [column for column in others if column.dtype == pl.String]
    joined = [(times, clock) for clock in clocks if (times := joined_times(dates, clock)) is not None]
    if len(joined) == 1:
        times, clock = joined[0]
        return table.with_columns(times).drop(clock.name)
    hours = [column for column in others if column.name.lower() in _HOURS and _are_between(column, 0, 23)]
    if joined or len(hours) != 1 or dates.has_nulls():
        return table
    times, told = _at_hours(dates, hours[0], others)
    return table.with_columns(times) if told and _goes_on(dates, times) else table


def joined_times(dates: pl.Series, clock: pl.Series) -> pl.Series | None:
    """Join dates with the times of day that another column holds.

    Parameters
    ----------
    dates : polars.Series
        Dates.
    clock : polars.Series
        Text.

    Returns
    -------
    polars.Series or None
        Times in microseconds, under the name of the dates; None if not every value of the text is a time of day, or
        if it is something else, such as how long a thing took: from row to row of one date a clock goes on, or back
        where the newest row comes first.
    """
    likely = (form for form in _CLOCKS if not _clock(clock.head(_TRIAL), form).has_nulls())
    form = next((form for form in likely if not _clock(clock, form).has_nulls()), None)
    if form is None or dates.has_nulls():
        return None
    times = pl.select(pl.lit(dates).dt.combine(pl.lit(_clock(clock, form)), "us").alias(dates.name)).to_series()
    return times if _goes_on(dates, times) else None


def _clock(column: pl.Series, form: str) -> pl.Series:
    return column.str.strptime(pl.Time(), form, strict=False)


def _goes_on(dates: pl.Series, times: pl.Series) -> bool:
    """Whether times go one way from row to row of one date, and some date has several rows."""
    other_date = dates[1:] != dates[:-1]
    later, earlier = times[1:] >= times[:-1], times[1:] <= times[:-1]
    return not other_date.all() and ((later | other_date).all() or (earlier | other_date).all())


def _at_hours(dates: pl.Series, hours: pl.Series, others: list[pl.Series]) -> tuple[pl.Series, bool]:
    """Join dates with hours, and with the minutes and seconds beside them; also say whether that tells the time.

    It does not where a column of minutes or seconds cannot be joined, and times are repeated without it.
    """
    times = dates.cast(pl.Datetime("us")) + _as_duration(hours, 3_600_000_000)
    for names, microseconds in _FINER:
        parts = [column for column in others if column.name.lower() in names]
        if len(parts) != 1 or not _are_between(parts[0], 0, 59):
            return times, not parts or times.is_unique().all()
        times += _as_duration(parts[0], microseconds)
    return times, True


def _as_duration(parts: pl.Series, microseconds: int) -> pl.Series:
    return (parts.cast(pl.Int64) * microseconds).cast(pl.Duration("us"))


def _are_between(column: pl.Series, low: int, high: int) -> bool:
    """Whether a column is of whole numbers within bounds, none missing."""
    return column.dtype.is_integer() and not column.has_nulls() and bool(column.is_between(low, high).all())


def _dates_in_numbers(column: pl.Series) -> pl.Series | None:
    """Read numbers such as 20160701, where the column's name says that it is of dates."""
    named = any(word in column.name.lower() for word in ("date", "day"))
    if not named or not _are_between(column, _YEARS[0] * 10_000, _YEARS[1] * 10_000):
        return None
    times = column.cast(pl.String).str.strptime(pl.Date, "%Y%m%d", strict=False)
    return None if times.has_nulls() else times


def _times_in_numbers(column: pl.Series) -> pl.Series | None:
    """Read numbers such as 2016070113, or since 1970, where the column's name says that it is of times."""
    named = any(word in column.name.lower() for word in ("time", "date", "unix", "epoch"))
    if not named or not column.dtype.is_numeric() or column.has_nulls():
        return None
    if column.dtype.is_integer():
        # All of a column's seconds are hardly ever such digits by chance.
        hours = _in_digits(column, "%Y%m%d%H%M", "00")
        if hours is not None and hours.dt.year().is_between(*_YEARS).all():
            return hours
        if _in_digits(column, "%y%m%d%H%M") is not None:
            return None
    return _since_1970(column)


def _in_digits(column: pl.Series, form: str, end: str = "") -> pl.Series | None:
    """Read numbers of ten digits as times in a format, which needs minutes: `end`, where the numbers have none."""
    if not column.is_between(10**8, 10**10 - 1).all() or column.is_empty():
        return None
    for part in (column.head(_TRIAL), column):
        digits = part.cast(pl.String).str.zfill(10) + end
        times = digits.str.strptime(pl.Datetime("us"), form, strict=False).alias(column.name)
        if times.has_nulls():
            return None
    return times


def _since_1970(column: pl.Series) -> pl.Series | None:
    """Read times since 1970 in any unit."""
    for in_a_second in _UNITS:
        low, high = (in_a_second * bound for bound in _EPOCH_SECONDS)
        if column.is_between(low, high).all():
            microseconds = column * (1e6 / in_a_second)
            return microseconds.round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    return None


def _with_parts_joined(table: pl.DataFrame, others: list[pl.Series]) -> pl.DataFrame:
    parts = {column.name.lower(): column for column in others}
    if not set(_PARTS) <= set(parts) or any(name.lower() == _TIME for name in table.columns):
        return table
    if not all(_are_between(parts[name], low, high) for name, low, high in _bounds(parts)):
        return table
    text = pl.select(pl.concat_str([pl.lit(parts[name]) for name in _PARTS], separator="-").alias(_TIME)).to_series()
    dates = text.str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    hours = [parts[name] for name in _HOURS if name in parts]
    if dates.has_nulls() or len(hours) > 1:
        return table
    times, told = _at_hours(dates, hours[0], others) if hours else (dates, True)
    return pl.DataFrame([times, *table]) if told else table


def _bounds(parts: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Say between what numbers each part of a time is."""
    yield from (("year", *_YEARS), ("month", 1, 12), ("day", 1, 31))
    yield from ((name, 0, 23) for name in _HOURS if name in parts)
