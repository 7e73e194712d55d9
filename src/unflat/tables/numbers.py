"""Numbers in text, as spreadsheets, banks and people write them."""

from __future__ import annotations

from typing import cast

import polars as pl

from unflat.errors import ColumnTypeError

_MISSING = ("-", "--", ".", "..", "\N{EN DASH}", "\N{EM DASH}", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!")
"""What stands for a missing value among numbers; among labels it may be one."""

_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$"
_DECIMAL_COMMA = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?$"
_SIGNS = (r"^[$€£¥]\s?", r"\s?[$€£¥]$", r"\s?%$")
_NARROW_BLANKS = "[\u00a0\u202f]"
_OF_NUMBERS = r"^[\d.,+\-eE$€£¥%KMB\s\u00a0\u202f\u2212]*\d[\d.,eE$€£¥%KMB\s\u00a0\u202f+-]*$"
_MAGNITUDES = {"K": 1e3, "M": 1e6, "B": 1e9}
_SHORTENED = r"^[+-]?[\d.,]+\s?[KMB]?$"


def is_empty(column: pl.Series) -> bool:
    """Whether a column of at least one row has no value."""
    missing = column.null_count()
    if column.dtype.is_float():
        missing += int(column.is_nan().sum())
    return len(column) > 0 and missing == len(column)


def numbers_in_text(column: pl.Series) -> pl.Series | None:
    """Convert a text column whose every value is a number.

    Parameters
    ----------
    column : polars.Series
        Text. Commas may part thousands, as in 1,234,567.8, or be decimal, as in 1.234,5 or 0,25, if most of them cannot
        part thousands. All values may carry a sign for a currency, or for percent, which is left out. K, M and B at the
        end are thousands, millions and billions. Dashes, dots and the errors of spreadsheets are missing values.

    Returns
    -------
    polars.Series or None
        Numbers, whole ones where all are; None if the column has no value, or one that is no number.
    """
    column = column.replace(list(_MISSING), None)
    if is_empty(column):
        return None
    numbers = _cast(column)
    if numbers is None and _may_be_numbers(column).all():  # one look tells labels and times, of which there may be many
        column, factors = _undressed(column)
        numbers = _cast(column)
        if numbers is not None and (factors != 1).any():
            return numbers * factors
    return numbers


def _may_be_numbers(column: pl.Series) -> pl.Series:
    """Whether each known value has nothing in it that no number has."""
    return column.drop_nulls().str.contains(_OF_NUMBERS)


def _cast(column: pl.Series) -> pl.Series | None:
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() > column.null_count():
        return None
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else numbers


def _undressed(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Write numbers as a machine would; also what each is to be multiplied by."""
    known = column.drop_nulls()
    column = column.str.replace_all(_NARROW_BLANKS, "").str.replace("\N{MINUS SIGN}", "-", literal=True)
    for sign in _SIGNS:
        if known.str.contains(sign).all():
            column = column.str.replace(sign, "")
    factors = pl.Series([1.0]).new_from_index(0, len(column))
    if column.drop_nulls().str.contains(_SHORTENED).all():
        ends = column.str.slice(-1)
        factors = ends.replace_strict(_MAGNITUDES, default=1.0, return_dtype=pl.Float64)
        column = column.str.replace(r"\s?[KMB]$", "")
    if has_decimal_commas(column):
        return _with_points(column), factors
    parted = column.str.contains(_THOUSANDS).fill_null(value=False)
    return column.str.replace_all(",", "", literal=True).zip_with(parted, column), factors


def has_decimal_commas(column: pl.Series) -> bool:
    """Whether all values are numbers with decimal commas, and most of the commas cannot part thousands."""
    known = column.drop_nulls()
    with_comma = known.filter(known.str.contains(",", literal=True))
    parting = with_comma.str.contains(_THOUSANDS)
    return bool(known.str.contains(_DECIMAL_COMMA).all() and parting.sum() < len(parting) / 2)


def without_points(column: pl.Series) -> pl.Series:
    """Take out the points that part thousands in a file with decimal commas, if that is what all of them do."""
    known = column.drop_nulls()
    return _with_points(column) if known.str.contains(_DECIMAL_COMMA).all() else column


def _with_points(column: pl.Series) -> pl.Series:
    return column.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)


def refuse_spoilt_numbers(column: pl.Series, *, may_be_labels: bool = False) -> None:
    """Raise if most values of a text column are numbers: then the others are mistakes, and not labels.

    Parameters
    ----------
    column : polars.Series
        Text.
    may_be_labels : bool
        Whether a column may pass that holds words, each more than once, and no more different numbers than words: "0"
        where a day is no holiday, and "a" to "c" for the kinds of them.

    Raises
    ------
    ColumnTypeError
        With the first value that is not a number.
    """
    known = len(column) - column.null_count()
    if _may_be_numbers(column).sum() <= known / 2:
        return
    column = column.str.strip_chars()
    number = _undressed(column.replace(list(_MISSING), None))[0].cast(pl.Float64, strict=False).is_not_null()
    if not known / 2 < number.sum() < known:
        return
    words = column.filter(~number).drop_nulls()
    if may_be_labels and not words.is_unique().any() and column.filter(number).n_unique() <= words.n_unique():
        return
    row = cast("int", (~number & column.is_not_null() & ~column.is_in(_MISSING)).arg_max())
    raise ColumnTypeError(
        column.name,
        f"numbers, as in {number.sum()} of its {known} values",
        repr(column[row]),
        row,
        "Correct the value, or leave it empty if it is missing; if these are labels, name the column in labels=, or "
        "in text= of read_table.",
    )
