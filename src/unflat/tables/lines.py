"""Where a row of a table stands in the text file that it was read from, for whoever has to correct it there."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from unflat.errors import ColumnTypeError, UnreadableTableError
from unflat.tables.decoding import lines_of, opened
from unflat.tables.headers import shape_of
from unflat.tables.spaced import is_spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unflat.tables.headers import Shape

_DELIMITED = (".csv", ".tsv")
_PERHAPS_SPACED = (".txt", ".dat")


@contextmanager
def naming_lines(source: object, names: Sequence[str] = ()) -> Iterator[None]:
    """Have an error about a row of a text file name the line of that file, which editors show.

    Parameters
    ----------
    source : object
        What the table is read from; frames have no lines.
    names : sequence of str
        What the columns of a file without a header are called.

    Raises
    ------
    ColumnTypeError
        As raised in the block, with the line where there is one.
    """
    try:
        yield
    except ColumnTypeError as error:
        line = None
        if isinstance(source, str | PathLike) and error.row is not None and error.line is None:
            line = _line_of(Path(source), error.row, names)
        if line is None:
            raise
        raise error.in_line(line, str(source)) from None


def _line_of(path: Path, row: int, names: Sequence[str]) -> int | None:
    """Find the line at which a row begins, in files of separated fields; None in others."""
    name = path.name.lower().removesuffix(".gz")
    try:
        if not (name.endswith(_DELIMITED) or (name.endswith(_PERHAPS_SPACED) and not is_spaced(path))):
            return None
        return next(islice(_rows_begin(path, shape_of(path, tuple(names))), row, None), None)
    except (UnreadableTableError, csv.Error, OSError):
        return None


def _rows_begin(path: Path, shape: Shape) -> Iterator[int]:
    """Give the line at which each row begins, counted from 1; empty lines are rows only where a row has one field."""
    with opened(path) as file:
        reader = csv.reader(islice(lines_of(file, path), shape.skipped, None), delimiter=shape.separator)
        if shape.has_header:
            next(reader)
        line = reader.line_num
        for fields in reader:
            if len(shape.names) == 1 or len(fields) > 1 or "".join(fields).strip():
                yield shape.skipped + line + 1
            line = reader.line_num
