"""Where the names of a text file's columns stand, and what separates them."""

from __future__ import annotations

import csv
import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from unflat.errors import UnreadableTableError
from unflat.tables.decoding import lines_of, opened
from unflat.tables.levels import joined_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NULL_TEXTS = ("", "NA", "N/A", "#N/A", "n/a", "nan", "NaN", "NaT", "null", "NULL", "None", "<NA>", "?")
"""What stands for a missing value."""

UNNAMED = "\0unnamed "
"""What columns beyond the last name are called until they are left out: no name of a file begins so."""

_SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
"""The line in which spreadsheets are told what separates columns."""

_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(\D|$)")
_DECIMAL = re.compile(r"-\d+|[+-]?\d*[.,]\d+([eE][+-]?\d+)?")
_WITH_COMMA = re.compile(r"[+-]?(\d*|[1-9]\d{0,2}(\.\d{3})+),\d+([eE][+-]?\d+)?")
"""A number with a decimal comma, whose thousands points may part."""

_LOOKED_AT = 5
"""Lines at the beginning, in which names may stand."""


class Shape(NamedTuple):
    """How a text file is laid out.

    Parameters
    ----------
    separator : str
        What separates the columns.
    names : sequence of str
        The columns' names as they stand.
    has_header : bool
        Whether one line holds these names as they are.
    skipped : int
        How many lines stand above the header, or above the first row if no line is the header.
    """

    separator: str
    names: Sequence[str]
    has_header: bool
    skipped: int = 0


def shape_of(path: Path, given: tuple[str, ...]) -> Shape:
    """Find the separator, and the names if none are given.

    Parameters
    ----------
    path : Path
        A text file that is not empty.
    given : tuple of str
        Names of the columns of a file without a header.

    Returns
    -------
    Shape
        Its layout. Two kinds of files have something else than a line of names above the rows: those of pandas whose
        names have several levels, and end in a line that names the index; and those of R, where a first column without
        a name counts the rows.

    Raises
    ------
    UnreadableTableError
        If there are no names, not as many as given, or two alike.
    """
    with opened(path) as file:
        lines = [line.removeprefix("\ufeff").rstrip("\r\n") for line in islice(lines_of(file, path), _LOOKED_AT)]
    told = _SEPARATOR_LINE.match(lines[0]) if lines else None
    lines = lines[1:] if told else lines
    line = lines[0] if lines else ""
    separator = told[1] if told else "\t" if ".tsv" in path.name.lower() else _separator(line)
    rows = [_fields(path, text, separator) for text in lines if text.strip()]
    first = rows[0] if line.strip() else []
    if given and len(first) != len(given):
        raise UnreadableTableError(
            path, f"{len(given)} fields in every row, one for each name", f"{len(first)} in its first line",
            "Name every column.",
        )  # fmt: skip
    shape = Shape(separator, given or _with_ends_named(first), has_header=not given)
    if not given:
        shape = _of_pandas(shape, rows) or _of_r(shape, rows) or shape
    texts = [name.strip() for name in first]
    are_values = shape.has_header and _are_values(texts)
    if not given and (are_values or all(is_number(text) or _WITH_COMMA.fullmatch(text) for text in texts)):
        raise UnreadableTableError(
            path,
            "the names of the columns in its first line",
            f"the line {line[:60]!r}{', which looks like values and no names' if are_values else ''}"
            if line.strip()
            else "an empty line",
            "Write a line of names above it, or give read_table(path, names=[...])."
            if line.strip()
            else "Remove the empty lines above the names.",
        )
    refuse_repeated(path, [name.strip() for name in shape.names])
    return shape._replace(skipped=shape.skipped + 1) if told else shape


def _are_values(texts: Sequence[str]) -> bool:
    """Whether a line is a row: years, dates or quantiles may be names, but no date beside a decimal."""
    return any(map(_DATE.match, texts)) and any(map(_DECIMAL.fullmatch, texts))


def _fields(path: Path, line: str, separator: str) -> list[str]:
    """Split a line into its fields; raises `UnreadableTableError`."""
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error as error:
        returns = "\r" in line
        expected = (
            "lines that end in a line feed" if returns else f"at most {csv.field_size_limit():,} characters a field"
        )
        received = "carriage returns alone" if returns else "more"
        raise UnreadableTableError(
            path, expected, f"{received} in the line {line[:60]!r}", "Write the file again, as plain CSV."
        ) from error


def _of_pandas(shape: Shape, rows: Sequence[list[str]]) -> Shape | None:
    """Find names in several levels, below which a line holds nothing but the name of the index."""
    for depth in range(2, len(rows)):
        index, *others = rows[depth]
        levels = [row[1:] for row in rows[:depth]]
        named = index.strip() and not index[0].isdigit() and not "".join(others).strip() and others
        if named and all(len(level) == len(others) and not any(map(is_number, level)) for level in levels):
            names = joined_names(list(zip(*levels, strict=True)))
            return Shape(shape.separator, [index, *names], has_header=False, skipped=depth + 1)
    return None


def _of_r(shape: Shape, rows: Sequence[list[str]]) -> Shape | None:
    """Find a column without a name that counts the rows, for which the header has no field."""
    count = [row[0] for row in rows[1:] if len(row) == len(shape.names) + 1]
    counts = all(text.isdigit() for text in count) and all(int(b) == int(a) + 1 for a, b in pairwise(count))
    if len(count) < max(2, len(rows) - 2) or not counts:  # the last line that was looked at may be the file's last
        return None
    return Shape(shape.separator, ["", *shape.names], has_header=False, skipped=1)


def _with_ends_named(header: list[str]) -> list[str]:
    """Name the columns that separators at the end of the header stand for, so that they can be told apart."""
    named = len("\t".join(name.strip() for name in header).rstrip("\t").split("\t"))
    return [*header[:named], *(f"{UNNAMED}{place}" for place in range(named, len(header)))]


def refuse_repeated(path: Path, names: Sequence[str]) -> None:
    """Raise `UnreadableTableError` if two columns have one name."""
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        raise UnreadableTableError(
            path, "columns of distinct names", f"the name {repeated[0]!r} twice", "Rename one of them."
        )


def _separator(line: str) -> str:
    others = [separator for separator in ";\t|" if separator in line]
    other = max(others, key=line.count, default=",")
    return other if "," not in line or _has_decimal_commas(line.split(other)) else ","


def _has_decimal_commas(fields: Sequence[str]) -> bool:
    """Whether the commas in some fields are all decimal: then the line is a row, and no line of names."""
    with_comma = [field.strip().strip('"') for field in fields if "," in field]
    return all(map(_WITH_COMMA.fullmatch, with_comma))


def is_number(text: str) -> bool:
    """Whether a text is a number, and not one of those that stand for a missing value."""
    try:
        float(text)
    except ValueError:
        return text == ""
    return text not in NULL_TEXTS
