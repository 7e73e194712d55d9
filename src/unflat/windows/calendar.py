"""Where each row stands in the day, the week and the year: a place on a circle, as its sine and cosine.

One number would put 23:59 and 00:00 at opposite ends; on a circle they are neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from unflat.errors import ColumnTypeError
from unflat.sequences.columnar import CHUNK_ROWS
from unflat.tables.columns import is_temporal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SECONDS = pl.col("t").dt.second() + pl.col("t").dt.nanosecond() / 1e9
_MINUTES = pl.col("t").dt.minute() + _SECONDS / 60
_HOURS = pl.col("t").dt.hour() + _MINUTES / 60
_TIMES_OF_DAY = {"minute": _MINUTES / 60, "hour": _HOURS / 24}
_DAYS = {
    "weekday": (pl.col("t").dt.weekday() - 1) / 7,
    # Of the date: a month may end on a day that lacks this time of day, where clocks change.
    "day": (pl.col("t").dt.day() - 1) / pl.col("t").dt.date().dt.month_end().dt.day(),
    "yearday": (pl.col("t").dt.ordinal_day() - 1) / (365 + pl.col("t").dt.is_leap_year().cast(pl.Int16)),
    "month": (pl.col("t").dt.month() - 1) / 12,
}
_TURNS = _TIMES_OF_DAY | _DAYS
"""What part of its circle a time has gone round, in [0, 1), by the clock of its own time zone."""

CALENDAR = tuple(_TURNS)
"""The features there are: minute of the hour and hour of the day with their fractions; whole days of the week (Monday
is 0), of the month and of the year; months of the year."""

_WAVES = (np.sin, np.cos)
"""In the order of the names that the schema gives them."""


def write_calendar(times: pl.Series, calendar: Sequence[str], out: NDArray[Any]) -> None:
    """Write the sine and cosine of each calendar feature, a piece at a time.

    Parameters
    ----------
    times : polars.Series of length n_rows
        The time of each row.
    calendar : sequence of str
        Names out of `CALENDAR`.
    out : ndarray of shape (n_rows, 2 * len(calendar)), float32 or float64
        Where to write, in the order of the schema's `calendar_names`.

    Raises
    ------
    ColumnTypeError
        If times are numbers and no dates, or dates and an hour or a minute is asked for.
    """
    _refuse_unfit(times, calendar)
    for first in range(0, len(times), CHUNK_ROWS):
        part = pl.DataFrame({"t": times[first : first + CHUNK_ROWS]})
        for place, field in enumerate(calendar):
            angle = 2 * np.pi * part.select(_TURNS[field].cast(pl.Float64)).to_series().to_numpy()
            for offset, wave in enumerate(_WAVES):
                out[first : first + len(part), 2 * place + offset] = wave(angle)


def _refuse_unfit(times: pl.Series, calendar: Sequence[str]) -> None:
    of_day = [field for field in calendar if field in _TIMES_OF_DAY]
    if not calendar or (is_temporal(times) and not (of_day and times.dtype == pl.Date)):
        return
    kind = "times of day" if is_temporal(times) else "dates or times"
    raise ColumnTypeError(
        times.name,
        f"{kind}, for the calendar features {', '.join(of_day if is_temporal(times) else calendar)}",
        f"values of type {times.dtype}",
        None,
        f"Leave them out of calendar=, or convert the column; dates alone have {', '.join(_DAYS)}.",
    )
