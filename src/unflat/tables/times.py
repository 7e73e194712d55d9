"""Points in time: typed columns as they are, text by the common ways to write dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import polars as pl

from unflat.errors import ColumnTypeError
from unflat.tables.columns import is_temporal
from unflat.tables.periods import PERIODS, first_days

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y")
_NAMED_MONTHS = (
    *("%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y"),
    *("%d-%B-%Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y"),
)
"""Months in English words, short or whole."""
_AMBIGUOUS_DATES = ("%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y")
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y", "%b %Y", "%B %Y", "%b-%Y", "%Y %b", "%Y %B", "%YM%m", "%Y-M%m")
"""A month stands for its first day."""
_TIMES_OF_DAY = ("", "%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_ZONES = ("", "%#z")
_OFFSET = r":\d\d.*[+-]([\d:]{2,5})\s*$"
"""What follows a time of day, after its sign."""
_FIRST_YEAR = 1000
"""%Y also takes a year of two digits, and then means the time of Augustus."""
_TRIAL = 100
"""Values on which a format is tried before it is used on the whole column."""


def times_in_text(column: pl.Series, date_format: str | None = None) -> pl.Series | None:
    """Parse a text column if every value is a point in time.

    Parameters
    ----------
    column : polars.Series
        Text. Dates are year-month-day, with dashes, slashes or dots; day.month.year; month and day in either order
        before the year, if some day above 12 settles which is which; or with the month's name, as in 3-Jan-2012 and
        Jan 3, 2012. Years have four digits, or two after dots, slashes and names. A time of day may follow after a
        blank or a T, and an offset from UTC after that. Months (1949-01, 01/1949, Jan 1949), quarters (1949Q1) and
        weeks of ISO 8601 (1949-W01) stand for their first day.
    date_format : str or None
        How dates were written in a column of the same meaning, as `date_format_of` gives it: it settles which of day
        and month is which, where this column does not.

    Returns
    -------
    polars.Series or None
        Dates, or times in microseconds; None if a value is no point in time, the column has no value, or day and
        month could be mistaken for each other.
    """
    matches = _complete(column)
    known = [times for form, times in matches.items() if date_format is not None and form.startswith(date_format)]
    readings = known or [*matches.values()]
    return readings[0] if len(readings) == 1 or _agree(readings) else None


def date_format_of(column: pl.Series) -> str | None:
    """Say how dates are written, where it takes a day above 12 to know which of day and month is which.

    Parameters
    ----------
    column : polars.Series
        Any column.

    Returns
    -------
    str or None
        Such as "%m/%d/%Y"; None if the column is no text of dates, or dates so written are always read in one way.
    """
    if column.dtype != pl.String:
        return None
    column = column.str.strip_chars()
    if not any(form.startswith(_AMBIGUOUS_DATES) for form in _likely_formats(column)):
        return None  # told without reading the whole column
    forms = [*_complete(column)]
    dates = {date for date in _AMBIGUOUS_DATES for form in forms if form.startswith(date)}
    return dates.pop() if len(forms) == 1 and dates else None


def has_offsets(column: pl.Series) -> bool:
    """Whether a column is of text whose times have offsets from UTC, others than none."""
    return column.dtype == pl.String and bool(column.str.extract(_OFFSET).str.contains("[1-9]").any())


def may_be_times(column: pl.Series) -> bool:
    """Whether a column is of points in time, or a text column of which most values are."""
    if column.dtype != pl.String:
        return is_temporal(column)
    return _most_are_times(column)


def as_times(column: pl.Series, date_format: str | None = None) -> pl.Series:
    """Take a column as the times of rows.

    Parameters
    ----------
    column : polars.Series
        Points in time, text that can be parsed, or numbers such as a count of cycles.
    date_format : str or None
        As in `times_in_text`.

    Returns
    -------
    polars.Series
        Dates, times or numbers, none missing.

    Raises
    ------
    ColumnTypeError
        If a value is missing or is no point in time, with its row.
    """
    if column.dtype == pl.String:
        column = _parsed(column, date_format)
    if not (is_temporal(column) or column.dtype.is_numeric()):
        raise ColumnTypeError(
            column.name,
            "points in time, or numbers that order the rows",
            f"values of type {column.dtype}",
            None,
            "Convert the column, or name another one as the time.",
        )
    missing = column.is_null() | (column.is_nan() if column.dtype.is_float() else False)
    if missing.any():
        raise ColumnTypeError(
            column.name,
            "a time in every row",
            f"{missing.sum()} missing, the first",
            cast("int", missing.arg_max()),
            "Fill these times in, or remove their rows.",
        )
    if is_temporal(column) or column.dtype.is_float():
        return column
    if column.dtype == pl.Decimal:
        return column.cast(pl.Float64)
    whole = column.cast(pl.Int64, strict=False)
    if whole.has_nulls():
        row = cast("int", whole.is_null().arg_max())
        raise ColumnTypeError(
            column.name,
            "whole numbers below 2**63",
            str(column[row]),
            row,
            "Count from a later start, or in larger units.",
        )
    return whole


def are_the_same_times(one: pl.Series, other: pl.Series) -> bool:
    """Whether two columns are of the same points in time, be it by the clocks of two time zones."""
    if not (may_be_times(one) and may_be_times(other)):
        return False
    try:
        times = as_times(one), as_times(other)
    except ColumnTypeError:
        return False
    # Without its zone a time is kept by the clock of UTC.
    zoned = {isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None for column in times}
    return len(zoned) == 1 and times[0].cast(pl.Datetime("us")).equals(times[1].cast(pl.Datetime("us")))


def _parsed(column: pl.Series, date_format: str | None) -> pl.Series:
    column = column.str.strip_chars()
    times = times_in_text(column, date_format)
    if times is not None:
        return times
    known = column.is_not_null()
    if _complete(column):
        raise ColumnTypeError(
            column.name,
            "dates that can be read in one way",
            f"{column.drop_nulls()[0]!r}, where day and month may be either",
            cast("int", known.arg_max()),
            "Write dates as year-month-day, or parse the column beforehand.",
        )
    parsed = (_parse(column, form) for form in _likely_formats(column))
    best = min(parsed, key=pl.Series.null_count, default=column.clear(len(column)))
    row = cast("int", (best.is_null() & known).arg_max())
    raise ColumnTypeError(
        column.name,
        "points in time, such as 2016-07-01 or 2016-07-01 13:00:00",
        repr(column[row]),
        row,
        "Correct the value, parse the column beforehand, or name another one as the time.",
    )


def _most_are_times(column: pl.Series) -> bool:
    known = len(column) - column.null_count()
    return any(len(column) - _parse(column, form).null_count() > known / 2 for form in _likely_formats(column))


def _complete(column: pl.Series) -> dict[str, pl.Series]:
    """Give all readings of a text column by which every value is a point in time, by their formats."""
    readings = ((form, _parse(column, form)) for form in _likely_formats(column))
    return {form: times for form, times in readings if times.null_count() == column.null_count()}


def _likely_formats(column: pl.Series) -> Iterator[str]:
    """Give the formats that fit most of the first values: all that the whole column need be tried on."""
    trial = column.drop_nulls().head(_TRIAL)
    for form in _formats():
        if len(trial) > 0 and _parse(trial, form).null_count() < len(trial) / 2:
            yield form


def _formats() -> Iterator[str]:
    for date in (*_DATES, *_AMBIGUOUS_DATES, *_NAMED_MONTHS):
        for time_of_day in _TIMES_OF_DAY:
            for between in (" ", "T") if time_of_day else ("",):
                for zone in _ZONES if time_of_day else ("",):
                    yield f"{date}{between}{time_of_day}{zone}"
    yield from _MONTHS
    yield from PERIODS


def _parse(column: pl.Series, form: str) -> pl.Series:
    if form in PERIODS:
        return first_days(column, form)
    if form in _MONTHS:
        column, form = column + "|01", f"{form}|%d"
    kind = pl.Datetime("us") if ":" in form else pl.Date()
    times = column.str.strptime(kind, form, strict=False)
    if "%y" in form:
        return times
    return pl.select(pl.when(times.dt.year() >= _FIRST_YEAR).then(times).alias(column.name)).to_series()


def _agree(matches: list[pl.Series]) -> bool:
    return len(matches) > 1 and all(other.equals(matches[0]) for other in matches[1:])
