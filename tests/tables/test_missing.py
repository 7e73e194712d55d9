"""Numbers that stand for a missing value."""

import numpy as np
import polars as pl
import pytest

from unflat.tables import as_table
from unflat.tables.missing import codes_left_out, without_codes
from unflat.tables.stored import StoredTable

COLUMNS = [
    (pl.Series("a", [1.5, -999.0, None, 9999.0]), [1.5, None, None, None]),
    (pl.Series("a", [1.5, -999.0, np.nan, 7.0]), [1.5, None, np.nan, 7.0]),
    (pl.Series("a", [1, -999, None, 9999], dtype=pl.Int16), [1, None, None, None]),
    (pl.Series("a", [1, 9999], dtype=pl.UInt32), [1, None]),
    (pl.Series("a", [1.0, -999.9], dtype=pl.Float32), [1.0, None]),
    (pl.Series("a", [-999, -1000]), [None, -1000]),
    (pl.Series("a", ["-999", "b"]), ["-999", "b"]),
    (pl.Series("a", [True, False]), [True, False]),
]
CODES = (-999.0, 9999.0, -999.9)


@pytest.mark.parametrize(("column", "expected"), COLUMNS, ids=[str(column.dtype) for column, _ in COLUMNS])
def test_codes_are_missing_whatever_type_holds_them(column, expected):
    """A float32 holds what -999.9 is rounded to; text and truth values are no numbers; all else stays."""
    found = without_codes(column, CODES)
    assert found.dtype == column.dtype
    assert found.equals(pl.Series("a", expected, dtype=column.dtype))
    left_out = column.to_frame().with_columns(codes_left_out([("a", column.dtype)], CODES))
    assert left_out["a"].equals(found)


def test_a_column_without_codes_is_not_copied():
    """Neither where there are none to look for, nor where none is found."""
    column = pl.Series("a", [1.0, 2.0])
    assert without_codes(column, ()) is column
    assert without_codes(column, CODES) is column


def test_a_table_stays_as_it_is_and_gives_another():
    """Codes are left out of the one that is given, in all columns of numbers, and what else is known of it is kept."""
    table = as_table(pl.DataFrame({"a": [1, -999], "b": [-999.0, 2.5], "c": ["x", "y"]}))
    table.date_formats, table.offsets = {"c": "%Y"}, frozenset("c")
    other = table.without([-999.0])
    assert [other[name].to_list() for name in other.names] == [[1, None], [None, 2.5], ["x", "y"]]
    assert table["a"].to_list() == [1, -999]
    assert (other.date_formats, other.offsets, other.height, other.lasting) == ({"c": "%Y"}, {"c"}, 2, True)
    assert table.without([]) is table


def test_codes_of_a_stored_file_are_left_out_as_it_is_read(tmp_path):
    """What is mapped into memory is nan in their place."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1, -999, 3], "b": [0.5, 2.5, -999.0], "c": ["x", "y", "z"]}).write_parquet(path)
    stored = StoredTable(path, tmp_path)
    other = stored.without([-999.0])
    np.testing.assert_array_equal(other.floats("a"), [1, np.nan, 3])
    np.testing.assert_array_equal(other.floats("b"), [0.5, 2.5, np.nan])
    np.testing.assert_array_equal(stored.floats("a"), [1, -999, 3])
    assert other["c"].to_list() == ["x", "y", "z"]
    assert stored.without([]) is stored
