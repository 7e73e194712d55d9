"""Frames of any library as one kind of table."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from unflat.errors import InputTypeError, TableError
from unflat.tables import as_table

DAYS = [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 3)]  # noqa: DTZ001 - naive on purpose


def test_numbers_of_pandas_and_polars_are_not_copied():
    """A column of numbers shares its memory with the frame."""
    values = np.arange(5.0)
    for frame in (pl.DataFrame({"x": values}), pd.DataFrame({"x": values}, copy=False)):
        assert np.shares_memory(as_table(frame)["x"].to_numpy(), values)


@pytest.mark.parametrize(
    ("pandas", "expected"),
    [
        (pd.Series([1.0, np.nan, 3.0]), pl.Series([1.0, None, 3.0])),
        (pd.Series([1, None, 3], dtype="Int64"), pl.Series([1.0, None, 3.0])),
        (pd.Series([True, None, False], dtype="boolean"), pl.Series([1.0, None, 0.0])),
        (pd.Series([True, True, False]), pl.Series([True, True, False])),
        (pd.Series([1.5, None, 3], dtype="longdouble"), pl.Series([1.5, None, 3.0])),
        (pd.Series([1, 2, 3], dtype="int8"), pl.Series([1, 2, 3], dtype=pl.Int8)),
        (pd.Series(["b", None, "a"]), pl.Series(["b", None, "a"])),
        (pd.Series(["b", None, "a"], dtype=object), pl.Series(["b", None, "a"])),
        (pd.Series([1.5, None, "x"], dtype=object), pl.Series(["1.5", None, "x"])),
        (pd.Series([1, 2.0, None, 3], dtype=object), pl.Series([1.0, 2.0, None, 3.0])),
        (pd.Series([True, np.float64(0.5), None], dtype=object), pl.Series([1.0, 0.5, None])),
        (pd.Series([True, None, False], dtype=object), pl.Series([True, None, False])),
        (pd.Series([Decimal("1.5"), None, Decimal(2)], dtype=object), pl.Series([1.5, None, 2.0])),
        (pd.Series(pd.Categorical(["b", None, "a"])), pl.Series(["b", None, "a"], dtype=pl.Categorical)),
        (pd.Series(pd.Categorical([2, None, 1])), pl.Series(["2", None, "1"], dtype=pl.Categorical)),
        (pd.Series(pd.Categorical([2.0, None, 0.5])), pl.Series(["2", None, "0.5"], dtype=pl.Categorical)),
        (pd.Series([7.0, None, "x"], dtype=object), pl.Series(["7", None, "x"])),
        (pd.Series(DAYS), pl.Series(DAYS)),
        (pd.Series([DAYS[0], None, DAYS[2]]), pl.Series([DAYS[0], None, DAYS[2]])),
        (pd.Series(DAYS).astype("datetime64[s]"), pl.Series(DAYS)),
        (pd.Series([day.date() for day in DAYS]), pl.Series([day.date() for day in DAYS])),
        (pd.Series(pd.period_range("2020-01-01", periods=3, freq="D")), pl.Series(DAYS)),
    ],
)
def test_pandas_columns_mean_in_polars_what_they_meant(pandas, expected):
    """Every type of pandas that a table of time steps may hold arrives, its missing values missing."""
    column = as_table(pd.DataFrame({"x": pandas}))["x"]
    if expected.dtype.is_float():
        column = column.cast(pl.Float64).fill_nan(None)
    if expected.dtype == pl.Datetime:
        column = column.cast(pl.Datetime("us"))
    assert column.dtype == expected.dtype
    assert column.to_list() == expected.to_list()


def test_time_zones_are_kept():
    """An instant stays the instant it was, in its zone."""
    times = pd.date_range("2020-03-29", periods=3, freq="h", tz="Europe/Berlin")
    column = as_table(pd.DataFrame({"t": times}))["t"]
    assert column.dtype.time_zone == "Europe/Berlin"
    assert column.dt.epoch("s").to_list() == [int(t.timestamp()) for t in times]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"t": pd.to_datetime(["2024-03-01T00:00:00+05:30", "2024-03-01T01:00:00+05:30"])}),
        pa.table({"t": pa.array([1709231400, 1709235000], pa.timestamp("s", "+05:30"))}),
    ],
    ids=["pandas", "pyarrow"],
)
def test_times_with_a_fixed_offset_are_in_utc(frame):
    """An offset from UTC is no zone that polars knows; the instants stay."""
    column = as_table(frame)["t"]
    assert column.dtype.time_zone == "UTC"
    assert column.dt.epoch("s").to_list() == [1709231400, 1709235000]


def test_arrow_tables_are_taken():
    """A pyarrow table works where pyarrow is installed."""
    arrow = pytest.importorskip("pyarrow")
    assert as_table(arrow.table({"a": [1, None, 3]}))["a"].to_list() == [1, None, 3]


def test_an_index_of_times_or_with_a_name_is_a_column():
    """Levels of a pandas index that mean something can be used, and are known to be of the index."""
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=pd.MultiIndex.from_arrays([["a", "a", "b"], DAYS], names=["id", None]))
    table = as_table(frame)
    assert table.names == ("x", "id", "index")
    assert table.index == {"id", "index"}
    assert table["id"].to_list() == ["a", "a", "b"]
    assert table["index"].to_list() == DAYS
    monthly = pd.DataFrame({"x": [1, 2]}, index=pd.period_range("2020-01", periods=2, freq="M", name="month"))
    assert as_table(monthly)["month"].dt.month().to_list() == [1, 2]


def test_an_index_that_only_counts_is_left_alone():
    """Numbers that pandas gave to rows, also after a selection, are no column."""
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert as_table(frame[frame.x > 1]).names == ("x",)


def test_names_that_are_numbers_become_text():
    """Columns of a frame read without a header can be asked for."""
    assert as_table(pd.DataFrame([[1, 2], [3, 4]]))["1"].to_list() == [2, 4]


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (np.ones((3, 2)), InputTypeError, "received a numpy ndarray.*read_table"),
        ({"x": [1]}, InputTypeError, "received a builtins dict"),
        (pl.DataFrame({"x": [1]}).lazy(), InputTypeError, r"polars LazyFrame.*Call \.collect\(\) first"),
        (pa.RecordBatch.from_pydict({"x": [1]}), InputTypeError, r"pyarrow RecordBatch.*Table\.from_batches"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), TableError, "distinct names"),
        (pd.DataFrame([[1, 2]], columns=["0", 0]), TableError, "a number and a text that read the same"),
    ],
)
def test_what_is_no_frame_is_refused(frame, error, message):
    """An error says what came, and what to do."""
    with pytest.raises(error, match=message):
        as_table(frame)


def test_a_series_with_a_name_is_a_table_of_one_column():
    """As one column of a frame is; without a name there is nothing to call it by."""
    series = pd.Series([1.0, 2.0], index=pd.DatetimeIndex(DAYS[:2]), name="load")
    assert as_table(series).names == ("load", "index")
    assert as_table(pl.Series("load", [1.0, 2.0])).names == ("load",)
    with pytest.raises(InputTypeError, match="a pandas Series"):
        as_table(series.rename(None))


def test_names_of_pandas_in_several_levels_are_joined():
    """What is the same for all columns is left out, and the frame stays as it is."""
    one = pd.DataFrame(
        {("Close", "AAPL"): [1.0], ("Volume", "AAPL"): [2.0]}, index=pd.DatetimeIndex(DAYS[:1], name="Date")
    )
    assert as_table(one).names == ("Close", "Volume", "Date")
    assert as_table(one.reset_index()).names == ("Date", "Close", "Volume")
    names = [("Close", "AAPL"), ("Close", "IBM"), ("Volume", "IBM")]
    two = pd.DataFrame([[1.0, 2.0, 3.0]], columns=pd.MultiIndex.from_tuples(names), index=one.index)
    assert as_table(two).names == ("Close_AAPL", "Close_IBM", "Volume_IBM", "Date")
    assert one.columns.nlevels == 2
    assert as_table(one)["Volume"].to_list() == [2.0]


def test_an_index_without_a_name_is_none_in_arrow_either():
    """Its values label rows there as well, unless they are times."""
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=[3, 5])
    table = as_table(pa.Table.from_pandas(frame))
    assert table.index == {"__index_level_0__"}
