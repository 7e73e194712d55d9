"""The step of time from row to row."""

import datetime as dt
import warnings

import numpy as np
import polars as pl
import pytest

from unflat.errors import TimeGapWarning, TimeStepWarning
from unflat.windows import apply_schema, make_windows
from unflat.windows.step import Step

START = dt.datetime(2021, 1, 1)  # noqa: DTZ001 - a column of local times


def table(step, rows=60, start=START):
    """Make rows that far apart, whose values are their numbers."""
    times = pl.datetime_range(start, start + dt.timedelta(days=40 * rows), step, eager=True).head(rows)
    return pl.DataFrame({"t": times, "x": np.arange(float(rows))})


def schema_of(frame, **measures):
    """Find the schema of windows of three rows."""
    return make_windows(frame, target="x", length=3, **measures).schema


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(3600.0, "seconds"), "1 hour"),
        (Step(5400.0, "seconds"), "90 minutes"),
        (Step(0.5, "seconds"), "0.5 seconds"),
        (Step(2 * 86_400.0, "seconds"), "2 days"),
        (Step(604_800.0, "seconds"), "1 week"),
        (Step(1.0, "months"), "1 month"),
        (Step(12.0, "months"), "1 year"),
        (Step(2.0, "numbers"), "2"),
    ],
)
def test_a_step_is_said_in_its_largest_whole_unit(step, words):
    """Nobody reads 86400 as a day."""
    assert str(step) == words


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("15m", Step(900.0, "seconds")),
        ("1d", Step(86_400.0, "seconds")),
        ("1mo", Step(1.0, "months")),
    ],
)
def test_windows_know_how_far_apart_their_rows_were(step, found):
    """The schema that is kept with a model holds the step, in a unit that does not depend on how times are stored."""
    frame = table(step)
    for unit in ("ms", "us", "ns"):
        assert schema_of(frame.with_columns(pl.col("t").cast(pl.Datetime(unit)))).step == found


def test_there_is_no_step_where_there_is_not_one():
    """Without times, at irregular ones, and where series differ, nothing is said, and nothing held against it."""
    no_times = pl.DataFrame({"x": np.arange(9.0)})
    irregular = table("1h")[[0, 1, 3, 4, 8, 9, 15, 16, 20, 26, 27, 33]]
    two = pl.concat([table("1h").with_columns(g=pl.lit("a")), table("1d").with_columns(g=pl.lit("b"))])
    assert schema_of(no_times).step is None
    assert schema_of(irregular).step is None
    schema = schema_of(two, group="g", features="x")
    assert schema.step is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply_schema(two.filter(pl.col("g") == "b"), schema, targets=False)


@pytest.mark.parametrize("targets", [True, False])
def test_rows_of_another_step_are_told(targets):
    """Every second hour, a window of three rows is six hours: numbers come, and the warning says what they are."""
    schema = schema_of(table("1h"), horizon=2)
    message = r"data are 2 hours apart in 't'; .* learned from are 1 hour apart.* window of 3 rows, and 2 rows ahead"
    with pytest.warns(TimeStepWarning, match=message) as caught:
        apply_schema(table("2h"), schema, targets=targets)
    assert caught[0].filename == __file__


def test_rows_at_no_step_are_told():
    """A model of a regular series is not quietly used at odd times."""
    odd = table("1h")[[0, 1, 3, 8, 9, 15, 20, 26]]
    with pytest.warns(TimeStepWarning, match="at no one regular step in 't'"):
        apply_schema(odd, schema_of(table("1h")), targets=False)


def test_the_same_step_is_the_same_however_it_is_stored():
    """Days as dates, as times, and by a local clock that is set meanwhile, are days."""
    schema, spring = schema_of(table("1d")), table("1d", start=START + dt.timedelta(days=60))
    others = [
        table("1d").with_columns(pl.col("t").cast(pl.Date)),
        spring.with_columns(pl.col("t").dt.replace_time_zone("Europe/Berlin")),
        table("1d")[:3],
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for other in others:
            assert len(apply_schema(other, schema, targets=False)) == len(other) - 2


def test_one_row_has_no_step_to_be_held_against():
    """Windows of a single row are predicted from a single row."""
    schema = make_windows(table("1h"), target="x", length=1).schema
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(apply_schema(table("1h")[:1], schema, targets=False)) == 1


def test_a_gap_in_few_rows_is_one_by_the_step_of_training():
    """Of six rows one step of five is longer: by themselves these are irregular, beside the training's they are not."""
    schema = schema_of(table("1h"))
    few = table("1h")[[0, 1, 2, 4, 5, 6]]
    with pytest.warns(TimeGapWarning, match="one gap, from 2021-01-01 02:00:00 to 2021-01-01 04:00:00"):
        windows = apply_schema(few, schema, targets=False)
    assert [time.hour for time in windows.end_times] == [2, 6]


def test_numbers_of_rows_are_a_step_too():
    """A time column of numbers is held against numbers, rounding aside."""
    frame = pl.DataFrame({"t": np.arange(60) * 0.1, "x": np.arange(60.0)})
    schema = schema_of(frame, time="t")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply_schema(frame.with_columns(pl.col("t") + 1e5), schema, targets=False)
    with pytest.warns(TimeStepWarning, match=r"0\.2 apart in 't'"):
        apply_schema(frame.with_columns(pl.col("t") * 2), schema, targets=False)
