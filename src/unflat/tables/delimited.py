"""Read delimited text, and say where a malformed file is malformed."""

from __future__ import annotations

import csv
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

import polars as pl

from unflat.errors import UnreadableTableError
from unflat.tables.decoding import as_source, lines_of, opened
from unflat.tables.headers import NULL_TEXTS, UNNAMED, Shape, is_number, shape_of
from unflat.tables.numbers import has_decimal_commas, is_empty, without_points

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

_WITH_COMMA = r"^[+-]?\d+(,\d+)?$"
"""A number whose thousands nothing parts, as polars reads with decimal commas."""

_ABOVE = 10
"""Rows at the beginning which may be of something else than the table: a title, or where it is from."""


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
    shape = shape_of(path, tuple(names))
    end = None
    try:
        table = _parse(path, shape, text)
    except (pl.exceptions.PolarsError, OSError) as error:
        end = _scan(path, shape).note_line  # raises where it can tell the row
        if end is None:
            raise UnreadableTableError(
                path, "delimited text", str(error).splitlines()[0], "Look at it in an editor, or write it again."
            ) from error
        table = _parse(path, shape, text, end)
    if shape.separator == ";" and _has_decimal_commas(table):
        table = _parse(path, shape, text, end, decimal_comma=True)
    if len(shape.names) > 1 and table[:, -1].null_count() > 0:
        # The parser fills a short row up with missing values, and takes an empty line for a row of them.
        scan = _scan(path, shape)
        table = table if scan.note_row is None else table.head(scan.note_row)
        table = table.filter(~pl.int_range(table.height, eager=True).is_in(scan.empty)) if scan.empty else table
    return _trimmed(table, path)


def _trimmed(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Leave out what separators at the ends of lines, and lines of nothing else at the end of a file, stand for."""
    unnamed = [name for name in table.columns if name.startswith(UNNAMED)]
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


def _parse(
    path: Path, shape: Shape, text: Collection[str], end: int | None = None, *, decimal_comma: bool = False
) -> pl.DataFrame:
    """Let polars parse it, the lines before `end` if there is one."""
    source: Path | BytesIO = as_source(path)
    if end is not None:
        with opened(path) as file:
            source = BytesIO(b"".join(islice(file, end - 1)))
    table = pl.read_csv(
        source,
        separator=shape.separator,
        has_header=shape.has_header,
        skip_lines=shape.skipped,
        new_columns=None if shape.has_header else list(shape.names),
        decimal_comma=decimal_comma,
        infer_schema_length=None,
        null_values=list(NULL_TEXTS),
        schema_overrides={name: pl.String for name in shape.names if name.strip() in text},
    )
    table.columns = [name.strip() for name in shape.names]
    if not decimal_comma:
        return table
    return table.with_columns(
        without_points(column) for column in table if column.dtype == pl.String and column.name not in text
    )


def _has_decimal_commas(table: pl.DataFrame) -> bool:
    texts = [column.str.strip_chars() for column in table if column.dtype == pl.String and not is_empty(column)]
    return any(has_decimal_commas(text) or text.drop_nulls().str.contains(_WITH_COMMA).all() for text in texts)


class _Scan(NamedTuple):
    """What rows there are that are none: empty lines, counted from 0 after the header, and a note at the end."""

    empty: list[int]
    note_row: int | None
    note_line: int | None


class _Misfit(NamedTuple):
    """A row that has not as many fields as the header, and where it is; `row` counts without empty lines."""

    fields: list[str]
    row: int
    line: int


def _scan(path: Path, shape: Shape) -> _Scan:
    """Go through the rows one by one: the slow way, for when something is the matter.

    Returns
    -------
    _Scan
        Words below an empty line, with nothing that is a row after them, are a note.

    Raises
    ------
    UnreadableTableError
        At the first other row that has not as many fields as the header, or the first line that is not UTF-8.
    """
    empty: list[int] = []
    note: _Misfit | None = None
    line, row, skipped = 0, -1, shape.skipped
    with opened(path) as file:
        lines = lines_of(file, path)
        reader = csv.reader(islice(lines, skipped, None), delimiter=shape.separator, strict=True)
        try:
            if shape.has_header:
                next(reader)
            line = reader.line_num
            for row, fields in enumerate(reader):
                if not "".join(fields).strip() and len(fields) <= 1:
                    empty.append(row)
                elif len(fields) != len(shape.names):
                    misfit = _Misfit(fields, row - len(empty), skipped + line + 1)
                    if note is None and not (row - 1 in empty[-1:] and _reads_as_a_note(fields)):
                        _refuse_lines_above(path, shape.names, misfit, islice(reader, _ABOVE))
                        _refuse_width(path, shape.names, misfit)
                    note = note or misfit
                elif note is not None:
                    _refuse_width(path, shape.names, note)
                line = reader.line_num
        except csv.Error as error:
            raise UnreadableTableError(
                path,
                "rows whose quotes are closed",
                f"a row {row + 1 - len(empty)} (from line {skipped + line + 1} of the file) where {error}",
                "Correct that row.",
            ) from error
    if note is None:
        return _Scan(empty, None, None)
    above = sum(1 for place, row in enumerate(empty) if row - place <= note.row)
    return _Scan(empty, note.row + above, note.line)


def _reads_as_a_note(fields: Sequence[str]) -> bool:
    """Whether a line is of words, and no row that lacks a field or has one too many."""
    return " " in fields[0].strip() and fields[0].strip()[0].isalpha() and not any(map(is_number, fields))


def _refuse_lines_above(path: Path, header: Sequence[str], misfit: _Misfit, later: Iterable[list[str]]) -> None:
    """Raise if lines of a single field stand above what look like the names of all rows that follow."""
    width = len(misfit.fields)
    are_names = misfit.row < _ABOVE and all(text.strip() and not is_number(text.strip()) for text in misfit.fields)
    rows = [fields for fields in later if "".join(fields).strip()] if len(header) == 1 < width and are_names else []
    if rows and all(len(fields) == width for fields in rows):
        raise UnreadableTableError(
            path,
            "the names of the columns in its first line",
            f"the line {header[0].strip()[:60]!r}",
            f"The names seem to stand in line {misfit.line}: remove the lines above it.",
        )


def _refuse_width(path: Path, header: Sequence[str], misfit: _Misfit) -> None:
    fields, row = misfit.fields, misfit.row
    where = f"{len(fields)} in row {row} (line {misfit.line} of the file)"
    remedy = "Complete or remove that row; an empty field is a missing value."
    if len(fields) < len(header):
        where += f", none of them for the column {header[len(fields)].strip()!r}"
    else:
        where += f", {fields[len(header)]!r} being one too many"
        if row < _ABOVE:
            remedy += " If the names of the columns stand in a later line, remove the lines above it."
    fitting = f"{len(header)} fields" if len(header) > 1 else "1 field"
    raise UnreadableTableError(path, f"{fitting} in every row, as many as in the header", where, remedy)
