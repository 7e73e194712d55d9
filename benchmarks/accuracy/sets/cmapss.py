"""C-MAPSS FD001: the cycles that turbofan engines have left before they fail.

Saxena, Goebel, Simon & Eklund, PHM 2008; NASA. The protocol is that of Li, Ding & Sun (Reliability Engineering &
System Safety, 2018): windows of 30 cycles at every cycle, the training target capped at 125, one prediction for each
test engine, from its last window. What models see is all that the file has, 3 settings and 21 sensors, the seven
constant ones included.

Three things that make published figures differ are told apart here. The true remaining life of the test engines may
be capped as well or not: both are scored. Predictions may be clipped to [0, 125] afterwards, which is worth more than
a whole unit of RMSE to a linear model and little to a network: each score is given without and with it. And most
authors leave out the constant sensors; the ridge figure 14.68 (uncapped 16.02) is scikit-learn's with a penalty
of 1 on the 14 sensors of Li, Ding & Sun, standardized, and clipped; unclipped it is 15.96. The package's ridge, which
chooses its penalty, reaches 14.84 clipped and 15.83 as it is, on all 24 columns.

An engine with fewer than 30 cycles would have no window. The shortest test engine of FD001 has 31, and data in which
an engine would be lost are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.accuracy.measures import asymmetric_score, mean_square
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task

from unflat import Windows, apply_schema, make_windows, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = "cmapss_fd001"
LENGTH = 30
CAP = 125.0
SETTINGS = tuple(f"setting_{i}" for i in range(1, 4))
SENSORS = tuple(f"sensor_{i}" for i in range(1, 22))
VARYING = tuple(f"sensor_{i}" for i in (2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21))
"""The sensors that Li, Ding & Sun use: neither the six constant ones, nor sensor 6, which has two values."""


def engines(path: Path) -> pl.DataFrame:
    """Read a file of cycles."""
    return read_table(path, names=("unit", "cycle", *SETTINGS, *SENSORS))


def make(data: Path, _seed: int, features: tuple[str, ...] = (*SETTINGS, *SENSORS)) -> Problem:
    """Cut the windows of both files.

    Parameters
    ----------
    data : Path
        The data folder.
    features : tuple of str
        The columns that models see.

    Returns
    -------
    Problem
        All windows of the training engines, split by engine when a part is held out; the last of each test engine.
    """
    folder = data / FOLDER
    left = pl.col("cycle").max().over("unit") - pl.col("cycle")
    train = engines(folder / "train_FD001.txt").with_columns(rul=left.clip(upper_bound=CAP))
    windows = make_windows(train, target="rul", length=LENGTH, horizon=0, features=features, time="cycle", group="unit")
    at_end = pl.DataFrame({"at_end": np.loadtxt(folder / "RUL_FD001.txt", ndmin=1)}).with_row_index("unit", offset=1)
    test = engines(folder / "test_FD001.txt").join(at_end.cast({"unit": pl.Int64}), on="unit", maintain_order="left")
    test = test.with_columns(rul=left + pl.col("at_end"))
    # Nothing is split off here; it is said that these windows go by engine when the estimator holds a part out.
    whole = windows.split(test=0, validation=0, by="group").train
    return Problem(Part(whole), {"": Part(last_of_each(apply_schema(test, windows.schema, targets=True)))}, measure)


def last_of_each(windows: Windows) -> Windows:
    """Keep the window that ends with its engine's last cycle."""
    ends = windows.timeline.bounds[1:]
    last = windows.take(np.isin(windows.end_rows + 1, ends))
    if len(last) != len(ends):
        raise SystemExit(f"{len(ends) - len(last)} test engines have fewer than {LENGTH} cycles, and so no window.")
    return last


def measure(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> dict[str, float]:
    """Score against the capped and the uncapped truth, predictions as they are and clipped to [0, 125]."""
    scores = {}
    for suffix, predicted in (("", prediction), (", clipped", np.clip(prediction, 0, CAP))):
        for truth, true in (("capped", np.minimum(y, CAP)), ("uncapped", y)):
            scores[f"RMSE {truth}{suffix}"] = mean_square(predicted - true) ** 0.5
            scores[f"Score {truth}{suffix}"] = asymmetric_score(predicted - true)
    return scores


def _published(method: str, rmse: float, score: float, source: str) -> Published:
    return Published(method, {"RMSE capped": rmse, "Score capped": score}, source)


SET = BenchmarkSet(
    "cmapss",
    (
        Task(
            "cmapss-fd001",
            "C-MAPSS FD001: windows of 30 cycles, stride 1, 24 columns; training target capped at 125; the last window "
            "of each of 100 test engines; by default ten networks hold out training engines whole, each two of them "
            "another fifth. RMSE, and Score = sum of exp(-d/13) - 1 for d < 0, else exp(d/10) - 1, "
            "d = predicted - true.",
            make,
            (
                _published("SVR", 20.96, 1380, "Babu, Zhao & Li 2016"),
                _published("CNN", 18.45, 1299, "Babu, Zhao & Li 2016"),
                _published("deep LSTM", 16.14, 338, "Zheng et al. 2017"),
                Published(
                    "LSTM 128-64-32", {"RMSE uncapped": 15.13}, "a notebook that can be run again; uncapped test"
                ),
                Published(
                    "ridge, 14 sensors",
                    {
                        "RMSE capped, clipped": 14.68,
                        "RMSE uncapped, clipped": 16.02,
                        "Score capped, clipped": 363,
                        "Score uncapped, clipped": 408,
                    },
                    "measured before; predictions clipped to [0, 125]",
                ),
                _published("BiLSTM", 13.65, 295, "2018"),
                _published("DCNN", 12.61, 274, "Li, Ding & Sun 2018"),
                _published("AGCNN", 12.42, 226, "2020"),
                _published("bi-level LSTM", 11.80, 194, "year not recorded"),
                _published("MTSTAN", 10.97, 175, "year not recorded"),
            ),
        ),
    ),
    folder=FOLDER,
)
