"""Lines of text files that errors about rows name."""

import gzip
import re

import polars as pl
import pytest

from unflat.errors import ColumnTypeError
from unflat.tables import read_table
from unflat.tables.lines import naming_lines
from unflat.windows import apply_schema, make_windows


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("t.csv", "a,b\n1,2\n3,4\n5,6\n7,oh\n", 5),
        ("t.tsv", "a\tb\n1\t2\n3\t4\n5\t6\n7\toh\n", 5),
        ("t.csv", "sep=;\na;b\n1;2\n3;4\n5;6\n7;oh\n", 6),
        ("t.csv", "a,b\n1,2\n\n3,4\n\n5,6\n7,oh\n", 7),
        ("t.csv", 'a,b,c\n1,2,"x\ny"\n3,4,z\n5,6,z\n7,oh,x\n', 6),
        ("t.csv", "a\n1\n2\n3\noh\n", 5),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path, name, text, line):
    """Lines are counted as editors do, whatever stands above the row and in fields of several lines."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ColumnTypeError, match=f"received 'oh' in line {line} of the file") as raised:
        read_table(tmp_path / name)
    assert (raised.value.row, raised.value.line) == (3, line)


def test_compressed_files_have_lines_too(tmp_path):
    """Those of the text within."""
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write("a\n1\n2\noh\n")
    with pytest.raises(ColumnTypeError, match="in line 4 of the file"):
        read_table(tmp_path / "t.csv.gz")


def test_what_is_wrong_for_a_role_is_named_by_its_line(tmp_path):
    """Also where the file is read well, and a column does not suit what it is to be."""
    path = tmp_path / "t.csv"
    path.write_text("t,a,wind\n2020-01-01,1,NW\n,2,SE\n2020-01-03,3,NW\n2020-01-04,4,SE\n")
    with pytest.raises(ColumnTypeError, match="'wind': expected numbers; received text, 'NW' in line 2 of the file"):
        make_windows(path, target="wind", length=1, time="t")
    with pytest.raises(ColumnTypeError, match="1 missing, the first in line 3 of the file"):
        make_windows(path, target="a", length=1, time="t")
    whole = pl.DataFrame({"t": ["2020-01-01", "2020-01-02", "2020-01-03"], "a": [1.0, 2.0, 3.0]})
    schema = make_windows(whole, target="a", features="a", length=1, time="t").schema
    with pytest.raises(ColumnTypeError, match=f"1 missing, the first in line 3 of the file {re.escape(str(path))}"):
        apply_schema(path, schema, targets=False)


@pytest.mark.parametrize("source", [pl.DataFrame({"a": ["1", "2", "oh"]}), "t.parquet", "gone.csv", "spaced.txt"])
def test_where_there_are_no_lines_rows_are_named(source, tmp_path, monkeypatch):
    """Frames and Parquet files have none; those of spaced columns are not counted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spaced.txt").write_text("a b\n1 2\n")
    with pytest.raises(ColumnTypeError, match="received 'oh' in row 2"), naming_lines(source):
        raise ColumnTypeError("a", "numbers", "'oh'", 2, "Correct it.")
