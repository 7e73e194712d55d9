"""Columns of known kinds: numbers, categories with codes, and the errors for what is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from unflat.errors import AllMissingError, ColumnTypeError, NonFiniteError
from unflat.sequences.columnar import CHUNK_ROWS
from unflat.tables.numbers import is_empty, numbers_in_text, refuse_spoilt_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MAX_CATEGORIES = 100
"""The most distinct values that a categorical feature may have: each becomes an input of the network."""

_DIGITS_OF_A_DATE = 3
"""Of month and year, as in 1-01."""

_ALL_DISTINCT = 20
"""From so many rows on, labels of which none stands twice tell nothing that could be learned."""

_FIT_FLOAT32 = (pl.Float32, pl.Int8, pl.Int16, pl.UInt8, pl.UInt16, pl.Boolean)
"""Types whose every value float32 holds exactly."""


def is_categorical(column: pl.Series) -> bool:
    """Whether a column holds labels: text, or a type of its own for them."""
    return isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum) and column.null_count() < len(column)


def is_temporal(column: pl.Series) -> bool:
    """Whether a column's type is that of points in time."""
    return isinstance(column.dtype, pl.Date | pl.Datetime)


def check_numeric(column: pl.Series, *, target: bool = False) -> None:
    """Raise if a column does not hold finite numbers; missing values may stand.

    Parameters
    ----------
    column : polars.Series
        Numbers or truth values are taken.
    target : bool
        Whether it is to be predicted, and so cannot be left out.

    Raises
    ------
    ColumnTypeError
        If it holds anything else, with the first row and value.
    NonFiniteError
        If a value is infinite, with its row.
    """
    if column.dtype == pl.String:
        refuse_spoilt_numbers(column)
    if not (column.dtype.is_numeric() or isinstance(column.dtype, pl.Boolean | pl.Null) or is_empty(column)):
        row, value = _first(column)
        otherwise = "choose one of numbers" if target else "leave it out with features="
        raise ColumnTypeError(
            column.name,
            "numbers",
            f"{_kind(column)}, {value!r}",
            row,
            f"Convert the column to numbers, or {otherwise}.",
        )
    if column.dtype.is_float() and bool(column.is_infinite().any()):
        row = cast("int", column.is_infinite().arg_max())
        raise NonFiniteError(
            f"The column {column.name!r}, row {row}",
            str(column[row]),
            (row,),
            "Replace infinite values by missing ones, or by the number that they stand for.",
        )


def as_labels(column: pl.Series) -> pl.Series:
    """Write each value as the label that it is: a whole number alike whatever type holds it, 7 and 7.0 as "7"."""
    if not column.dtype.is_float():
        return column.cast(pl.String)
    return column.fill_nan(None).cast(pl.String).str.strip_suffix(".0")


def labels_of(column: pl.Series) -> tuple[str, ...]:
    """Find the distinct labels of a categorical column.

    Parameters
    ----------
    column : polars.Series
        Text, Categorical or Enum; or numbers that are labels.

    Returns
    -------
    tuple of str
        The labels, sorted, so that they do not depend on the order of the rows.

    Raises
    ------
    ColumnTypeError
        If they are more than `MAX_CATEGORIES`, or none of many stands twice.
    """
    labels = as_labels(column.unique()).drop_nulls().sort().to_list()
    once = _ALL_DISTINCT <= len(labels) == len(column) - column.null_count()
    if len(labels) > MAX_CATEGORIES or once:
        row, value = _first(column)
        expected = f"at most {MAX_CATEGORIES} distinct labels" if len(labels) > MAX_CATEGORIES else "labels that recur"
        dates = " If these are dates, write them as 2016-07-01 13:00:00." if _may_be_a_date(value) else ""
        raise ColumnTypeError(
            column.name,
            expected,
            f"{len(labels)} of them in {len(column)} rows, {value!r}",
            row,
            f"Leave the column out with features=, convert it to numbers, or merge rare labels.{dates}",
        )
    return tuple(labels)


def refuse_numbers_in_text(column: pl.Series) -> None:
    """Raise if text that nobody called labels is numbers: most of its values, or all and with fractions.

    Whole numbers may be codes.

    Parameters
    ----------
    column : polars.Series
        Text, or a type of its own for labels, which says that they are.

    Raises
    ------
    ColumnTypeError
        With the first value that is none, or the first with a fraction.
    """
    if column.dtype != pl.String:
        return
    refuse_spoilt_numbers(column, may_be_labels=True)
    numbers = numbers_in_text(column)
    if numbers is not None and numbers.dtype.is_float() and bool((numbers != numbers.floor()).any()):
        row, value = _first(column)
        raise ColumnTypeError(
            column.name,
            "numbers, or labels",
            f"numbers with fractions as text, {value!r}",
            row,
            "Convert the column to numbers; if these are labels, name it in labels=.",
        )


def _may_be_a_date(value: object) -> bool:
    """Whether text has the digits of a year and a month, be it that of a table that counts its own years."""
    return sum(character.isdigit() for character in str(value)) >= _DIGITS_OF_A_DATE


def refuse_all_missing(columns: Sequence[pl.Series]) -> None:
    """Raise if a column has no value at all.

    Parameters
    ----------
    columns : sequence of polars.Series
        Features and targets.

    Raises
    ------
    AllMissingError
        With the names of all such columns.
    """
    empty = [column.name for column in columns if is_empty(column)]
    if empty:
        raise AllMissingError(
            "The table", empty, "Leave these columns out with features=, or check how the table was made."
        )


def float_type(columns: Sequence[pl.Series]) -> type[np.float32 | np.float64]:
    """Choose the narrowest of float32 and float64 that holds the values of all columns.

    Parameters
    ----------
    columns : sequence of polars.Series
        Columns of numbers. Codes of labels are small, and ask for nothing.

    Returns
    -------
    type
        float32 if every column is of float32, of integers of at most 16 bits, of truth values or of labels.
    """
    narrow = all(column.dtype in _FIT_FLOAT32 or not column.dtype.is_numeric() for column in columns)
    return np.float32 if narrow else np.float64


def as_it_is(column: pl.Series) -> NDArray[Any] | None:
    """View a column as an array of floats where it stands in memory as one; None where it does not."""
    if column.dtype not in (pl.Float32, pl.Float64) or column.null_count() or column.n_chunks() > 1:
        return None
    return column.to_numpy(allow_copy=False)


def write_column(
    column: pl.Series,
    out: NDArray[Any],
    *,
    order: NDArray[np.int64] | None = None,
    codes: Mapping[str, int] | None = None,
) -> None:
    """Write a column's values into an array as floats, a piece at a time.

    Parameters
    ----------
    column : polars.Series of length n_rows
        Numbers, truth values or labels.
    out : ndarray of shape (n_rows,), float32 or float64
        Where to write; NaN where a value is missing.
    order : ndarray of shape (n_rows,) or None
        Which row of the column goes to each place; None if they are in order.
    codes : mapping of str to int, or None
        The number of each label; any other label becomes the number after the last, and a missing one NaN.
    """
    for first in range(0, len(out), CHUNK_ROWS):
        place = slice(first, first + CHUNK_ROWS)
        part = column[place] if order is None else column.gather(order[place])
        out[place] = _as_floats(part, codes)


def _as_floats(part: pl.Series, codes: Mapping[str, int] | None) -> NDArray[Any]:
    if codes is not None:
        text = as_labels(part)
        numbers = text.replace_strict(
            list(codes), list(codes.values()), default=len(codes), return_dtype=pl.Float64
        ).to_numpy(writable=True)
        numbers[text.is_null().to_numpy()] = np.nan
        return numbers
    return part.cast(pl.Float32 if part.dtype in _FIT_FLOAT32 else pl.Float64).to_numpy()


def _first(column: pl.Series) -> tuple[int, object]:
    row = cast("int", column.is_not_null().arg_max())
    return row, column[row]


def _kind(column: pl.Series) -> str:
    if is_categorical(column):
        return "text"
    return "points in time" if is_temporal(column) else f"values of type {column.dtype}"
