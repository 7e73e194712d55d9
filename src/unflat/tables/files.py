"""Read a table from a file, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from unflat.errors import MissingColumnError, UnreadableTableError
from unflat.tables.clocks import with_one_time
from unflat.tables.columns import is_temporal
from unflat.tables.decoding import refuse_workbook
from unflat.tables.delimited import read_delimited
from unflat.tables.frames import as_table
from unflat.tables.headers import NULL_TEXTS
from unflat.tables.lines import naming_lines
from unflat.tables.numbers import numbers_in_text, refuse_spoilt_numbers
from unflat.tables.spaced import is_spaced, read_spaced
from unflat.tables.stored import StoredTable, unreadable
from unflat.tables.times import date_format_of, has_offsets, times_in_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from os import PathLike

    from unflat.tables.frames import Table

DELIMITED = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
TEXT = (".txt", ".dat", ".txt.gz", ".dat.gz")
PARQUET = (".parquet", ".pq")

_WHOLE = r"^-?\d+(\.0)?$"

_LARGE = 1 << 28
"""Values of a file that is not read into memory: a GiB of float32."""


class _Dates(NamedTuple):
    """How times were written in the columns of a text: formats that settle day and month, and who has offsets."""

    formats: dict[str, str]
    offsets: frozenset[str]


def read_table(path: str | PathLike[str], *, text: Collection[str] = (), names: Sequence[str] = ()) -> pl.DataFrame:
    """Read a table of one row for each time step.

    Parameters
    ----------
    path : str or path
        A .csv or .tsv file, which may be compressed (.csv.gz, .tsv.gz), or a .parquet file. Delimited text is
        UTF-8, or UTF-16 as spreadsheets write it, with a header; where the header of a .csv has no comma, or its first
        row decimal ones alone, semicolons, tabs or bars separate the columns, and with semicolons numbers may have a
        decimal comma. Or a .txt or .dat file, likewise; where its first line has none of these, spaces separate the
        columns, and lines that begin with # are left out.
    text : collection of str
        Columns of a delimited file that stay text although they look like numbers or dates: labels such as "007". Where
        all are whole numbers, "7.0" is read as "7", for so pandas writes a 7 where another one is missing.
    names : sequence of str
        What the columns of a text file without a header are called. Without them, a file with spaces whose first line
        holds numbers has the columns column_1, column_2 and so on.

    Returns
    -------
    polars.DataFrame
        The table. Types are those that all rows of a column agree on. Empty fields and NA, N/A, #N/A, n/a, nan, NaN,
        NaT, null, NULL, None, <NA> and ? are missing values; among numbers, dashes and dots are, too. Numbers may be
        written as people do: with commas between thousands, decimal commas, a sign for a currency or for percent in all
        of a column, which is left out, or a K, M or B at the end. Text that is dates throughout is parsed, if day and
        month cannot be mistaken for each other. A column without a name that counts the rows, as pandas and R write
        their index, is left out, and so are words below an empty line at the end; one of times is named "index".

        A column of dates beside one of times of day is one, under the name of the dates, and so is one beside hours,
        and maybe minutes and seconds, which stay. Where no column is of times, numbers such as 20160701, 2016070113 or
        seconds since 1970 are, if the name of their column says so; and of columns "year", "month", "day" and maybe
        "hour", "minute" and "second", which stay, a column "time" is made.

    Raises
    ------
    UnreadableTableError
        If there is no such file, its kind is unknown, it holds no row, its columns have no distinct names, or its
        content is malformed; with the row, counted from 0 without the header.
    ColumnTypeError
        If most values of a text column are numbers: with the first that is not.
    MissingColumnError
        If a column named in `text` is not in the table.
    """
    return _read(Path(path), text, names, {})[0]


def _read(
    path: Path, text: Collection[str], names: Sequence[str], date_formats: Mapping[str, str]
) -> tuple[pl.DataFrame, _Dates]:
    """Read a table, and say how the dates of its text were written."""
    _refuse_what_is_no_file(path)
    name, written = path.name.lower(), _Dates({}, frozenset())
    if name.endswith(DELIMITED + TEXT):
        refuse_workbook(path)
    if name.endswith(TEXT) and is_spaced(path):
        table, written = _settled(read_spaced(path, text, names), text, date_formats)
    elif name.endswith(DELIMITED + TEXT):
        with naming_lines(path, names):
            table, written = _settled(read_delimited(path, text, names), text, date_formats)
    elif name.endswith(PARQUET):
        table = _read_parquet(path)
    else:
        raise UnreadableTableError(
            path,
            f"a file of a known kind: {', '.join((*DELIMITED, *TEXT[:2], '.parquet'))}",
            f"the ending {path.suffix!r}",
            "Save the table as CSV or Parquet, with that ending.",
        )
    if table.height == 0:
        raise UnreadableTableError(path, "at least one row", "no rows", "Check that the file was written completely.")
    return table, written


def open_table(
    path: str | PathLike[str],
    *,
    folder: str | PathLike[str] | None = None,
    text: Collection[str] = (),
    names: Sequence[str] = (),
    date_formats: Mapping[str, str] | None = None,
) -> Table:
    """Open a table of any size: small ones are read, large Parquet files are looked at where they are.

    The columns of a Parquet file of 2**28 values or more, a GiB of float32, are copied into temporary files when they
    are needed, a piece at a time, and mapped into memory: those of numbers as float32 where that rounds by less than
    1e-5 of their standard deviation, as float64 elsewhere. The files go when nothing looks at them any more. Windows of
    rows that are in order, by group and time, then stand on these files; rows in another order are copied into memory.

    Parameters
    ----------
    path : str or path
        As for `read_table`.
    folder : path or None
        Where to keep columns; a Parquet file is then kept there whatever its size. None for the system's folder of
        temporary files, which the environment variable TMPDIR names: it should be on a disk.
    text, names
        As for `read_table`.
    date_formats : mapping of str to str, or None
        How dates were written in columns of the same names, as `Table.date_formats` of another file says: these settle
        which of day and month is which, where this file does not.

    Returns
    -------
    Table
        What `make_windows` and `apply_schema` take.

    Raises
    ------
    UnreadableTableError, ColumnTypeError, MissingColumnError
        As in `read_table`.
    TableChangedError
        Here or when columns are used, if the file is no longer the one that was opened.
    OutputError
        When columns are used, if they cannot be kept in the folder.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    if path.name.lower().endswith(PARQUET):
        stored = StoredTable(path, folder)
        if stored.height and (folder is not None or stored.height * len(stored.names) >= _LARGE):
            return stored
    frame, written = _read(path, text, names, date_formats or {})
    table = as_table(frame)
    table.date_formats, table.offsets = written
    return table


def _refuse_what_is_no_file(path: Path) -> None:
    shown = str(path).encode(errors="backslashreplace").decode()
    if shown != str(path):  # as old archives leave them; polars cannot open such a file
        raise UnreadableTableError(
            shown, "a path that is text in UTF-8", "one that is not", "Rename the file, or the folder that it is in."
        )
    if path.is_dir():
        raise UnreadableTableError(path, "a file", "a folder", "Name one file in it.")
    if not path.exists():
        raise UnreadableTableError(
            path, "a file that exists", "no such file", f"Check the path; the current folder is {Path.cwd()}."
        )
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise UnreadableTableError(
            path, "a file that can be read", error.strerror or str(error), "Check its permissions."
        ) from error
    if empty:
        raise UnreadableTableError(path, "a table", "an empty file", "Check that the file was written completely.")


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise unreadable(path, error) from error


def _settled(
    table: pl.DataFrame, text: Collection[str], date_formats: Mapping[str, str]
) -> tuple[pl.DataFrame, _Dates]:
    """Give text columns that hold something else their type, leave out a written index; say how dates are written."""
    for name in text:
        if name not in table.columns:
            raise MissingColumnError(name, table.columns, "label")
    columns = [
        _settle(column, date_formats.get(column.name), stays=column.name in text)
        if column.dtype == pl.String
        else column
        for column in table
    ]
    index = "" if "index" in table.columns else "index"  # what times without a name are called
    written = _dates({column.name or index: _trimmed(table[column.name]) for column in columns if is_temporal(column)})
    settled = with_one_time(pl.DataFrame({column.name: column for column in columns if not _counts_rows(column)}), text)
    if "" in settled.columns and is_temporal(settled[""]):
        settled = settled.rename({"": index})
    return settled, written


def _dates(texts: Mapping[str, pl.Series]) -> _Dates:
    formats = {name: form for name, text in texts.items() if (form := date_format_of(text)) is not None}
    return _Dates(formats, frozenset(name for name, text in texts.items() if has_offsets(text)))


def _settle(column: pl.Series, date_format: str | None, *, stays: bool) -> pl.Series:
    trimmed = _trimmed(column)
    if stays:
        return _without_fractions(trimmed)
    numbers = numbers_in_text(trimmed)
    if numbers is not None:
        return numbers
    refuse_spoilt_numbers(trimmed, may_be_labels=True)
    times = times_in_text(trimmed, date_format)
    return trimmed if times is None else times


def _trimmed(column: pl.Series) -> pl.Series:
    return column.str.strip_chars().replace(list(NULL_TEXTS), None)


def _without_fractions(labels: pl.Series) -> pl.Series:
    """Write whole numbers as such: where one is missing, pandas writes the others as 7.0."""
    whole = labels.drop_nulls().str.contains(_WHOLE).all()
    return labels.str.strip_suffix(".0") if whole else labels


def _counts_rows(column: pl.Series) -> bool:
    """Whether a column without a name goes up by 1 from row to row."""
    return column.name == "" and column.dtype == pl.Int64 and not column.has_nulls() and (column.diff()[1:] == 1).all()
