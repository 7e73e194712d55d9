"""Calendar features: places on the circles of day, week and year, at each step of a window."""

import datetime as dt
import json
from calendar import isleap, monthrange

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat import LSTMRegressor
from unflat.errors import ClockWarning, ColumnTypeError, ConfigurationError, InputError
from unflat.windows import WindowSchema, apply_schema, make_windows
from unflat.windows.calendar import CALENDAR, write_calendar
from unflat.windows.schema import calendar_names


def turn(time, field):
    """Say what part of its circle a time has gone round, by Python's own calendar."""
    minute = (time.minute * 60 + time.second + time.microsecond / 1e6) / 60
    return {
        "minute": minute / 60,
        "hour": (time.hour + minute / 60) / 24,
        "weekday": time.weekday() / 7,
        "day": (time.day - 1) / monthrange(time.year, time.month)[1],
        "yearday": (time.timetuple().tm_yday - 1) / (366 if isleap(time.year) else 365),
        "month": (time.month - 1) / 12,
    }[field]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)), min_size=1, max_size=5))  # noqa: DTZ001 - the data have no zone
def test_every_time_stands_where_its_calendar_says(times):
    """Sine and cosine are those of the share of the period that has passed, by another implementation."""
    out = np.empty((len(times), 2 * len(CALENDAR)))
    write_calendar(pl.Series("t", times), CALENDAR, out)
    angles = 2 * np.pi * np.array([[turn(time, field) for field in CALENDAR] for time in times])
    np.testing.assert_allclose(out[:, 0::2], np.sin(angles), atol=1e-9)
    np.testing.assert_allclose(out[:, 1::2], np.cos(angles), atol=1e-9)


def table(n=80, **columns):
    """Make an hourly table."""
    start = dt.datetime(2024, 2, 27, 22)  # noqa: DTZ001 - the data have no zone
    hours = pl.datetime_range(start, start + dt.timedelta(hours=n - 1), "1h", eager=True)
    return pl.DataFrame({"date": hours, "load": np.arange(n, dtype=np.float64) ** 1.5, **columns})


def test_windows_hold_the_calendar_of_each_step_beside_their_columns():
    """The features follow the columns, are named, and are one row each, however many windows share it."""
    windows = make_windows(table(), target="load", length=5, calendar=("hour", "weekday"))
    names = ("load", "date_hour_sin", "date_hour_cos", "date_weekday_sin", "date_weekday_cos")
    assert windows.sequences.feature_names == windows.schema.inputs == names
    assert windows.sequences.rows.shape == (80, 5)
    first = windows.sequences.dense()[0]
    np.testing.assert_allclose(first[:, 1], np.sin(2 * np.pi * np.array([22, 23, 0, 1, 2]) / 24), atol=1e-12)
    np.testing.assert_allclose(first[:, 4], np.cos(2 * np.pi * np.array([1, 1, 2, 2, 2]) / 7), atol=1e-12)
    assert windows.past.columns == (0,)


def test_a_schema_brings_the_calendar_to_new_data():
    """The same features are made of another table's times, after the schema was a file; old files have none."""
    windows = make_windows(table(), target="load", length=5, calendar="hour")
    values = json.loads(json.dumps(windows.schema.to_dict()))
    again = apply_schema(table()[::-1], WindowSchema.from_dict(values), targets=True)
    np.testing.assert_array_equal(again.sequences.rows, windows.sequences.rows)
    del values["calendar"]
    assert WindowSchema.from_dict(values).inputs == ("load",)


def test_the_clock_is_that_of_the_time_zone():
    """Of times with a zone the hour is the local one, through the change of clocks."""
    times = pl.datetime_range(dt.datetime(2024, 3, 31), dt.datetime(2024, 3, 31, 4), "1h", eager=True, time_zone="UTC")  # noqa: DTZ001 - the zone stands beside them
    out = np.empty((5, 2))
    write_calendar(times.dt.convert_time_zone("Europe/Berlin"), ["hour"], out)
    np.testing.assert_allclose(out[:, 0], np.sin(2 * np.pi * np.array([1, 3, 4, 5, 6]) / 24), atol=1e-12)


def test_a_month_may_end_where_clocks_change():
    """The day is told of its month although the last of March 2024 has no half past two in Berlin."""
    times = pl.Series([dt.datetime(2024, 3, 16, 2, 30)]).dt.replace_time_zone("Europe/Berlin")  # noqa: DTZ001 - as above
    out = np.empty((1, 2))
    write_calendar(times, ["day"], out)
    np.testing.assert_allclose(out[0], [np.sin(2 * np.pi * 15 / 31), np.cos(2 * np.pi * 15 / 31)], atol=1e-12)


def test_a_narrow_matrix_stays_narrow():
    """Columns of float32 keep their type; the calendar takes it."""
    frame = table().with_columns(pl.col("load").cast(pl.Float32))
    assert make_windows(frame, target="load", length=5, calendar="hour").sequences.rows.dtype == np.float32


@pytest.mark.parametrize("time", [table()["date"].dt.date(), pl.Series(range(80)), pl.Series([2.5] * 80)])
def test_times_without_the_parts_asked_for_are_refused(time):
    """Dates have no hour, and numbers no calendar: the error names the column and what it holds."""
    words = "times of day" if time.dtype == pl.Date else "dates or times"
    with pytest.raises(ColumnTypeError, match=f"The column 'date': expected {words}.* hour"):
        write_calendar(time.alias("date"), ["hour", "month"], np.empty((80, 4)))


def test_dates_have_days_and_months():
    """A column of dates takes the features that need no clock."""
    frame = pl.DataFrame({"date": pl.date_range(dt.date(2024, 1, 1), dt.date(2024, 3, 1), "1d", eager=True)})
    windows = make_windows(frame.with_columns(x=pl.int_range(pl.len())), target="x", length=5, calendar="month")
    np.testing.assert_allclose(windows.sequences.rows[-1, 1:], [np.sin(np.pi / 3), np.cos(np.pi / 3)])


@pytest.mark.parametrize(
    ("calendar", "frame", "named"),
    [
        ("fortnight", table(), "names among minute, hour, weekday, day, yearday, month"),
        (("hour", "hour"), table(), "distinct names"),
        ("hour", table().drop("date"), "there is no time column"),
        ("hour", table(date_hour_sin=np.ones(80)), "'date_hour_sin' is no column's name"),
    ],
)
def test_what_is_no_calendar_is_refused(calendar, frame, named):
    """Unknown and repeated names, a table without times, and a name that is taken are errors of the parameter."""
    with pytest.raises(ConfigurationError, match=f"'calendar' of make_windows: .*{named}"):
        make_windows(frame, target="load", length=5, calendar=calendar)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_a_model_reads_the_calendar_of_new_tables():
    """A fitted model makes the features itself of a new table; windows without them are refused."""
    windows = make_windows(table(), target="load", length=5, calendar=("hour",))
    model = LSTMRegressor(units=(4,), epochs=1, random_state=0, progress=False).fit(windows)
    assert model.n_features_in_ == 3
    latest = apply_schema(table(), model.schema_, targets=False)
    np.testing.assert_array_equal(model.predict(table()), model.predict(latest))
    with pytest.raises(InputError, match="windows with the features load"):
        model.predict(make_windows(table(), target="load", length=5))


def test_names_are_in_the_order_that_is_written():
    """Sine before cosine, field by field."""
    assert calendar_names("t", ("hour", "month")) == ("t_hour_sin", "t_hour_cos", "t_month_sin", "t_month_cos")


def hours_of(times):
    """Make a table of these times."""
    return pl.DataFrame({"t": times, "load": np.arange(len(times)) % 7.0})


IN_INDIA = "2024-03-01T{:02}:00:00+05:30".format


@pytest.mark.parametrize(
    "frame",
    [
        hours_of([IN_INDIA(hour) for hour in range(20)]),
        pd.DataFrame({"t": pd.to_datetime([IN_INDIA(hour) for hour in range(20)]), "load": np.arange(20.0)}),
    ],
    ids=["text", "pandas"],
)
def test_a_clock_that_is_lost_is_told(frame, tmp_path):
    """Of times with an offset from UTC the calendar is UTC's, which is said where one is asked for, of files too."""
    path = tmp_path / "table.csv"
    path.write_text(frame.write_csv() if isinstance(frame, pl.DataFrame) else frame.to_csv(index=False))
    for data in (frame, path):
        with pytest.warns(ClockWarning, match=r"'t' have offsets from UTC.*\(hour\) go by the clock of UTC") as caught:
            windows = make_windows(data, target="load", length=4, calendar="hour")
        assert caught[0].filename == __file__
        assert windows.end_times[0].hour == (3 - 5 - 1) % 24
        make_windows(data, target="load", length=4)  # where warnings are errors


@pytest.mark.parametrize("end", ["", "Z", "+00:00", "+0000"])
def test_the_clock_of_utc_needs_no_words(end):
    """Times without an offset, or with that of UTC, have the clock that they are written by."""
    times = [f"2024-03-01 {hour:02}:00:00{end}" for hour in range(20)]
    windows = make_windows(hours_of(times), target="load", length=4, calendar="hour")
    np.testing.assert_allclose(windows.sequences.rows[6, 1:], [1, 0], atol=1e-6)


@pytest.mark.parametrize("trained_in", ["Europe/Berlin", "UTC"])
def test_times_of_another_zone_are_read_by_the_clock_that_training_had(trained_in, tmp_path):
    """The same hours, with their zone as in Parquet files or with offsets as in CSV, are the same windows."""
    start = dt.datetime(2024, 3, 29)  # noqa: DTZ001 - the zone follows
    times = pl.datetime_range(start, start + dt.timedelta(hours=99), "1h", eager=True, time_zone="UTC")
    zoned = pl.DataFrame({"t": times.dt.convert_time_zone(trained_in), "x": range(100)})
    schema = make_windows(zoned, target="x", length=4, calendar="hour").schema
    schema = WindowSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    path = tmp_path / "offsets.csv"
    berlin = times.dt.convert_time_zone("Europe/Berlin")
    zoned.with_columns(t=berlin.dt.strftime("%Y-%m-%dT%H:%M:%S%:z")).write_csv(path)
    expected = apply_schema(zoned, schema, targets=True)
    for other in (path, zoned.with_columns(t=berlin)):
        windows = apply_schema(other, schema, targets=True)
        assert np.array_equal(windows.sequences.rows[:], expected.sequences.rows[:])
        assert windows.end_times.equals(expected.end_times)
        assert windows.end_times.dtype.time_zone == trained_in
