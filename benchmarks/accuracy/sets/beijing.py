"""Beijing PM2.5: the fine dust at the US embassy, by the hour, and the weather.

Liang et al. 2015, UCI. Two protocols on the same file.

*Tutorial*: the one of a much copied tutorial. The first 24 rows are dropped and missing values of the target become 0;
the wind's direction becomes the number of its label in the order of the alphabet, and is read as a number; the eight
columns of one hour predict the next hour; the first 8,760 hours train, all the rest test. The tutorial scales with
statistics of the whole file, test part included, and looks at the test part while it trains; neither is done here.

*Honest*: a day of eight columns predicts the next hour; 2010 to 2013 train, 2014 tests. Missing values stay missing,
windows whose target is missing are left out, and the wind's direction is a category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from benchmarks.accuracy.measures import root_mean_square
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task, past_of

from unflat import make_windows

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "beijing_pm25"
TARGET = "pm2.5"
FEATURES = (TARGET, "DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir")
WIND = "cbwd"
YEAR = 8760
TEST_YEAR = 2014


def read(data: Path) -> pl.DataFrame:
    """Read the eight columns, and the hour that each row belongs to."""
    frame = pl.read_csv(data / FOLDER / "pollution.csv", null_values=["NA"], infer_schema_length=None)
    return frame.select(pl.datetime("year", "month", "day", "hour").alias("time"), *FEATURES)


def make_tutorial(data: Path, _seed: int) -> Problem:
    """Follow the tutorial, but for its leaks."""
    frame = read(data)[24:].with_columns(pl.col(TARGET).fill_null(0))
    labels = frame[WIND].unique().sort()
    frame = frame.with_columns(pl.col(WIND).replace_strict(labels, range(len(labels)), return_dtype=pl.Int64))
    windows = make_windows(frame, target=TARGET, length=1, horizon=1, time="time")
    train, test = windows.take(slice(0, YEAR)), windows.take(slice(YEAR, None))
    return Problem(Part(train), {"": Part(test)}, root_mean_square, past=past_of(windows))


def make_honest(data: Path, _seed: int) -> Problem:
    """Train on four years, test on the fifth; the first hours of 2014 look back into 2013, as they would in use."""
    windows = make_windows(read(data), target=TARGET, length=24, horizon=1, time="time")
    years = windows.target_times.dt.year().to_numpy()  # type: ignore[union-attr]  # there is a time column
    train, test = windows.take(years < TEST_YEAR), windows.take(years == TEST_YEAR)
    return Problem(Part(train), {"": Part(test)}, root_mean_square, past=past_of(windows))


SET = BenchmarkSet(
    "beijing",
    (
        Task(
            "beijing-tutorial",
            "Beijing PM2.5, the tutorial's protocol: first 24 rows dropped, missing dust 0, wind direction as a "
            "number; 8 columns of one hour -> dust of the next; first 8,760 hours train, the rest tests. RMSE, ug/m3.",
            make_tutorial,
            (
                Published("LSTM", {"RMSE": 26.496}, "the tutorial"),
                Published("last value", {"RMSE": 26.56}, "measured before"),
            ),
        ),
        Task(
            "beijing-honest",
            "Beijing PM2.5: 24 hours of 8 columns -> dust of the next hour; 2010-2013 train, 2014 tests; missing "
            "values stay missing, wind direction a category. RMSE in ug/m3.",
            make_honest,
        ),
    ),
    folder=FOLDER,
)
