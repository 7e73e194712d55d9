"""ETTh1: the oil temperature of a transformer, by the hour.

Zhou et al., Informer, AAAI 2021; CC BY-ND 4.0. 12, 4 and 4 months of 30 days to train, validate and test; windows of
96 hours; errors on data scaled by the training part's standard deviation, so that they compare with the literature.
Inputs of later parts reach back into the part before; targets never do.

Two versions. *All columns* gives models the six loads beside the temperature; *temperature alone* is what the
literature calls univariate, and what the ridge figures .0039 and .0432 belong to: with all columns the same ridge does
worse than the last value (.0051 and .071), because the loads of the test months are unlike those of the training
months.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.accuracy.measures import scaled_by
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task, past_of

from unflat import make_windows
from unflat.sequences import PastTarget

if TYPE_CHECKING:
    from pathlib import Path

    from unflat import Windows

FOLDER = "etth1"
TARGET = "OT"
LENGTH = 96
DAY = 24
MONTH = 30 * DAY
TRAIN_END, VALIDATION_END, TEST_END = 12 * MONTH, 16 * MONTH, 20 * MONTH


def read(data: Path) -> pl.DataFrame:
    """Read the table, with its hours as times."""
    return pl.read_csv(data / FOLDER / "ETTh1.csv", try_parse_dates=True)


def make(data: Path, _seed: int, *, horizon: int, features: tuple[str, ...] | None) -> Problem:
    """Make the problem of one number, the temperature `horizon` hours after the window."""
    frame = read(data)

    def windows(first: int, end: int) -> Windows:
        """Cut the windows that end in or just before row `first`, or later, and whose target comes before `end`."""
        known = frame[max(first - LENGTH, 0) : end]
        return make_windows(known, target=TARGET, length=LENGTH, horizon=horizon, features=features)

    train = windows(0, TRAIN_END)
    return _problem(frame, train, windows(TRAIN_END, VALIDATION_END), windows(VALIDATION_END, TEST_END), past_of(train))


def make_day(data: Path, _seed: int, *, features: tuple[str, ...] | None) -> Problem:
    """Make the problem of 24 numbers, the temperatures of the 24 hours after the window.

    Columns of the temperature k hours before stand for the hours between: at the 24th hour after a window, the
    temperature 24 - h hours before it is that of hour h.
    """
    frame = read(data)
    hours = {f"{TARGET}+{h}": pl.col(TARGET).shift(DAY - h) for h in range(1, DAY + 1)}
    chosen = features or tuple(name for name in frame.columns if name != "date")
    shifted = frame.with_columns(**hours)

    def windows(first: int, end: int) -> Windows:
        """Cut the windows of 24 targets that begin in row `first` or later, and end before `end`."""
        known = shifted[max(first - LENGTH, 0) : end]
        return make_windows(known, target=list(hours), length=LENGTH, horizon=DAY, features=chosen)

    train = windows(0, TRAIN_END)
    column = chosen.index(TARGET)
    past = tuple(PastTarget((column,), h, DAY) for h in range(1, DAY + 1))
    return _problem(frame, train, windows(TRAIN_END, VALIDATION_END), windows(VALIDATION_END, TEST_END), past)


def _problem(
    frame: pl.DataFrame, train: Windows, validation: Windows, test: Windows, past: tuple[PastTarget, ...]
) -> Problem:
    deviation = float(frame[TARGET][:TRAIN_END].to_numpy().std())
    return Problem(Part(train), {"": Part(test)}, scaled_by(deviation), Part(validation), past)


def _tasks(
    version: str, columns: str, features: tuple[str, ...] | None, *figures: tuple[Published, ...]
) -> tuple[Task, ...]:
    """Make the tasks of one version: 1 hour on, 24 hours on, and the whole day."""
    ends = {
        "1": ("the temperature 1 hour on", partial(make, horizon=1, features=features)),
        "24": ("the temperature 24 hours on", partial(make, horizon=24, features=features)),
        "day": ("the temperatures of the next 24 hours at once", partial(make_day, features=features)),
    }
    return tuple(
        Task(
            f"etth1-{version}-{name}",
            f"ETTh1, 12/4/4 months of 30 days, 96 hours of {columns} -> {words}; errors on data scaled by the training "
            "part; the validation months choose the epoch.",
            maker,
            published,
        )
        for (name, (words, maker)), published in zip(ends.items(), figures, strict=True)
    )


def _before(method: str, mse: float) -> Published:
    return Published(method, {"MSE": mse}, "measured before")


DAY_FIGURES = (
    Published("LSTMa, the temperature alone", {"MSE": 0.114}, "Zhou et al. 2021"),
    Published("Informer, the temperature alone", {"MSE": 0.098}, "Zhou et al. 2021"),
    _before("last value", 0.034),
)
HOUR, HOUR_24 = (_before("last value", 0.0042),), (_before("last value", 0.0460),)
RIDGE, RIDGE_24 = _before("ridge", 0.0039), _before("ridge", 0.0432)

SET = BenchmarkSet(
    "etth1",
    (
        *_tasks("all", "all 7 columns", None, HOUR, HOUR_24, DAY_FIGURES),
        *_tasks("alone", "the temperature", (TARGET,), (*HOUR, RIDGE), (*HOUR_24, RIDGE_24), DAY_FIGURES),
    ),
    folder=FOLDER,
)
