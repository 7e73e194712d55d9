"""Reading tables from files."""

import datetime as dt
import gzip
import os

import polars as pl
import pytest

from unflat.errors import ColumnTypeError, MissingColumnError, UnreadableTableError
from unflat.tables import read_table


@pytest.fixture
def written(tmp_path):
    """Write text or bytes to a file of a name."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_columns_have_the_type_that_all_their_rows_have(written):
    """Numbers, dates and text are told apart by the whole file, not by its first rows."""
    lines = [f"{i},2016-07-01 {i % 24:02}:00:00,2016-07-01,x{i % 3},{i}" for i in range(3000)]
    table = read_table(written("count,time,day,label,late\n" + "\n".join([*lines, "1,,,,0.5"]) + "\n"))
    assert table.schema == {
        "count": pl.Int64,
        "time": pl.Datetime("us"),
        "day": pl.Date,
        "label": pl.String,
        "late": pl.Float64,
    }
    assert table.height == 3001
    assert table["late"][-1] == 0.5


@pytest.mark.parametrize("text", ["", "NA", "N/A", "nan", "NaN", "null", "None", "?", " NA", "#N/A", "<NA>", "NaT"])
def test_what_stands_for_missing_is_missing(written, text):
    """Each of the usual texts for a missing value is one, in numbers, dates and labels."""
    row = ",".join([text] * 3)
    table = read_table(written(f"a,b,c\n1.5,2020-01-01,x\n{row}\n2.5,2020-01-03,y\n"))
    assert table.dtypes == [pl.Float64, pl.Date, pl.String]
    assert table.row(1) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "a,b\n1,2.5\n3,4.5\n"),
        ("t.CSV", "a,b\r\n1,2.5\r\n3,4.5\r\n"),
        ("t.tsv", "a\tb\n1\t2.5\n3\t4.5\n"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2.5\n3,4.5\n", mtime=0)),
        ("t.csv", "\ufeffa,b\n1,2.5\n3,4.5\n"),
        ("t.csv", "a, b\n 1, 2.5\n3, 4.5\n"),
        ("t.csv", '"a","b"\n"1","2.5"\n"3","4.5"\n'),
        ("t.csv", "a;b\n1;2.5\n3;4.5\n"),
        ("t.csv", "a;b\n1;2,5\n3;4,5\n"),
        ("t.csv", "a|b\n1|2.5\n3|4.5\n"),
        ("t.csv", "sep=;\r\na;b\r\n1;2,5\r\n3;4,5\r\n"),
        ("t.csv", "a\tb\n1\t2.5\n3\t4.5\n".encode("utf-16")),
        ("t.txt", "a\tb\n1\t2,5\n3\t4,5\n".encode("utf-16")),
        ("t.csv", '"a","b"\n"17",1,2.5\n"18",3,4.5\n'),
        ("t.csv", "a,b\n1,2.5\n3,4.5\n\nMonthly totals in thousands\n\n"),
        ("t.csv", "a,b\n1,2.5\n3,4.5\n\nSource: an office, 1949 to 1960, and another\n"),
        ("t.csv", "a,b\n1,2.5\n\n3,4.5\n\n"),
        ("t.csv", ",a,b\n0,1,2.5\n1,3,4.5\n"),
        ("t.csv", "a,b\n1,2.5\n3,4.5"),
    ],
)
def test_the_ways_to_write_one_table_read_the_same(written, name, content):
    """Separators, quotes, blanks, marks, empty lines and a written index change nothing."""
    expected = pl.DataFrame({"a": [1, 3], "b": [2.5, 4.5]})
    assert read_table(written(content, name)).equals(expected)


def test_parquet_keeps_its_types(tmp_path):
    """A Parquet file is read as it was written."""
    table = pl.DataFrame({"t": [dt.date(2020, 1, 1)], "x": [1.5], "s": ["7"]}, schema_overrides={"x": pl.Float32})
    table.write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").equals(table)
    assert read_table(tmp_path / "t.parquet").schema == table.schema


def test_an_index_of_times_without_a_name_is_kept(written):
    """A nameless column is left out only if it counts the rows; one of times is called as pandas calls it."""
    assert read_table(written(",a\n2020-01-01,1\n2020-01-02,3\n")).columns == ["index", "a"]
    assert read_table(written(",a,index\n2020-01-01,1,5\n2020-01-02,3,6\n")).columns == ["", "a", "index"]
    assert read_table(written(",a\nx,1\ny,3\n")).columns == ["", "a"]


def test_text_that_looks_like_numbers_can_stay_text(written):
    """A column named as text keeps its leading zeros, and is no spoilt column of numbers."""
    table = read_table(written("id,x\n007,1\n008,2\nA9,3\n"), text=["id"])
    assert table["id"].to_list() == ["007", "008", "A9"]
    with pytest.raises(MissingColumnError, match=r"The label column 'idd'.*Did you mean 'id'"):
        read_table(written("id,x\n007,1\n"), text=["idd"])


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("1.0\nNA\n-2.0\n", ["1", None, "-2"]),
        ("007\nNA\n2\n", ["007", None, "2"]),
        ("1.0\n1.5\n2.0\n", ["1.0", "1.5", "2.0"]),
        ("1.0\nA\n2.0\n", ["1.0", "A", "2.0"]),
    ],
)
def test_whole_numbers_that_stay_text_have_no_fraction(written, content, labels):
    """As pandas writes a column of them in which one is missing; other labels stay as they are written."""
    assert read_table(written(f"id\n{content}"), text=["id"])["id"].to_list() == labels


def test_labels_of_which_few_are_numbers_are_labels(written):
    """A text column is spoilt only if most of its values are numbers."""
    assert read_table(written("a,b\n1,x\n2,1\n3,y\n4,\n"))["b"].to_list() == ["x", "1", "y", None]


def test_a_spoilt_column_of_numbers_is_refused(written):
    """A mistake among numbers is found with its column, line and value."""
    rows = "1.5,0\n2.5,0\nNA,0\n3..5,0\n4.5,0\noops,0"
    with pytest.raises(
        ColumnTypeError, match=r"'x': expected numbers, as in 3 of its 5 values; received '3..5' in line 5 of the file"
    ):
        read_table(written(f"x,y\n{rows}\n"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "an empty file"),
        ("t.csv", "a,b\n", "no rows"),
        ("t.xlsx", "x", r"\.csv, \.tsv.*received the ending '\.xlsx'"),
        ("t.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n", r"3 fields .*received 2 in row 1 \(line 3 .*column 'c'"),
        ("t.csv", "a,b\n1,2\n\nA note.\n3,4\n", r"received 1 in row 1 \(line 4 "),
        ("t.csv", "a,b\n1,2\nA note.\n", r"received 1 in row 1 \(line 3 "),
        ("t.csv", "https://there\na,b\n1,2\n", "names seem to stand in line 2: remove the lines above it"),
        (
            "t.csv",
            "Station 7\nof 2024\n\na,b\n1,2\n3,4\n",
            "received the line 'Station 7'. The names .* in line 4: remove",
        ),
        ("t.csv", "a\n1\n2,3\n4,5\n", r"1 field in every row, .*received 2 in row 1 .*stand in a later line"),
        (
            "t.csv",
            "2024-01-01 00:00,3.29,rain\n2024-01-01 01:00,1.5,rain\n",
            "which looks like values .*line of names above",
        ),
        ("t.csv", b"PK\x03\x04abc", "the workbook of a spreadsheet, or another ZIP archive,.*'CSV UTF-8'"),
        ("t.txt", b"\xd0\xcf\x11\xe0\xa1", "the workbook of a spreadsheet that only its name calls text"),
        ("t.csv", b"\xff\xfea\x00,", "text in UTF-16"),
        ("t.csv", "a,b,c\n1,2,3\n\n4,5,6,7\n", r"received 4 in row 1 \(line 4 .*'7' being one too many"),
        ("t.csv", 'a,b\n1,"x\ny"\n2\n', r"received 1 in row 1 \(line 4 "),
        ("t.csv", 'a,b\n1,2\n3,"4\n5,6\n', r"a row 1 \(from line 3 of the file\)"),
        ("t.csv", "a,a\n1,2\n", "the name 'a' twice"),
        ("t.csv", "1.0,2.0\n3.0,4.0\n", "names of the columns in its first line.*'1.0,2.0'"),
        ("t.csv", "1,5;2,25;3,0\n2,5;3,25;4,0\n", "names of the columns in its first line.*'1,5;2,25;3,0'.*names="),
        ("t.csv", "1.234,5;;-2\n3;4;5\n", "names of the columns in its first line.*'1.234,5;;-2'"),
        ("t.txt", "1,5\t2,25\n2,5\t3,25\n", "names of the columns in its first line"),
        ("t.csv", "01.02.2024;1,5\n02.02.2024;2,5\n", "'01.02.2024;1,5', which looks like values and no names"),
        ("t.csv", "\n\na,b\n1,2\n", "in its first line; received an empty line. Remove the empty lines above"),
        ("t.csv", "a,b\n1,Zürich\n2,Genève\n".encode("latin-1"), "byte 0xfc in line 2 .*CSV UTF-8"),
        ("t.csv", "größe,b\n1,2\n".encode("latin-1"), "byte 0xf6 in line 1"),
        ("t.csv", b"a,b\r1,2\r3,4\r", r"end in a line feed; received carriage returns alone in the line 'a,b\\r1"),
        ("t.csv", f"a,b\n{'x' * 140_000},2\n", "at most 131,072 characters a field; received more in the line 'xxx"),
        ("t.csv.gz", b"no gzip at all", "a gzip file"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "a gzip file.*cut short"),
        ("t.parquet", b"nonsense", "a Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(written, name, content, message):
    """An error names the file, what is wrong in which row or line, and no inner workings."""
    path = written(content, name)
    with pytest.raises(UnreadableTableError, match=message) as caught:
        read_table(path)
    assert str(path) in str(caught.value)
    assert "polars" not in str(caught.value)


@pytest.mark.parametrize(
    "header", ["site,2019,2020,2021", "day,0.1,0.5,0.9", "site,2024-01-01,2024-02-01,2024-03-01", "load,1.5,-3,x"]
)
def test_numbers_and_dates_may_be_names(written, header):
    """Years, quantiles and months head columns; only a date beside a decimal is a row."""
    assert read_table(written(f"{header}\na,1,2,3\nb,4,5,6\n", "t.csv")).columns == header.split(",")


@pytest.mark.parametrize(
    ("content", "names", "row"),
    [
        ("1,5;2,25\n3;4\n", ("a", "b"), (1.5, 2.25)),
        ("north;1.234,5;\nsouth;2;7,5\n", ("a", "b", "c"), ("north", 1234.5, None)),
        ("1,5\t2,25\n3\t4\n", ("a", "b"), (1.5, 2.25)),
    ],
)
def test_decimal_commas_of_a_first_row_separate_nothing(written, content, names, row):
    """Where names are given, a row is told from a header by them: the commas between digits are decimal."""
    table = read_table(written(content, "t.csv"), names=names)
    assert table.columns == [*names]
    assert table.row(0) == row


@pytest.mark.parametrize("header", ["load;kW,wind", "1,5 m;b", '"a;b",c'])
def test_commas_separate_names_that_hold_other_separators(written, header):
    """A comma that stands in no number keeps a header one of commas."""
    assert read_table(written(f"{header}\n1,2\n", "t.csv")).width == 2


def test_what_is_no_file_is_refused(tmp_path):
    """A missing file and a folder are each named as such."""
    with pytest.raises(UnreadableTableError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UnreadableTableError, match="a folder"):
        read_table(tmp_path)


def test_a_path_that_is_no_text_is_refused():
    """Names as old archives leave them are said to be such, in characters that any terminal shows."""
    for name in (b"M\xfcnchen.csv", b"M\xfcnchen.parquet"):
        with pytest.raises(
            UnreadableTableError, match=r"M\\udcfcnchen.*expected a path that is text in UTF-8"
        ) as caught:
            read_table(os.fsdecode(name))
        assert str(caught.value).isascii()


def test_a_date_and_a_time_of_day_are_one_time(written):
    """As in many logs: the time stands under the name of the dates, unless the columns are to stay text."""
    path = written("Date;Time;kW\n16/12/2006;17:24:00;4.2\n16/12/2006;17:25:00;?\n17/12/2006;0:00:00;5\n", "power.txt")
    table = read_table(path)
    assert table.columns == ["Date", "kW"]
    assert table["Date"][1] == dt.datetime(2006, 12, 16, 17, 25)  # noqa: DTZ001 - the text has no zone
    assert read_table(path, text=["Time"]).columns == ["Date", "Time", "kW"]


def test_numbers_as_spreadsheets_write_them_are_read(written):
    """Commas between thousands, in quotes, beside numbers without; a sign for percent."""
    table = read_table(written('Close,Volume,Change\n"1,380.2","7,380,500",0.5%\n650,900,-1.25%\n'))
    assert table["Close"].to_list() == [1380.2, 650.0]
    assert table["Volume"].to_list() == [7380500, 900]
    assert table["Change"].to_list() == [0.5, -1.25]


def test_separators_that_stand_for_nothing_are_left_out(written):
    """Columns without a name or a value at the ends of lines, and lines of nothing but separators at the end."""
    table = read_table(written("CO;T;;\n2,6;13,6;;\n;13,3;;\n;;;\n;;;\n", "air.csv"))
    assert table.columns == ["CO", "T"]
    assert table.rows() == [(2.6, 13.6), (None, 13.3)]


def test_a_value_beyond_the_last_name_is_refused(written):
    """What has no name is not left out where it holds something."""
    path = written("a,b,,\n1,2,,\n3,4,,5\n", "air.csv")
    with pytest.raises(UnreadableTableError, match=r"a name for every column.*'5' in row 1, beyond the last name"):
        read_table(path)


def test_names_in_several_levels_are_joined(written):
    """As pandas writes prices of one share or of several: what is the same for all columns is left out."""
    one = written("Price,Close,Volume\nTicker,AAPL,AAPL\nDate,,\n2012-01-03,14.7,3021\n2012-01-04,14.8,2600\n")
    assert read_table(one).columns == ["Date", "Close", "Volume"]
    assert read_table(one)["Close"].to_list() == [14.7, 14.8]
    two = written("Price,Close,Close,Volume\nTicker,AAPL,IBM,IBM\nDate,,,\n2012-01-03,14.7,186,3\n")
    assert read_table(two).columns == ["Date", "Close_AAPL", "Close_IBM", "Volume_IBM"]
    missing = written("station,x,y\nA,1,2\nB,,\nA,3,4\n")
    assert read_table(missing).height == 3
