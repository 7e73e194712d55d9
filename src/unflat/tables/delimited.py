"""Read delimited text: find the separator, and say where a malformed file is malformed."""

from __future__ import annotations

import csv
import gzip
from typing import IO, TYPE_CHECKING, NamedTuple, cast

import polars as pl

from unflat.errors import UnreadableTableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

NULL_TEXTS = ("", "NA", "N/A", "#N/A", "nan", "NaN", "NaT", "null", "NULL", "None", "<NA>", "?")
"""What stands for a missing value."""

_UNNAMED = "\0unnamed "
"""What columns beyond the last name are called until they are left out: no name of a file begins so."""

_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?$"


def read_delimited(path: Path, text: Collection[str], names: Sequence[str] = ()) -> pl.DataFrame:
    """Read a file of delimited text.

    Parameters
    ----------
    path : Path
        A file that exists and is not empty.
    text : collection of str
        Columns that stay text.
    names : sequence of str
        What the columns of a file without a header are called; if empty, the first line says it.

    Returns
    -------
    polars.DataFrame
        Columns as inferred from all rows; text is not trimmed, and dates are still text.

    Raises
    ------
    UnreadableTableError
        If it has no usable header, a row has too few or too many fields, a quote is not closed, or it is not UTF-8.
    """
    shape = _shape(path, tuple(names))
    header = shape.names
    table = _parse(path, shape, text, decimal_comma=False)
    if shape.separator == ";" and _has_decimal_commas(table):
        table = _parse(path, shape, text, decimal_comma=True)
    if len(header) > 1 and table[:, -1].null_count() > 0:
        # The parser fills a short row up with missing values, and takes an empty line for a row of them.
        empty = _scan(path, shape)
        table = table.filter(~pl.int_range(table.height, eager=True).is_in(empty)) if empty else table
    return _trimmed(table, path)


def _trimmed(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Leave out what separators at the ends of lines, and lines of nothing else at the end of a file, stand for."""
    unnamed = [name for name in table.columns if name.startswith(_UNNAMED)]
    for name in unnamed:
        if table[name].null_count() < table.height:
            row = cast("int", table[name].is_not_null().arg_max())
            raise UnreadableTableError(
                path,
                "a name for every column that holds something",
                f"the value {str(table[name][row])!r} in row {row}, beyond the last name",
                "Name that column in the first line.",
            )
    table = table.drop(unnamed)
    if not table.width:
        return table
    filled = pl.select(pl.any_horizontal([column.is_not_null() for column in table])).to_series()
    last = filled.arg_true().max()
    return table if last is None else table.head(int(cast("int", last)) + 1)


def _parse(path: Path, shape: _Shape, text: Collection[str], *, decimal_comma: bool) -> pl.DataFrame:
    try:
        table = pl.read_csv(
            path,
            separator=shape.separator,
            has_header=shape.has_header,
            new_columns=None if shape.has_header else list(shape.names),
            decimal_comma=decimal_comma,
            infer_schema_length=None,
            null_values=list(NULL_TEXTS),
            schema_overrides={name: pl.String for name in shape.names if name.strip() in text},
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        _scan(path, shape)  # raises where it can tell the row
        raise UnreadableTableError(
            path, "delimited text", str(error).splitlines()[0], "Look at it in an editor, or write it again."
        ) from error
    table.columns = [name.strip() for name in shape.names]
    return table


def _has_decimal_commas(table: pl.DataFrame) -> bool:
    texts = [column.drop_nulls().str.strip_chars() for column in table if column.dtype == pl.String]
    return any(len(text) > 0 and bool(text.str.contains(_DECIMAL_COMMA).all()) for text in texts)


class _Shape(NamedTuple):
    """What separates the columns, their names as they stand, and whether the first line holds these."""

    separator: str
    names: Sequence[str]
    has_header: bool


def _shape(path: Path, given: tuple[str, ...]) -> _Shape:
    """Find the separator, and the names if none are given."""
    with opened(path) as file:
        line = next(lines_of(file, path), "").removeprefix("\ufeff").rstrip("\r\n")
    separator = "\t" if ".tsv" in path.name.lower() else _separator(line)
    first = next(csv.reader([line], delimiter=separator), [])
    if given and len(first) != len(given):
        raise UnreadableTableError(
            path, f"{len(given)} fields in every row, one for each name", f"{len(first)} in its first line",
            "Name every column.",
        )  # fmt: skip
    first = _with_ends_named(first)
    names = [name.strip() for name in given or first]
    refuse_repeated(path, names)
    if not given and all(map(is_number, names)):
        raise UnreadableTableError(
            path,
            "the names of the columns in its first line",
            f"the line {line[:60]!r}",
            "Write a line of names above it, or give read_table(path, names=[...]).",
        )
    return _Shape(separator, given or first, has_header=not given)


def _with_ends_named(header: list[str]) -> list[str]:
    """Name the columns that separators at the end of the header stand for, so that they can be told apart."""
    named = len("\t".join(name.strip() for name in header).rstrip("\t").split("\t"))
    return [*header[:named], *(f"{_UNNAMED}{place}" for place in range(named, len(header)))]


def refuse_repeated(path: Path, names: Sequence[str]) -> None:
    """Raise `UnreadableTableError` if two columns have one name."""
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        raise UnreadableTableError(
            path, "columns of distinct names", f"the name {repeated[0]!r} twice", "Rename one of them."
        )


def _separator(line: str) -> str:
    others = [separator for separator in ";\t|" if separator in line]
    return max(others, key=line.count) if others and "," not in line else ","


def is_number(text: str) -> bool:
    """Whether a text is a number, and not one of those that stand for a missing value."""
    try:
        float(text)
    except ValueError:
        return text == ""
    return text not in NULL_TEXTS


def _scan(path: Path, shape: _Shape) -> list[int]:
    """Go through the rows one by one: the slow way, for when something is the matter.

    Returns
    -------
    list of int
        The empty lines, counted from 0 after the header.

    Raises
    ------
    UnreadableTableError
        At the first row that has not as many fields as the header, or the first line that is not UTF-8.
    """
    empty: list[int] = []
    line, row = 0, -1
    with opened(path) as file:
        reader = csv.reader(lines_of(file, path), delimiter=shape.separator, strict=True)
        try:
            if shape.has_header:
                next(reader)
            line = reader.line_num
            for row, fields in enumerate(reader):
                if not "".join(fields).strip() and len(fields) <= 1:
                    empty.append(row)
                elif len(fields) != len(shape.names):
                    _refuse_width(path, shape.names, fields, row - len(empty), line + 1)
                line = reader.line_num
        except csv.Error as error:
            raise UnreadableTableError(
                path,
                "rows whose quotes are closed",
                f"a row {row + 1 - len(empty)} (from line {line + 1} of the file) where {error}",
                "Correct that row.",
            ) from error
    return empty


def _refuse_width(path: Path, header: Sequence[str], fields: Sequence[str], row: int, line: int) -> None:
    where = f"{len(fields)} in row {row} (line {line} of the file)"
    if len(fields) < len(header):
        where += f", none of them for the column {header[len(fields)].strip()!r}"
    else:
        where += f", {fields[len(header)]!r} being one too many"
    raise UnreadableTableError(
        path,
        f"{len(header)} fields in every row, as many as in the header",
        where,
        "Complete or remove that row; an empty field is a missing value.",
    )


def opened(path: Path) -> IO[bytes]:
    """Open a file that may be compressed."""
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def lines_of(file: IO[bytes], path: Path) -> Iterator[str]:
    """Decode line by line, so that an error can name the line."""
    try:
        for number, line in enumerate(file, start=1):
            yield _decoded(line, number, path)
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnreadableTableError(
            path, "a gzip file", str(error), "Write the file again; it may have been cut short."
        ) from error


def _decoded(line: bytes, number: int, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTableError(
            path,
            "text in UTF-8",
            f"the byte 0x{line[error.start]:02x} in line {number} of the file",
            "Save it as UTF-8; spreadsheets offer this as 'CSV UTF-8'.",
        ) from error
