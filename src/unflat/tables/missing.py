"""Numbers that stand for a missing value, such as -999: what loggers and older files write where they know nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def without_codes(column: pl.Series, codes: Sequence[float]) -> pl.Series:
    """Make values missing that stand for missing ones.

    Parameters
    ----------
    column : polars.Series
        Any; one that holds no numbers stays as it is.
    codes : sequence of float
        The numbers, compared as the column's type holds them.

    Returns
    -------
    polars.Series
        The same one where no value is such a number.
    """
    if not codes or not column.dtype.is_numeric():
        return column
    coded = column.to_frame().select(_is_any_of(column.name, column.dtype, codes)).to_series()
    return column.set(coded, None) if coded.any() else column


def codes_left_out(types: Iterable[tuple[str, pl.DataType]], codes: Sequence[float]) -> list[pl.Expr]:
    """Give expressions that do the same to the columns of numbers among those of a file, each under its own name.

    Parameters
    ----------
    types : iterable of (str, polars.DataType)
        The columns.
    codes : sequence of float
        As for `without_codes`.

    Returns
    -------
    list of polars.Expr
        One of each column of numbers.
    """
    return [
        pl.when(~_is_any_of(name, kind, codes).fill_null(value=False)).then(pl.col(name)).alias(name)
        for name, kind in types
        if kind.is_numeric()
    ]


def _is_any_of(name: str, kind: pl.DataType, codes: Sequence[float]) -> pl.Expr:
    # A float32 does not hold -999.9: it holds what that is rounded to. Of whole numbers -999.9 is none.
    fitting = [pl.lit(code).cast(kind) if kind.is_float() else pl.lit(code, dtype=pl.Float64) for code in codes]
    return pl.any_horizontal([pl.col(name) == code for code in fitting])
