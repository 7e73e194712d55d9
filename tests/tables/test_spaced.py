"""Reading text whose columns are separated by spaces, and text without a header."""

import gzip

import polars as pl
import pytest

from unflat import make_windows, open_table, read_table
from unflat.errors import UnreadableTableError


@pytest.fixture
def written(tmp_path):
    """Write a file."""

    def write(text, name="cycles.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_numbers_in_columns_are_a_table(written):
    """As C-MAPSS has them: any number of spaces, some at the ends of lines, no header; each column has its type."""
    table = read_table(
        written("1 1  -0.0007 100.0  \n  1 2 0.0019 ?\n\n2 1 1e-3 98.5\n"), names=["unit", "cycle", "a", "b"]
    )
    assert table.columns == ["unit", "cycle", "a", "b"]
    assert table.dtypes == [pl.Int64, pl.Int64, pl.Float64, pl.Float64]
    assert table.rows() == [(1, 1, -0.0007, 100.0), (1, 2, 0.0019, None), (2, 1, 1e-3, 98.5)]


def test_columns_without_names_are_counted(written):
    """A first line of numbers is a row, though one is missing in it."""
    table = read_table(written("# setting sensor\n1 ? 3\n4 5 6\n", "cycles.dat"))
    assert table.columns == ["column_1", "column_2", "column_3"]
    assert table.rows() == [(1, None, 3), (4, 5, 6)]


def test_windows_are_cut_from_the_file_itself(written):
    """Wherever a table is taken, the path of such a file is."""
    windows = make_windows(written("1 10\n2 20\n3 30\n4 40\n"), target="column_2", length=2)
    assert windows.y.tolist() == [30, 40]


def test_a_line_of_words_is_a_header(written):
    """Names stand above the columns; dates and labels are read as in any other file, from compressed files too."""
    text = "hour   pump  load\n2024-01-01T00:00 007 1.5\n2024-01-01T01:00 008 2.5\n"
    path = written("")
    path = path.with_name("cycles.txt.gz")
    path.write_bytes(gzip.compress(text.encode()))
    table = read_table(path, text=["pump"])
    assert table["hour"].dtype == pl.Datetime
    assert table["pump"].to_list() == ["007", "008"]
    assert table["load"].to_list() == [1.5, 2.5]


def test_text_with_other_separators_is_read_by_them(written):
    """A .txt with tabs, semicolons or commas is what a .csv with them is."""
    expected = [(1.5, "a b"), (2.5, "c")]
    assert read_table(written("x\ty\n1.5\ta b\n2.5\tc\n")).rows() == expected
    assert read_table(written("x;y\n1,5;a b\n2,5;c\n")).rows() == expected
    assert read_table(written("x,y\n1.5,a b\n2.5,c\n")).rows() == expected


@pytest.mark.parametrize("name", ["cycles.csv", "cycles.txt"])
def test_names_stand_in_for_a_header(name, written):
    """A delimited file without one is read with the names that are given, its first line a row like the others."""
    path = written("1,2.5\n3,\n", name)
    assert read_table(path, names=("a", "b")).rows() == [(1, 2.5), (3, None)]
    assert list(open_table(path, names=("a", "b")).names) == ["a", "b"]


@pytest.mark.parametrize(("text", "names", "message"), [
    ("1 2 3\n4 5\n", (), r"cycles\.txt.*3 fields in every row, as in the first line; received 2 in line 2 of the file"),
    ("1 2\n\n# x\n4 5 6\n", ("a", "b"), "2 fields in every row, one for each name; received 3 in line 4 of the file"),
    ("a b a\n1 2 3\n", (), "distinct names; received the name 'a' twice"),
    ("a b\n", (), "at least one row"),
    ("1,2\n3,4\n", ("a", "b", "c"), "3 fields in every row, one for each name; received 2 in its first line"),
    ("1,2\n3,4,5\n", ("a", "b"), r"received 3 in row 1 \(line 2 of the file\)"),
    ("1,2\n3,4\n", (), r"or give read_table\(path, names="),
])  # fmt: skip
def test_a_malformed_file_is_refused_with_its_line(text, names, message, written):
    """An error names the file, the line and what to do."""
    with pytest.raises(UnreadableTableError, match=message):
        read_table(written(text), names=names)


def test_other_encodings_are_refused(tmp_path):
    """A file that is not UTF-8 is named, with the byte and its line."""
    path = tmp_path / "cycles.txt"
    path.write_bytes("a b\n1 Zürich\n".encode("latin-1"))
    with pytest.raises(UnreadableTableError, match="the byte 0xfc in line 2"):
        read_table(path)
