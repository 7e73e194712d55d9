"""Blood glucose of one person, every five minutes for half a year, predicted half an hour and an hour ahead.

Comes with the package bokeh_sampledata (public domain). Times are cut to the five minutes in which they lie, and values
that fall into the same five minutes are averaged: for one day two recorders overlap, and three times stand twice.
Nothing is filled in; no window reaches across a gap.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.accuracy.measures import root_mean_square
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Task, past_of

from unflat import TimeGapWarning, make_windows

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = 5
LENGTH = 120 // MINUTES


def read() -> pl.DataFrame:
    """Load the readings on a grid of five minutes."""
    from bokeh_sampledata.glucose import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    readings = pl.DataFrame({"time": data.index.to_numpy(), "glucose": data["glucose"].to_numpy()})
    slots = readings.group_by(pl.col("time").dt.truncate(f"{MINUTES}m")).agg(pl.col("glucose").mean())
    return slots.sort("time")


def make(_data: Path, _seed: int, *, minutes: int) -> Problem:
    """Hold the last fifth of the time out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TimeGapWarning)  # the gaps are known, and said above
        windows = make_windows(read(), target="glucose", length=LENGTH, horizon=minutes // MINUTES, time="time")
    train, _, test = windows.split(test=0.2, validation=0)
    return Problem(Part(train), {"": Part(test)}, root_mean_square, past=past_of(windows))


SET = BenchmarkSet(
    "glucose",
    tuple(
        Task(
            f"glucose-{minutes}",
            f"Glucose of one person (bokeh_sampledata), 2 hours of 5-minute values -> {minutes} minutes on; the last "
            "fifth of the time tests. RMSE in mg/dl.",
            partial(make, minutes=minutes),
        )
        for minutes in (30, 60)
    ),
    packages=("bokeh_sampledata", "pandas"),
)
