"""Read text whose columns are separated by spaces, as simulations and instruments write it: NASA's C-MAPSS, say."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from unflat.errors import UnreadableTableError
from unflat.tables.decoding import lines_of, opened
from unflat.tables.headers import NULL_TEXTS, is_number, refuse_repeated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path


def is_spaced(path: Path) -> bool:
    """Whether nothing but spaces can separate the columns of a text file: no comma, semicolon, tab or bar is there."""
    with opened(path) as file:
        line = next((line for _, line in _content(lines_of(file, path))), "")
    return not any(separator in line for separator in ",;|\t")


def read_spaced(path: Path, text: Collection[str], names: Sequence[str]) -> pl.DataFrame:
    """Read a file whose columns are separated by any number of spaces.

    Parameters
    ----------
    path : Path
        A file that exists and is not empty.
    text : collection of str
        Columns that stay text.
    names : sequence of str
        What the columns are called; if empty, what the first line says, or where that is numbers, column_1, column_2
        and so on.

    Returns
    -------
    polars.DataFrame
        Columns as inferred from all rows. Empty lines and lines that begin with # are left out.

    Raises
    ------
    UnreadableTableError
        If a row has too few or too many fields, names are not distinct, or it is not UTF-8; with the line.
    """
    columns = tuple(names)
    buffer = BytesIO()
    with opened(path) as file:
        for number, line in _content(lines_of(file, path)):
            fields = line.split()
            if not columns:
                columns = _names(fields)
                if list(columns) == fields:
                    continue
            if len(fields) != len(columns):
                as_many = "one for each name" if names else "as in the first line"
                raise UnreadableTableError(
                    path,
                    f"{len(columns)} fields in every row, {as_many}",
                    f"{len(fields)} in line {number} of the file",
                    "Complete that row, with ? where a value is missing; or if fields hold spaces, save it as CSV.",
                )
            buffer.write("\t".join(fields).encode() + b"\n")
    refuse_repeated(path, columns)
    if not buffer.tell():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.Float64))
    buffer.seek(0)
    return pl.read_csv(
        buffer,
        separator="\t",
        has_header=False,
        new_columns=list(columns),
        infer_schema_length=None,
        null_values=list(NULL_TEXTS),
        quote_char=None,
        schema_overrides={name: pl.String for name in columns if name in text},
    )


def _content(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Give the lines that hold something, with their numbers."""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix("\ufeff").strip()
        if content and not content.startswith("#"):
            yield number, content


def _names(fields: Sequence[str]) -> tuple[str, ...]:
    numbers = [is_number(field) for field in fields]
    if any(numbers) and all(number or field in NULL_TEXTS for number, field in zip(numbers, fields, strict=True)):
        return tuple(f"column_{place}" for place in range(1, len(fields) + 1))
    return tuple(fields)
