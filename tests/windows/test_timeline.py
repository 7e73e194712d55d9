"""Series of a table: their order, repeated times, gaps, steps and seasons."""

import datetime as dt
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm

from unflat.errors import ColumnTypeError, DuplicateTimeError, TimeGapWarning
from unflat.windows import apply_schema, make_windows


def frame_of(times, **columns):
    """Make a table of times and a count."""
    times = pl.Series("t", times)
    return pl.DataFrame({"t": times, "x": np.arange(len(times), dtype=np.float64), **columns})


START = dt.datetime(2019, 1, 1)  # noqa: DTZ001 - no zone unless a test gives one


def times_every(interval, count):
    """Give times an interval of polars apart."""
    number, unit = re.fullmatch(r"(\d+)(\w+)", interval).groups()
    frame = pl.DataFrame({"t": [START] * count, "by": [f"{i * int(number)}{unit}" for i in range(count)]})
    return frame.select(pl.col("t").dt.offset_by(pl.col("by"))).to_series()


def season_of(times):
    """Give the season that windows over these times have."""
    return make_windows(frame_of(times), target="x", length=2, time="t").past.season


def ahead_of(times, steps):
    """Give the times that follow, as windows to predict from have them."""
    frame = frame_of(times)
    schema = make_windows(frame, target="x", length=2, horizon=steps, time="t").schema
    return apply_schema(frame, schema, targets=False).target_times[-steps:].to_list()


@pytest.mark.parametrize(
    ("interval", "season"),
    [
        ("1s", 3600),
        ("30s", 120),
        ("1m", 1440),
        ("5m", 288),
        ("7m", None),
        ("15m", 96),
        ("1h", 24),
        ("5h", None),
        ("12h", 2),
        ("1d", 7),
        ("2d", None),
        ("1w", 52),
        ("1mo", 12),
        ("1q", 4),
        ("6mo", 2),
        ("1y", None),
        ("10ms", None),
        ("28d", None),
    ],
)
def test_the_season_is_the_natural_one_of_the_step(interval, season):
    """Rows of an hour, a day, a week or a year, as the step suggests; None where they are no whole number."""
    assert season_of(times_every(interval, 80)) == season


def test_the_season_needs_dates():
    """Of numbers nobody knows what a step is."""
    assert season_of(range(30)) is None


def test_dates_without_a_time_of_day_have_a_season_too():
    """A daily column of dates repeats by the week."""
    assert season_of(times_every("1d", 30).dt.date()) == 7


def test_irregular_times_have_no_season_and_no_gaps():
    """Trading days are irregular: windows go by rows, and nothing is said."""
    days = times_every("1d", 60)
    days = days.filter(days.dt.weekday() <= 5)
    windows = make_windows(frame_of(days), target="x", length=8)
    assert windows.past.season is None
    assert len(windows) == len(days) - 8


@pytest.mark.parametrize("as_date", [False, True])
def test_months_go_on_by_the_calendar(as_date):
    """After the last day of a month comes the last day of the next, after the first the first."""
    ends = times_every("1mo", 11).dt.month_end()
    firsts = times_every("1mo", 12)
    if as_date:
        ends, firsts = ends.dt.date(), firsts.dt.date()
    assert [(t.month, t.day) for t in ahead_of(ends, 3)] == [(12, 31), (1, 31), (2, 29)]
    assert [(t.month, t.day) for t in ahead_of(firsts, 3)] == [(1, 1), (2, 1), (3, 1)]


def test_months_of_a_time_zone_go_on_by_its_clock():
    """Of times at half past two there is none on the last of March 2019 in Berlin; the next months have theirs."""
    days = [dt.datetime(2018, month, 1, 2, 30) for month in range(4, 13)]  # noqa: DTZ001 - the zone stands below
    days += [dt.datetime(2019, month, 1, 2, 30) for month in (1, 2)]  # noqa: DTZ001 - as above
    ends = pl.Series(days).dt.month_end().dt.replace_time_zone("Europe/Berlin", ambiguous="earliest")
    missing, *later = ahead_of(ends, 3)
    assert missing is None
    assert [(t.month, t.day, t.hour, t.minute) for t in later] == [(4, 30, 2, 30), (5, 31, 2, 30)]


def test_years_go_on_by_the_calendar():
    """Steps of 365 and 366 days are a year each."""
    assert [t.year for t in ahead_of(times_every("1y", 5), 2)] == [2024, 2025]


def test_days_of_a_time_zone_are_regular_by_the_clock():
    """Local midnights are 23 or 25 hours apart twice a year, which is no gap; and they go on as midnights."""
    days = times_every("1d", 89).dt.replace_time_zone("Europe/Berlin")  # ends two days before summer time
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert season_of(times_every("1d", 400).dt.replace_time_zone("Europe/Berlin")) == 7
        later = ahead_of(days, 3)
    assert [(t.day, t.hour) for t in later] == [(31, 0), (1, 0), (2, 0)]


def test_hours_of_a_time_zone_are_regular_in_utc():
    """Where the clock is set, hours go on; none is repeated or lacks."""
    hours = times_every("1h", 24 * 100).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    assert season_of(hours) == 24


def test_numbers_with_rounding_are_regular():
    """Tenths of a second as floats are no gaps, and a missing one is."""
    times = np.arange(200) * 0.1
    assert len(make_windows(frame_of(times), target="x", length=3, time="t")) == 197
    with pytest.warns(TimeGapWarning, match="one gap"):
        make_windows(frame_of(np.delete(times, 50)), target="x", length=3, time="t")


def test_no_window_reaches_across_a_gap():
    """Where rows are missing in regular sampling, windows with their targets stay on one side."""
    times = times_every("1h", 60)
    kept = np.delete(np.arange(60), [20, 40, 41, 42])
    frame = frame_of(times[kept.tolist()], hour=kept.astype(float))
    with pytest.warns(
        TimeGapWarning,
        match="'t' are regular but for 2 gaps, the first from 2019-01-01 19:00:00 to 2019-01-01 21:00:00, the longest "
        "from 2019-01-02 15:00:00 to 2019-01-02 19:00:00",
    ):
        windows = make_windows(frame, target="x", length=4, horizon=2)
    hours = windows.sequences.dense()[:, :, 1]
    assert (np.diff(hours, axis=1) == 1).all()
    assert (frame["hour"].to_numpy()[windows.target_rows] - hours[:, -1] == 2).all()
    assert len(windows) == (20 - 5) + (19 - 5) + (17 - 5)


def test_a_window_before_a_gap_is_predicted_into_it():
    """To predict, the last rows before a gap are a window too, whose target time follows from the step."""
    times = times_every("1h", 40)
    frame = frame_of(times[[i for i in range(40) if i not in range(20, 26)]])
    with pytest.warns(TimeGapWarning, match="one gap, from"):
        schema = make_windows(frame, target="x", length=3, horizon=2).schema
    with pytest.warns(TimeGapWarning, match="one gap, from"):
        windows = apply_schema(frame, schema, targets=False)
    assert (windows.target_rows < 0).sum() == 4
    ahead = windows.target_times - windows.end_times
    assert set(ahead.to_list()) == {dt.timedelta(hours=2)}


def test_a_gap_is_named_with_its_series():
    """Each series has its own step, and a gap in one is told by its label."""
    hourly, daily = times_every("1h", 40), times_every("1d", 30)
    times = pl.concat([hourly[[i for i in range(40) if i != 9]], daily])
    frame = frame_of(times, g=["fast"] * 39 + ["slow"] * 30)
    with pytest.warns(
        TimeGapWarning, match="one gap, in series 'fast' from 2019-01-01 08:00:00 to 2019-01-01 10:00:00"
    ):
        windows = make_windows(frame, target="x", length=5, group="g")
    assert (windows.groups == "slow").sum() == 25
    assert windows.past.season is None


def test_a_short_series_is_held_against_the_step_of_all():
    """One gap in five rows makes a series irregular by itself, not beside others of a regular step."""
    times = pl.concat([times_every("1h", 100), times_every("1h", 6)[[0, 1, 2, 4, 5]]])
    frame = frame_of(times, g=["a"] * 100 + ["b"] * 5)
    with pytest.warns(TimeGapWarning, match="in series 'b' from"):
        windows = make_windows(frame, target="x", length=2, group="g")
    assert windows.y[windows.groups == "b"].tolist() == [102.0]


def test_a_target_beyond_irregular_times_has_none():
    """Where there is no regular step, nobody knows when the target will be."""
    assert ahead_of([0.0, 1.0, 5.0, 7.0, 20.0, 21.0], 2) == [None, None]


def test_repeated_times_are_refused():
    """A time that stands twice in a series is named, how often times are, and the series."""
    times = [*times_every("1h", 5), times_every("1h", 5)[2], times_every("1h", 5)[1]]
    with pytest.raises(
        DuplicateTimeError, match=r"'t': expected each time once.*2 repeated, the first 2019-01-01 01:00"
    ):
        make_windows(frame_of(times), target="x", length=2)
    frame = frame_of(times, g=["a"] * 5 + ["b"] * 2)
    assert len(make_windows(frame, target="x", length=1, group="g")) == 4 + 1
    with pytest.raises(DuplicateTimeError, match="of the series 'b'"):
        make_windows(pl.concat([frame, frame[-1:]]), target="x", length=1, group="g")


@pytest.mark.parametrize(("day", "named"), [(27, True), (28, False)])
def test_hours_that_a_clock_shows_twice_are_told(day, named):
    """Clocks are set back in the small hours of a Sunday; what stands twice then is a time of two offsets."""
    times = [dt.datetime(2019, 10, day, hour) for hour in (1, 2, 2, 3)]  # noqa: DTZ001 - as clocks show them
    with pytest.raises(DuplicateTimeError) as raised:
        make_windows(frame_of(times), target="x", length=1)
    assert ("If the clock was set back then, write the times in UTC" in str(raised.value)) is named


@pytest.mark.parametrize(
    ("group", "remedy"),
    [
        (None, "Drop the repeated rows, or give the rows of one series at a time, for the model was trained without a"),
        ("g", "Drop the repeated rows, or label rows of different series differently."),
    ],
)
def test_repeated_times_of_data_for_a_model_are_told_with_what_can_be_done_there(group, remedy):
    """Who predicts cannot name a group any more: the remedy speaks of the rows."""
    frame = frame_of(times_every("1h", 5), g=["a"] * 5)
    schema = make_windows(frame, target="x", length=2, group=group, features="x", time="t").schema
    for targets in (True, False):
        with pytest.raises(DuplicateTimeError) as raised:
            apply_schema(pl.concat([frame, frame[-1:]]), schema, targets=targets)
        assert raised.value.remedy.startswith(remedy)
        assert (raised.value.count, raised.value.group) == (1, group and "a")


@pytest.mark.parametrize("labels", [["a", None, "b"], [1.0, float("nan"), 2.0]])
def test_every_row_needs_its_series(labels):
    """A missing group is refused with its row."""
    with pytest.raises(ColumnTypeError, match=r"'g': expected the label of a series in every row; .* in row 1"):
        make_windows(pl.DataFrame({"g": labels, "x": [1, 2, 3]}), target="x", length=1, group="g")


def test_every_row_needs_its_time():
    """A missing time is refused with its row in the table as it was given."""
    frame = frame_of(times_every("1h", 5)).reverse().with_columns(t=pl.when(pl.col("x") != 1).then("t"))
    with pytest.raises(
        ColumnTypeError, match="'t': expected a time in every row; received 1 missing, the first in row 3"
    ):
        make_windows(frame, target="x", length=1)


def test_rows_in_order_are_not_moved():
    """A table that is in order keeps its rows, and its times are not copied."""
    frame = frame_of(times_every("1h", 30), g=["a"] * 10 + ["b"] * 20)
    windows = make_windows(frame, target="x", length=2, group="g")
    assert np.shares_memory(windows.timeline.times.to_physical().to_numpy(), frame["t"].to_physical().to_numpy())
    assert windows.timeline.bounds.tolist() == [0, 10, 30]


def test_series_of_an_enumeration_are_in_the_order_of_their_text():
    """A categorical group is told by its text, whatever order its categories have."""
    group = pl.Series(["b", "a", "a", "b"], dtype=pl.Enum(["b", "a"]))
    frame = pl.DataFrame({"g": group, "x": [1.0, 2, 3, 4]})
    for column in (group, group.cast(pl.Categorical)):
        windows = make_windows(frame.with_columns(g=column), target="x", length=1, group="g")
        assert windows.groups.tolist() == ["a", "b"]
        assert windows.y.tolist() == [3, 4]


def test_co2_of_statsmodels_has_its_times_in_the_index():
    """A real series of pandas, weekly since 1958: found, regular, its missing targets left out."""
    data = sm.datasets.co2.load_pandas().data
    windows = make_windows(data, target="co2", length=52)
    known = data["co2"].notna().to_numpy()
    assert windows.past.season == 52
    assert len(windows) == known[52:].sum()
    np.testing.assert_array_equal(windows.y, data["co2"].to_numpy()[52:][known[52:]])
    assert windows.end_times[0] == pd.Timestamp(data.index[51]).to_pydatetime()
