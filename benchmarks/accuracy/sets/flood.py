"""FloodModeling1 of the time series extrinsic regression archive: rainfall to maximum water depth.

Tan, Bergmeir, Petitjean & Webb, Time series extrinsic regression, 2021; CC BY 4.0. The figures of others are on the
official split, those in the source's brackets means over 30 resamples of train and test. The ridge figure is
scikit-learn's RidgeCV on the raw values with its penalty from 1e-3 to 1e3; the package's ridge, which standardizes,
reaches .01818.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.accuracy.measures import root_mean_square
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task

from unflat import read_ts

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "flood"
PAPER = "Guijo-Rubio et al. 2024, official split"


def make(data: Path, _seed: int) -> Problem:
    """Read the official split."""
    train, test = (Part(*read_ts(data / FOLDER / f"FloodModeling1_{part}.ts")) for part in ("TRAIN", "TEST"))
    return Problem(train, {"": test}, root_mean_square)


def _published(method: str, split: float, resampled: float | None = None) -> Published:
    source = PAPER if resampled is None else f"{PAPER}; {resampled} over 30 resamples"
    return Published(method, {"RMSE": split}, source)


SET = BenchmarkSet(
    "flood",
    (
        Task(
            "flood",
            "FloodModeling1, official split: 471 training and 202 test series of 266 steps, one channel. RMSE.",
            make,
            (
                _published("MultiROCKET", 0.00396, 0.01162),
                _published("FreshPRINCE", 0.00500, 0.00875),
                _published("DrCIF", 0.00606, 0.00946),
                _published("InceptionTime ensemble", 0.00669, 0.00643),
                _published("ResNet", 0.00694, 0.00905),
                _published("5NN-DTW", 0.01006),
                _published("ROCKET", 0.01388),
                _published("random forest", 0.01586),
                _published("XGBoost", 0.01624),
                _published("ridge, raw values", 0.01804),
                _published("training mean", 0.01886),
                _published("FCN", 0.03958),
                _published("SVR", 0.04630),
            ),
        ),
    ),
    folder=FOLDER,
)
