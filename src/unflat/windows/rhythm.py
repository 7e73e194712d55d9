"""The step of time from row to row: where it is regular, where it is longer, and what season follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from unflat.tables.columns import is_temporal
from unflat.windows.step import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

REGULAR_SHARE = 0.9
"""Sampling is regular where at least this share of a series' steps equal the most common one."""

_MOST = 0.5

Unit = Literal["instants", "wall clock", "months"]

_DAY = 86400.0
_SHORTEST_MONTH = 28 * _DAY
_SEASONS = ((1.0, 3600.0), (60.0, _DAY), (_DAY, 7 * _DAY), (7 * _DAY, 364 * _DAY))
"""Steps in seconds from which on a season, in seconds, is the natural one: of seconds an hour, of minutes and hours
a day, of days a week, of weeks a year."""
_MONTHS_OF_YEAR = 12


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The regular steps of series.

    Parameters
    ----------
    unit : {"instants", "wall clock", "months"}
        What the steps count: the time column's own ticks, the same on the clock of its time zone, or calendar
        months.
    steps : ndarray of shape (n_series,)
        Each series' step; 0 where it has no regular one.
    month_end : bool
        Whether steps of months go from last day to last day.
    """

    unit: Unit
    steps: NDArray[Any]
    month_end: bool = False

    def season(self, dtype: pl.DataType) -> int | None:
        """Give the rows of the natural season; None if steps differ, or do not divide one."""
        step = float(self.steps[0])
        if step == 0 or (self.steps != step).any() or not dtype.is_temporal():
            return None
        if self.unit == "months":
            return _whole(_MONTHS_OF_YEAR / step)
        seconds = step / _ticks_per_second(dtype)
        seasons = [season for least, season in _SEASONS if seconds >= least]
        return _whole(seasons[-1] / seconds) if seasons and seconds < _SHORTEST_MONTH else None

    def step(self, dtype: pl.DataType) -> Step | None:
        """Give the step that all series have; None if they have none, or differ."""
        step = float(self.steps[0])
        if step == 0 or (self.steps != step).any():
            return None
        if self.unit == "months":
            return Step(step, "months")
        return Step(step / _ticks_per_second(dtype), "seconds") if dtype.is_temporal() else Step(step, "numbers")

    def later(self, times: pl.Series, series: NDArray[np.int64], counts: NDArray[np.int64]) -> pl.Series:
        """Go some steps on from given times.

        Parameters
        ----------
        times : polars.Series of length n
            From when.
        series : ndarray of shape (n,), int64
            The series of each.
        counts : ndarray of shape (n,), int64
            How many steps.

        Returns
        -------
        polars.Series of length n
            The later times; null where the series has no regular step.
        """
        ahead = pl.Series(self.steps[series] * counts)
        regular = pl.Series(self.steps[series] != 0)
        if self.unit == "months":
            later = _months_later(times, ahead, last_day=self.month_end)
        elif self.unit == "wall clock":
            later = _on_clock(_ticks_later(times.dt.replace_time_zone(None), ahead), times.dtype)
        else:
            later = _ticks_later(times, ahead)
        return later.zip_with(regular, pl.Series([None], dtype=later.dtype).new_from_index(0, len(later)))


def find_rhythm(
    times: pl.Series, bounds: NDArray[np.int64], usual: Step | None = None
) -> tuple[Rhythm, NDArray[np.int64]]:
    """Find the regular step of each series, and the rows after which a longer one follows.

    A series whose own steps are irregular, as with one gap in few rows, is held against the step that all series
    have in common, if they have one, or against the usual one.

    Parameters
    ----------
    times : polars.Series of length n_rows
        Times in ascending order within each series, none missing.
    bounds : ndarray of shape (n_series + 1,), int64
        Where each series starts, and the end.
    usual : Step or None
        The step of an earlier table, which is a series' own where most of its steps are that.

    Returns
    -------
    Rhythm
        The steps.
    ndarray of int64
        The rows that are followed by a gap.
    """
    unit, ticks, month_end = _best_ticks(times, bounds)
    steps = np.diff(ticks)
    tolerance = _tolerance(ticks)
    common, share = _common_step(_within(steps, bounds), tolerance)
    shared = np.full(len(bounds) - 1, common if share >= REGULAR_SHARE else 0, dtype=steps.dtype)
    if share == 1.0:
        return Rhythm(unit, shared, month_end), np.zeros(0, dtype=np.int64)
    expected = 0.0 if usual is None else _in_ticks(usual, unit, times.dtype)
    gaps = [np.zeros(0, dtype=np.int64)]
    for i, (first, end) in enumerate(pairwise(bounds.tolist())):
        own = steps[first : end - 1]
        step, share = _common_step(own, tolerance)
        if share >= REGULAR_SHARE or (share > _MOST and abs(float(step) - expected) <= tolerance):
            shared[i] = step
        if shared[i] > 0:
            gaps.append(first + np.flatnonzero(own > shared[i] + tolerance))
    return Rhythm(unit, shared, month_end), np.concatenate(gaps)


def _in_ticks(step: Step, unit: Unit, dtype: pl.DataType) -> float:
    """Count a step of an earlier table as the steps of these times are; 0 where it is of another kind."""
    kind = "months" if unit == "months" else "seconds" if dtype.is_temporal() else "numbers"
    if step.unit != kind:
        return 0.0
    return step.count * _ticks_per_second(dtype) if kind == "seconds" else step.count


def ticks_of(times: pl.Series) -> NDArray[Any]:
    """View times as the numbers that they are stored as."""
    return (times.to_physical() if is_temporal(times) else times).to_numpy()


def _best_ticks(times: pl.Series, bounds: NDArray[np.int64]) -> tuple[Unit, NDArray[Any], bool]:
    """Choose the count in which steps are most even: daily local times are so by the clock, not in UTC."""
    ticks = ticks_of(times)
    if not is_temporal(times):
        return "instants", ticks, False
    step, share = _common_step(_within(np.diff(ticks), bounds), 0)
    if step >= _SHORTEST_MONTH * _ticks_per_second(times.dtype):
        local = times.dt.replace_time_zone(None) if times.dtype == pl.Datetime else times
        if _same_in_month(local, last_day=True):
            return "months", _months(local), True
        if _same_in_month(local, last_day=False):
            return "months", _months(local), False
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone not in {None, "UTC"}:
        whole_days = step % (_DAY * _ticks_per_second(times.dtype)) == 0
        clock = ticks_of(times.dt.replace_time_zone(None))
        share_by_clock = _common_step(_within(np.diff(clock), bounds), 0)[1]
        if share_by_clock > share or (share_by_clock == share and whole_days):
            return "wall clock", clock, False
    return "instants", ticks, False


def _within(steps: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[Any]:
    """Leave out the steps from one series to the next."""
    return np.delete(steps, bounds[1:-1] - 1) if len(bounds) > 2 else steps  # noqa: PLR2004 - several series


def _common_step(steps: NDArray[Any], tolerance: float) -> tuple[Any, float]:
    """Find the step that more than half of the steps equal, which is then their median, and the share that do."""
    if len(steps) == 0:
        return 0, 0.0
    step = np.partition(steps, len(steps) // 2)[len(steps) // 2]
    equal = steps == step if tolerance == 0 else np.abs(steps - step) <= tolerance
    return step, np.count_nonzero(equal) / len(steps)


def _tolerance(ticks: NDArray[Any]) -> float:
    """Bound the rounding of a difference of two floats; whole ticks have none."""
    if ticks.dtype.kind != "f" or len(ticks) == 0:
        return 0.0
    return 8 * float(np.finfo(ticks.dtype).eps) * max(abs(float(ticks.min())), abs(float(ticks.max())))


def _same_in_month(times: pl.Series, *, last_day: bool) -> bool:
    days = times.dt.date()
    same_day = (days == days.dt.month_end()).all() if last_day else times.dt.day().n_unique() == 1
    return bool(same_day) and (times.dtype == pl.Date or times.dt.time().n_unique() == 1)


def _months(times: pl.Series) -> NDArray[np.int64]:
    return (times.dt.year().cast(pl.Int64) * _MONTHS_OF_YEAR + times.dt.month().cast(pl.Int64)).to_numpy()


def _months_later(times: pl.Series, months: pl.Series, *, last_day: bool) -> pl.Series:
    local = times.dt.replace_time_zone(None) if isinstance(times.dtype, pl.Datetime) else times
    frame = pl.DataFrame({"time": local, "offset": months.cast(pl.Int64).cast(pl.String) + "mo"})
    later = frame.select(pl.col("time").dt.offset_by(pl.col("offset"))).to_series()
    return _on_clock(later.dt.month_end() if last_day else later, times.dtype)


def _on_clock(local: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Give local times their zone; null where the clock, set forward, leaves one out."""
    if not isinstance(dtype, pl.Datetime):
        return local
    return local.dt.replace_time_zone(dtype.time_zone, ambiguous="earliest", non_existent="null")


def _ticks_later(times: pl.Series, ahead: pl.Series) -> pl.Series:
    return (times.to_physical() + ahead).cast(times.dtype)


def _ticks_per_second(dtype: pl.DataType) -> float:
    if isinstance(dtype, pl.Datetime):
        return {"ms": 1e3, "us": 1e6, "ns": 1e9}[dtype.time_unit]
    return 1 / _DAY  # dates count days


def _whole(rows: float) -> int | None:
    return round(rows) if rows >= 2 and rows == round(rows) else None  # noqa: PLR2004 - the shortest season
