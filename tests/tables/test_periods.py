"""Weeks and quarters as the times of rows."""

import datetime as dt

import polars as pl
import pytest

from unflat.errors import ColumnTypeError
from unflat.tables import read_table
from unflat.tables.times import as_times, times_in_text
from unflat.windows import make_windows

DAYS = [dt.date(1999, 12, 20) + dt.timedelta(days=day) for day in range(0, 7 * 600, 7)]
"""Mondays of eleven years, of which some have a week 53."""


@pytest.mark.parametrize("form", ["{0}W{1:02}", "{0}-W{1:02}", "{0} w{1}", "W{1} {0}", "W{1:02}-{0}", "{0}-W{1:02}-1"])
def test_weeks_stand_for_their_mondays(form):
    """They are counted as Python's own calendar of ISO 8601 counts them."""
    text = pl.Series("week", [form.format(*day.isocalendar()) for day in DAYS])
    assert times_in_text(text).to_list() == DAYS


@pytest.mark.parametrize("form", ["{0}-W{1:02}-{2}", "{0}W{1:02}{2}"])
def test_days_of_weeks_are_days(form):
    """A number of the day follows the week's."""
    days = [DAYS[0] + dt.timedelta(days=day) for day in range(400)]
    assert times_in_text(pl.Series([form.format(*day.isocalendar()) for day in days])).to_list() == days


@pytest.mark.parametrize("form", ["{0}Q{1}", "{0}-q{1}", "Q{1} {0}", "Q{1}/{0}", "Q{1}{0}"])
def test_quarters_stand_for_their_first_days(form):
    """The number of the quarter comes after the year, or before it."""
    text = pl.Series([form.format(year, quarter) for year in (1999, 2000) for quarter in (1, 2, 3, 4)])
    expected = [dt.date(year, month, 1) for year in (1999, 2000) for month in (1, 4, 7, 10)]
    assert times_in_text(text).to_list() == expected


@pytest.mark.parametrize("impossible", ["2021-W53", "2020-W54", "2020-W00"])
def test_a_week_that_its_year_does_not_have_is_named(impossible):
    """2020 has 53 weeks, and 2021 has 52."""
    weeks = pl.Series("week", ["2020-W52", "2020-W53", impossible])
    with pytest.raises(ColumnTypeError, match=f"'week': expected points in time, .*'{impossible}' in row 2"):
        as_times(weeks)


def test_weeks_of_several_series_are_no_labels(tmp_path):
    """Labels recur, and so do the weeks of several series: it is by their form that they are told apart."""
    path = tmp_path / "weeks.csv"
    weeks = pl.Series("week", ["{}W{:02}".format(*day.isocalendar()) for day in DAYS[:60]])
    frame = pl.DataFrame({"week": weeks, "x": range(60)})
    pl.concat([frame.with_columns(shop=pl.lit(shop)) for shop in "ab"]).write_csv(path)
    assert read_table(path)["week"].to_list() == DAYS[:60] * 2
    windows = make_windows(path, target="x", length=4, group="shop")
    assert (windows.schema.time, windows.schema.features, windows.timeline.season) == ("week", ("x",), 52)
