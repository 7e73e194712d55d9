"""Times of rows that stand in no column of times."""

import datetime as dt

import polars as pl
import pytest

from unflat.tables.clocks import joined_times, with_one_time

DATES = pl.Series("Date", [dt.date(2006, 12, 16), dt.date(2006, 12, 16), dt.date(2006, 12, 17)])


@pytest.mark.parametrize(
    "clock",
    [
        ["17:24:00", "17:25:00", "00:00:00"],
        ["17:24", "17:25", "0:00"],
        ["17.24.00", "17.25.00", "00.00.00"],
        ["5:24:00 PM", "5:25:00 PM", "12:00:00 AM"],
        ["5:24 pm", "5:25 pm", "12:00 am"],
    ],
)
def test_dates_and_times_of_day_are_joined(clock):
    """However the time of day is written, and under the name of the dates."""
    times = joined_times(DATES, pl.Series("Time", clock))
    assert times.name == "Date"
    assert times.to_list() == [
        dt.datetime(2006, 12, 16, 17, 24),  # noqa: DTZ001 - the text has no zone
        dt.datetime(2006, 12, 16, 17, 25),  # noqa: DTZ001 - as above
        dt.datetime(2006, 12, 17),  # noqa: DTZ001 - as above
    ]


@pytest.mark.parametrize(
    "text",
    [
        ["17:24:00", "calm", "00:00:00"],
        ["17:24:00", None, "00:00:00"],
        ["17:24:00", "17:23:00", "00:00:00", "00:01:00"],  # of one date, a clock goes one way
        ["25:00:00", "25:01:00", "25:02:00"],
    ],
)
def test_other_text_is_not_joined_to_dates(text):
    """Words, gaps, and how long a thing took stay what they are."""
    assert joined_times(pl.concat([DATES, DATES[-1:]])[: len(text)], pl.Series("Time", text)) is None


def test_dates_and_times_of_day_are_joined_newest_first():
    """As in exports of prices, whose rows go back in time."""
    times = joined_times(DATES.reverse(), pl.Series("Time", ["00:00", "17:25", "17:24"]))
    assert times.to_list() == joined_times(DATES, pl.Series("Time", ["17:24", "17:25", "00:00"])).reverse().to_list()


def test_where_each_date_stands_once_it_is_the_time():
    """Then a text of hours and minutes says something else about the day."""
    dates = pl.Series("Date", [dt.date(2006, 12, day) for day in (1, 2, 3)])
    assert joined_times(dates, pl.Series("Sunrise", ["07:54", "07:55", "07:56"])) is None


def test_a_row_without_a_date_is_left_for_others_to_refuse():
    """Nothing is joined to what is missing."""
    assert joined_times(pl.Series("Date", [DATES[0], None, DATES[2]]), pl.Series(["17:24", "17:25", "0:00"])) is None


def test_hours_beside_dates_make_times_and_stay():
    """The hour of the day is a number that a model may want; the date then tells the hour, too."""
    table = with_one_time(pl.DataFrame({"dteday": DATES, "hr": [0, 1, 0], "cnt": [16, 40, 32]}), [])
    assert table["dteday"].dt.date().to_list() == DATES.to_list()
    assert table["dteday"].dt.hour().to_list() == [0, 1, 0]
    assert table["hr"].to_list() == [0, 1, 0]


@pytest.mark.parametrize("hours", [[1, 2, 24], [1, None, 0], [5, 5.5, 6], [3, 1, 2]])
def test_other_numbers_are_not_joined_to_dates(hours):
    """Hours up to 24 may be those that begin or those that end; parts of hours and hours out of order say else."""
    dates = pl.Series("Date", [DATES[0]] * 3)
    table = pl.DataFrame({"Date": dates, "hour": hours}, strict=False)
    assert with_one_time(table, [])["Date"].dtype == pl.Date


def test_columns_of_a_year_a_month_a_day_and_an_hour_make_a_time():
    """As raw weather data has them; the columns stay, and without an hour the time is a date."""
    table = pl.DataFrame({"No": [1, 2], "year": [2010, 2010], "month": [1, 1], "day": [1, 1], "hour": [22, 23]})
    assert with_one_time(table, [])["time"].dt.to_string().to_list() == [
        f"2010-01-01 {h}:00:00.000000" for h in (22, 23)
    ]
    assert with_one_time(table, []).columns == ["time", *table.columns]
    days = table.drop("hour").with_columns(day=pl.Series([1, 2]))
    assert with_one_time(days, [])["time"].to_list() == [dt.date(2010, 1, 1), dt.date(2010, 1, 2)]
    assert with_one_time(days.with_columns(day=pl.Series([30, 31]), month=pl.lit(2)), []).columns == days.columns
    assert with_one_time(table.with_columns(time=pl.Series([0, 1])), []).width == 6


def test_minutes_and_seconds_beside_hours_are_part_of_the_time():
    """As solar data have them, beside a date as beside the parts of one; and they stay."""
    clock = {"Hour": [5, 5, 6], "Minute": [0, 30, 0], "Second": [15, 15, 15]}
    parts = pl.DataFrame({"Year": [2010] * 3, "Month": [1] * 3, "Day": [1] * 3, **clock})
    expected = [dt.datetime(2010, 1, 1, hour, minute, 15) for hour, minute in ((5, 0), (5, 30), (6, 0))]  # noqa: DTZ001 - the data have no zone
    joined = with_one_time(parts, [])
    assert joined["time"].to_list() == expected
    assert joined.columns == ["time", *parts.columns]
    assert with_one_time(pl.DataFrame({"date": [dt.date(2010, 1, 1)] * 3, **clock}), [])["date"].to_list() == expected


def test_minutes_that_are_none_leave_hours_alone():
    """Numbers beyond 59 say something else; where hours repeat without them nothing is joined, else hours are."""
    parts = pl.DataFrame({"year": [2010] * 2, "month": [1] * 2, "day": [1] * 2, "hour": [5, 6], "minutes": [90, 1]})
    assert with_one_time(parts, [])["time"].dt.minute().to_list() == [0, 0]
    assert with_one_time(parts.with_columns(hour=5), []).columns == parts.columns
    dated = pl.DataFrame({"date": [dt.date(2010, 1, 1)] * 2, "hour": [5, 5], "minutes": [90, 1]})
    assert with_one_time(dated, [])["date"].dtype == pl.Date


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
def test_numbers_since_1970_are_times(unit, kind):
    """In seconds or finer, whole or not, in a column whose name says that it is of times."""
    seconds = pl.Series([1_325_317_920, 1_325_317_980])
    table = pl.DataFrame({"Timestamp": (seconds * unit).cast(kind), "Close": [4.39, 4.4]})
    times = with_one_time(table, [])["Timestamp"]
    assert times.to_list() == [dt.datetime(2011, 12, 31, 7, minute, tzinfo=dt.UTC) for minute in (52, 53)]
    assert with_one_time(table.rename({"Timestamp": "Volume"}), [])["Volume"].dtype == kind
    assert with_one_time(table, ["Timestamp"])["Timestamp"].dtype == kind


def test_numbers_of_dates_are_dates():
    """As in 20160701; not where the name says nothing of dates, a number is none, or another column is of times."""
    table = pl.DataFrame({"<DATE>": [20160701, 20160702], "x": [1, 2]})
    assert with_one_time(table, [])["<DATE>"].to_list() == [dt.date(2016, 7, 1), dt.date(2016, 7, 2)]
    for other in (
        table.rename({"<DATE>": "id"}),
        table.with_columns(pl.Series("<DATE>", [20160701, 20161301])),
        table.with_columns(pl.Series("x", [dt.date(2016, 7, 1), dt.date(2016, 7, 2)])),
        table.with_columns(pl.Series("update", [20160701, 20160702])),
    ):
        assert other.columns == with_one_time(other, []).columns
        assert with_one_time(other, [])[:, 0].dtype == pl.Int64


def test_numbers_of_dates_and_hours_are_times():
    """As in 2016070113, whatever seconds since 1970 they would be; not where the name says nothing of times."""
    numbers = [2009070100, 2009070101, 2009073123, 2009080100]
    table = pl.DataFrame({"date": numbers, "wp1": [0.1, 0.2, 0.3, 0.4]})
    assert with_one_time(table, [])["date"].to_list() == [
        dt.datetime.strptime(str(number), "%Y%m%d%H")  # noqa: DTZ007 - the numbers have no zone
        for number in numbers
    ]
    assert with_one_time(table.rename({"date": "id"}), [])["id"].dtype == pl.Int64


def test_numbers_of_dates_with_two_digits_for_the_year_stay_numbers():
    """As in 1302281315, which may as well be seconds since 1970."""
    table = pl.DataFrame({"time": [1302281315, 1302281320, 1303010000], "x": [1, 2, 3]})
    assert with_one_time(table, [])["time"].dtype == pl.Int64


def test_seconds_that_do_not_all_read_as_hours_are_seconds():
    """Even if some of them have the digits of a date and an hour."""
    seconds = [2016070123 + 3600 * hour for hour in range(3)]
    times = with_one_time(pl.DataFrame({"time": seconds, "x": [1, 2, 3]}), [])["time"]
    assert times.to_list() == [dt.datetime.fromtimestamp(second, dt.UTC) for second in seconds]
