"""Points in time, typed and in text."""

import datetime as dt

import polars as pl
import pytest

from unflat.errors import ColumnTypeError
from unflat.tables.times import as_times, date_format_of, may_be_times, times_in_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-07-01", dt.date(2016, 7, 1)),
        ("2016/07/01", dt.date(2016, 7, 1)),
        ("01.07.2016", dt.date(2016, 7, 1)),
        ("07/13/2016", dt.date(2016, 7, 13)),
        ("13/07/2016", dt.date(2016, 7, 13)),
        ("13-07-2016", dt.date(2016, 7, 13)),
        ("7/13/16", dt.date(2016, 7, 13)),
        ("1.7.16", dt.date(2016, 7, 1)),
        ("7/13/2016 5:30:00 PM", dt.datetime(2016, 7, 13, 17, 30)),  # noqa: DTZ001 - the text has no zone
        ("7/13/2016 05:30 am", dt.datetime(2016, 7, 13, 5, 30)),  # noqa: DTZ001 - as above
        ("2016-07-01 05:30", dt.datetime(2016, 7, 1, 5, 30)),  # noqa: DTZ001 - the text has no zone
        ("2016-07-01T05:30:15", dt.datetime(2016, 7, 1, 5, 30, 15)),  # noqa: DTZ001 - as above
        ("2016-07-01 05:30:15.25", dt.datetime(2016, 7, 1, 5, 30, 15, 250000)),  # noqa: DTZ001 - as above
        ("2016-07-01T05:30:15Z", dt.datetime(2016, 7, 1, 5, 30, 15, tzinfo=dt.UTC)),
        *((text, dt.date(2012, 1, 3)) for text in ("3-Jan-2012", "03-Jan-12", "3 January 2012", "Jan 3, 2012")),
        *((text, dt.date(2012, 5, 3)) for text in ("May 03, 2012", "03/May/2012", "2012.05.03")),
        ("Jan 3, 2012 5:30 PM", dt.datetime(2012, 1, 3, 17, 30)),  # noqa: DTZ001 - as above
        ("1949-07", dt.date(1949, 7, 1)),
        ("1949/7", dt.date(1949, 7, 1)),
        ("07/1949", dt.date(1949, 7, 1)),
        ("Jul 1949", dt.date(1949, 7, 1)),
        ("July 1949", dt.date(1949, 7, 1)),
        ("May 1949", dt.date(1949, 5, 1)),
        ("Jul-1949", dt.date(1949, 7, 1)),
        ("1949M07", dt.date(1949, 7, 1)),
        ("1949Q3", dt.date(1949, 7, 1)),
        ("1949-q3", dt.date(1949, 7, 1)),
        ("2016-07-01 05:30:15+02:00", dt.datetime(2016, 7, 1, 3, 30, 15, tzinfo=dt.UTC)),
    ],
)
def test_the_common_ways_to_write_a_date_are_read(text, expected):
    """Each way is read alike alone, with missing values, and as times of rows."""
    assert times_in_text(pl.Series([text, None]))[0] == expected
    assert as_times(pl.Series("t", [f" {text} "]))[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("2016", "5", "calm", "20160701", "2016-13-01", "12:30", "16-07-13"),
        *("1949-13", "12-01", "05-49", "1949Q5", "0949-07", "194907", "Q3"),
    ],
)
def test_other_text_is_no_date(text):
    """Numbers, words, times of day and impossible dates are not parsed."""
    assert times_in_text(pl.Series([text])) is None
    assert not may_be_times(pl.Series([text]))


def test_day_and_month_are_never_guessed():
    """Where all dates can be read both ways, none is; one day above 12 settles it, and equal readings need no guess."""
    ambiguous = pl.Series("t", ["01/02/2016", "01/03/2016"])
    assert times_in_text(ambiguous) is None
    assert may_be_times(ambiguous)
    with pytest.raises(ColumnTypeError, match=r"read in one way; received '01/02/2016'.*year-month-day"):
        as_times(ambiguous)
    settled = as_times(pl.concat([ambiguous, pl.Series(["01/13/2016"])]))
    assert [day.day for day in settled] == [2, 3, 13]
    assert times_in_text(pl.Series(["02/02/2016"])).to_list() == [dt.date(2016, 2, 2)]


def test_what_settles_day_and_month_is_told_and_can_be_given():
    """One column tells how dates are written, and by that another is read whose days are all below 13."""
    settled = pl.Series(["01/13/2016 1:00 AM", "01/02/2016 2:00 AM"])
    assert date_format_of(settled) == "%m/%d/%Y"
    for unsettled in (["01/02/2016", "01/03/2016"], ["2016-01-13"], ["13.01.2016"], ["a"]):
        assert date_format_of(pl.Series(unsettled)) is None
    later = pl.Series("t", ["02/03/2016", "02/04/2016"])
    assert [day.day for day in as_times(later, "%m/%d/%Y")] == [3, 4]
    assert [day.day for day in as_times(later, "%d/%m/%Y")] == [2, 2]
    assert [day.day for day in as_times(pl.Series("t", ["13/02/2016", "01/03/2016"]), "%m/%d/%Y")] == [13, 1]


def test_a_spoilt_date_is_refused_with_its_row():
    """A column of which most values are dates may be the time, and its first mistake is named."""
    column = pl.Series("t", ["2016-07-01", "2016-07-02", "2016-07-O3", "2016-07-04"])
    assert may_be_times(column)
    with pytest.raises(ColumnTypeError, match=r"'t': expected points in time.*received '2016-07-O3' in row 2"):
        as_times(column)


def test_no_column_of_times_lacks_one():
    """A missing time is refused with its row, in any type."""
    for values in ([dt.date(2020, 1, 1), None], ["2020-01-01", None], [1, None], [1.0, float("nan")]):
        with pytest.raises(ColumnTypeError, match="a time in every row; received 1 missing, the first in row 1"):
            as_times(pl.Series("t", values))


def test_numbers_too_large_to_be_subtracted_are_refused():
    """Beyond 63 bits an error names the number and its row."""
    with pytest.raises(ColumnTypeError, match=rf"'t': expected whole numbers below 2\*\*63; received {2**63} in row 1"):
        as_times(pl.Series("t", [1, 2**63], dtype=pl.UInt64))


def test_numbers_order_rows_as_times_do():
    """A count of cycles serves as time, wide enough to be subtracted."""
    assert as_times(pl.Series("t", [1, 127], dtype=pl.Int8)).dtype == pl.Int64
    assert as_times(pl.Series("t", [0.5, 1.0])).dtype == pl.Float64
    with pytest.raises(ColumnTypeError, match="values of type Boolean"):
        as_times(pl.Series("t", [True, False]))
    with pytest.raises(ColumnTypeError, match=r"points in time, such as.*received 'calm' in row 0"):
        as_times(pl.Series("t", ["calm"]))
