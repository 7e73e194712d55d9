"""Columns of known kinds."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from unflat.errors import AllMissingError, ColumnTypeError, NonFiniteError
from unflat.tables.columns import (
    MAX_CATEGORIES,
    check_numeric,
    float_type,
    labels_of,
    refuse_all_missing,
    refuse_numbers_in_text,
    write_column,
)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("x", [1, None]),
        pl.Series("x", [1.5, float("nan")]),
        pl.Series("x", [True, False]),
        pl.Series("x", ["1.5"]).cast(pl.Decimal(10, 2)),
        pl.Series("x", [None, None]),
        pl.Series("x", [None, None], dtype=pl.String),
    ],
)
def test_numbers_and_truth_values_are_numeric(column):
    """What a float can hold is a numeric column, missing values included."""
    check_numeric(column)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pl.Series("x", [None, "calm"]), r"'x': expected numbers; received text, 'calm' in row 1.*features="),
        (pl.Series("x", ["a", "b"], dtype=pl.Enum(["a", "b"])), "text, 'a' in row 0"),
        (pl.Series("x", [dt.date(2020, 1, 2)]), "points in time"),
        (pl.Series("x", [[1, 2]]), r"values of type List\(Int64\)"),
        (pl.Series("x", ["1", "2", "1o"]), "as in 2 of its 3 values; received '1o' in row 2"),
    ],
)
def test_what_is_not_numeric_is_refused_with_its_row(column, message):
    """An error names the column, the kind of value, the first of them and its row."""
    with pytest.raises(ColumnTypeError, match=message):
        check_numeric(column)


def test_infinite_values_are_refused_with_their_row():
    """An infinite value is named by column and row."""
    with pytest.raises(NonFiniteError, match=r"'x', row 2: .*received -inf"):
        check_numeric(pl.Series("x", [1.0, None, float("-inf"), float("inf")]))


def test_labels_do_not_depend_on_the_order_of_rows():
    """Labels are sorted, each once."""
    column = pl.Series("x", ["b", None, "a", "b"])
    assert labels_of(column) == labels_of(column.reverse()) == labels_of(column.cast(pl.Categorical)) == ("a", "b")


def test_too_many_labels_are_refused():
    """A column of free text is no category."""
    column = pl.Series("x", [f"r{i}" for i in range(MAX_CATEGORIES + 1)])
    with pytest.raises(ColumnTypeError, match=r"at most 100 distinct labels; received 101 of them.*features="):
        labels_of(column)
    assert len(labels_of(pl.concat([column[:-1], column[:1]]))) == MAX_CATEGORIES


def test_many_labels_of_which_none_recurs_are_refused():
    """A column with a label of its own in each of many rows tells nothing: it may be months, as in "1-01", or names."""
    months = pl.Series("Month", [f"{1 + i // 12}-{1 + i % 12:02}" for i in range(36)])
    with pytest.raises(ColumnTypeError, match=r"labels that recur; received 36 of them in 36 rows, '1-01'.*dates"):
        labels_of(months)
    assert len(labels_of(pl.concat([months, months[:1]]))) == 36


def test_words_that_recur_among_few_numbers_are_labels():
    """The code "0" on most days, and "a" or "b" on some: not numbers of which some are spoilt."""
    column = pl.Series("StateHoliday", ["0"] * 20 + ["a", "a", "b", "b"])
    refuse_numbers_in_text(column)
    assert labels_of(column) == ("0", "a", "b")
    with pytest.raises(ColumnTypeError, match="expected numbers, as in 20 of its 24 values; received 'a' in row 20"):
        check_numeric(column)
    for spoilt in (column[:-1], pl.concat([column, pl.Series(["1", "2", "3"])])):
        with pytest.raises(ColumnTypeError, match="expected numbers"):
            refuse_numbers_in_text(spoilt)


def test_dates_that_are_not_read_as_such_are_told_how_to_be_written():
    """A column of as many labels as rows may hold dates in words of their own; codes without digits do not."""
    dates = pl.Series("time", [f"Jan {day:03d}, 2024" for day in range(101)])
    with pytest.raises(ColumnTypeError, match=r"If these are dates, write them as 2016-07-01 13:00:00\.$"):
        labels_of(dates)
    with pytest.raises(ColumnTypeError, match=r"merge rare labels\.$"):
        labels_of(pl.Series("code", [f"r{place}" for place in range(101)]))


def test_text_of_numbers_with_fractions_is_no_label():
    """Measurements that arrive as text would be read as labels; whole numbers may be codes, and stay."""
    column = pl.Series("Price", ["0.25", None, "0.5", "0.25"])
    with pytest.raises(ColumnTypeError, match=r"'Price'.*numbers with fractions as text, '0\.25' in row 0.*labels="):
        refuse_numbers_in_text(column)
    refuse_numbers_in_text(column.cast(pl.Categorical))
    refuse_numbers_in_text(pl.Series(["1.0", "2"]))


def test_a_categorical_type_says_that_numbers_are_labels():
    """Text of which most is numbers is spoilt; the same of a categorical type is not."""
    column = pl.Series("x", ["1", "2", "A"])
    with pytest.raises(ColumnTypeError, match="received 'A' in row 2"):
        refuse_numbers_in_text(column)
    refuse_numbers_in_text(column.cast(pl.Categorical))
    refuse_numbers_in_text(column[:2])  # nothing in it is a mistake


def test_numbers_are_labels_as_whole_ones_are_written():
    """7 and 7.0 are one label, whatever holds a column in which some are missing; fractions stay."""
    assert labels_of(pl.Series([7, None, 10])) == labels_of(pl.Series([7.0, np.nan, 10.0])) == ("10", "7")
    assert labels_of(pl.Series([0.5, 2.0])) == ("0.5", "2")


def test_columns_without_a_value_are_refused_together():
    """Null and NaN alike are no value, and all such columns are named."""
    columns = [
        pl.Series("a", [None, None], dtype=pl.Float64),
        pl.Series("b", [1, None]),
        pl.Series("c", [float("nan"), None]),
    ]
    with pytest.raises(AllMissingError, match="nothing but NaN in 'a', 'c'"):
        refuse_all_missing(columns)
    refuse_all_missing(columns[1:2])


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        ((pl.Float32, pl.Boolean, pl.UInt16), np.float32),
        ((pl.Float32, pl.String), np.float32),
        ((pl.Float32, pl.Float64), np.float64),
        ((pl.Int32,), np.float64),
    ],
)
def test_the_narrowest_float_that_loses_nothing_is_chosen(dtypes, expected):
    """float32 stays float32; a column that needs float64 makes all of them so."""
    assert float_type([pl.Series([], dtype=dtype) for dtype in dtypes]) == expected


def test_a_column_is_written_in_pieces_and_in_any_order(monkeypatch):
    """Values, missing ones and codes reach their places, whatever the size of the pieces."""
    monkeypatch.setattr("unflat.tables.columns.CHUNK_ROWS", 2)
    out = np.zeros((5, 2), dtype=np.float32)
    write_column(pl.Series([1.5, None, float("nan"), 4.5, 5.5]), out[:, 0])
    order = np.array([4, 3, 2, 1, 0])
    write_column(pl.Series(["a", "q", None, "b", "a"]), out[:, 1], order=order, codes={"a": 0, "b": 1})
    np.testing.assert_array_equal(out[:, 0], [1.5, np.nan, np.nan, 4.5, 5.5])
    np.testing.assert_array_equal(out[:, 1], [0, 1, np.nan, 2, 0])  # "q" is no label that is known


def test_large_whole_numbers_survive():
    """A count beyond what float32 holds is written exactly."""
    out = np.empty(2)
    write_column(pl.Series([2**53 - 1, 16_777_217]), out)
    assert out.tolist() == [2**53 - 1, 16_777_217]
