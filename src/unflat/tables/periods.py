"""Weeks and quarters, written as a year with the number that they have in it: 2024-W01, 2024Q1."""

from __future__ import annotations

import polars as pl

QUARTERS = (r"^(?<year>[12]\d{3})[ -]?[Qq](?<number>[1-4])$", r"^[Qq](?<number>[1-4])[ -/]?(?<year>[12]\d{3})$")
WEEKS = (
    r"^(?<year>[12]\d{3})[ -]?[Ww](?<number>\d{1,2})(-?(?<day>[1-7]))?$",
    r"^[Ww](?<number>\d{1,2})[ -/]?(?<year>[12]\d{3})$",
)
"""Of ISO 8601, whose weeks begin on Mondays, the first of a year being that which holds January 4th."""

PERIODS = (*QUARTERS, *WEEKS)


def first_days(column: pl.Series, form: str) -> pl.Series:
    """Give the day at which each week or quarter begins.

    Parameters
    ----------
    column : polars.Series
        Text.
    form : str
        One of `PERIODS`. A week may be followed by the number of a day, 1 for Monday, which then is the day.

    Returns
    -------
    polars.Series
        Dates under the same name; null where the text has another form, or its year has no such week.
    """
    parts = pl.select(pl.lit(column).str.extract_groups(form)).unnest(column.name)
    parts = parts.select(pl.all().cast(pl.Int32))
    year, number = pl.col("year"), pl.col("number")
    if form in QUARTERS:
        day = pl.date(year, 3 * number - 2, 1)
    else:
        fourth = pl.date(year, 1, 4)
        after = 7 * (number - 1) + (pl.col("day").fill_null(1) if "day" in parts.columns else 1) - fourth.dt.weekday()
        day = fourth + pl.duration(days=after)
        day = pl.when((day.dt.iso_year() == year) & (number > 0)).then(day)
    return parts.select(day.alias(column.name)).to_series()
