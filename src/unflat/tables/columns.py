"""Columns of known kinds: numbers, categories with codes, and the errors for what is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from unflat.errors import AllMissingError, ColumnTypeError, NonFiniteError
from unflat.sequences.columnar import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MAX_CATEGORIES = 100
"""The most distinct values that a categorical feature may have: each becomes an input of the network."""

_DIGITS_OF_A_DATE = 6
"""Of day, month and year, as in 1/12/2016."""

_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$"
_CURRENCY = r"^[$€£¥]\s?"
_PERCENT = r"\s?%$"

_FIT_FLOAT32 = (pl.Float32, pl.Int8, pl.Int16, pl.UInt8, pl.UInt16, pl.Boolean)
"""Types whose every value float32 holds exactly."""


def is_categorical(column: pl.Series) -> bool:
    """Whether a column holds labels: text, or a type of its own for them."""
    return isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum) and column.null_count() < len(column)


def is_temporal(column: pl.Series) -> bool:
    """Whether a column's type is that of points in time."""
    return isinstance(column.dtype, pl.Date | pl.Datetime)


def check_numeric(column: pl.Series) -> None:
    """Raise if a column does not hold finite numbers; missing values may stand.

    Parameters
    ----------
    column : polars.Series
        Numbers or truth values are taken.

    Raises
    ------
    ColumnTypeError
        If it holds anything else, with the first row and value.
    NonFiniteError
        If a value is infinite, with its row.
    """
    if column.dtype == pl.String:
        refuse_spoilt_numbers(column)
    if not (column.dtype.is_numeric() or isinstance(column.dtype, pl.Boolean | pl.Null) or _is_empty(column)):
        row, value = _first(column)
        raise ColumnTypeError(
            column.name,
            "numbers",
            f"{_kind(column)}, {value!r}",
            row,
            "Convert the column to numbers, or leave it out with features=.",
        )
    if column.dtype.is_float() and bool(column.is_infinite().any()):
        row = cast("int", column.is_infinite().arg_max())
        raise NonFiniteError(
            f"The column {column.name!r}, row {row}",
            str(column[row]),
            (row,),
            "Replace infinite values by missing ones, or by the number that they stand for.",
        )


def labels_of(column: pl.Series) -> tuple[str, ...]:
    """Find the distinct labels of a categorical column.

    Parameters
    ----------
    column : polars.Series
        Text, Categorical or Enum.

    Returns
    -------
    tuple of str
        The labels, sorted, so that they do not depend on the order of the rows.

    Raises
    ------
    ColumnTypeError
        If they are more than `MAX_CATEGORIES`, or most values of a text column are numbers.
    """
    if column.dtype == pl.String:
        refuse_spoilt_numbers(column)
    labels = column.unique().drop_nulls().cast(pl.String).sort().to_list()
    if len(labels) > MAX_CATEGORIES:
        row, value = _first(column)
        dates = " If these are dates, write them as 2016-07-01 13:00:00." if _may_be_a_date(value) else ""
        raise ColumnTypeError(
            column.name,
            f"at most {MAX_CATEGORIES} distinct labels",
            f"{len(labels)} of them, {value!r}",
            row,
            f"Leave the column out with features=, convert it to numbers, or merge rare labels.{dates}",
        )
    return tuple(labels)


def _may_be_a_date(value: object) -> bool:
    """Whether text has the digits of a day, a month and a year."""
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
    empty = [column.name for column in columns if _is_empty(column)]
    if empty:
        raise AllMissingError(
            "The table", empty, "Leave these columns out with features=, or check how the table was made."
        )


def numbers_in_text(column: pl.Series) -> pl.Series | None:
    """Convert a text column whose every value is a number.

    Parameters
    ----------
    column : polars.Series
        Text. Commas may part thousands, as in 1,234,567.8, and all values may carry a sign for a currency, or for
        percent, which is left out.

    Returns
    -------
    polars.Series or None
        Numbers, whole ones where all are; None if the column has no value, or one that is no number.
    """
    if _is_empty(column):
        return None
    numbers = _cast(column)
    return _cast(_undressed(column)) if numbers is None else numbers


def _cast(column: pl.Series) -> pl.Series | None:
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() > column.null_count():
        return None
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else numbers


def _undressed(column: pl.Series) -> pl.Series:
    """Take signs off that all values carry, and commas off where they part thousands."""
    for sign in (_CURRENCY, _PERCENT):
        if column.drop_nulls().str.contains(sign).all():
            column = column.str.replace(sign, "")
    parted = column.str.contains(_THOUSANDS).fill_null(value=False)
    return column.str.replace_all(",", "", literal=True).zip_with(parted, column)


def refuse_spoilt_numbers(column: pl.Series) -> None:
    """Raise if most values of a text column are numbers: then the others are mistakes, and not labels.

    Parameters
    ----------
    column : polars.Series
        Text.

    Raises
    ------
    ColumnTypeError
        With the first value that is not a number.
    """
    number = _undressed(column.str.strip_chars()).cast(pl.Float64, strict=False).is_not_null()
    known = len(column) - column.null_count()
    if not known / 2 < number.sum() < known:
        return
    row = cast("int", (~number & column.is_not_null()).arg_max())
    raise ColumnTypeError(
        column.name,
        f"numbers, as in {number.sum()} of its {known} values",
        repr(column[row]),
        row,
        "Correct the value, or leave it empty if it is missing; if these are labels, name the column in the "
        "argument text= of read_table, or cast it to a categorical type.",
    )


def float_type(columns: Sequence[pl.Series]) -> type[np.float32 | np.float64]:
    """Choose the narrowest of float32 and float64 that holds the values of all columns.

    Parameters
    ----------
    columns : sequence of polars.Series
        Numeric or categorical columns; codes of categories are small.

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
        text = part.cast(pl.String)
        numbers = text.replace_strict(
            list(codes), list(codes.values()), default=len(codes), return_dtype=pl.Float64
        ).to_numpy(writable=True)
        numbers[text.is_null().to_numpy()] = np.nan
        return numbers
    return part.cast(pl.Float32 if part.dtype in _FIT_FLOAT32 else pl.Float64).to_numpy()


def _is_empty(column: pl.Series) -> bool:
    missing = column.null_count()
    if column.dtype.is_float():
        missing += int(column.is_nan().sum())
    return len(column) > 0 and missing == len(column)


def _first(column: pl.Series) -> tuple[int, object]:
    row = cast("int", column.is_not_null().arg_max())
    return row, column[row]


def _kind(column: pl.Series) -> str:
    if is_categorical(column):
        return "text"
    return "points in time" if is_temporal(column) else f"values of type {column.dtype}"
