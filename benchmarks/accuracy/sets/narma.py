"""NARMA10: a nonlinear moving average of tenth order, to be told from its input alone.

y[t+1] = .3 y[t] + .05 y[t] (y[t] + ... + y[t-9]) + 1.5 u[t-9] u[t] + .1, u uniform on [0, .5] (Atiya & Parlos, New
results on recurrent network training, IEEE Transactions on Neural Networks 2000). Some inputs let y run away; such a
series is drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.accuracy.measures import normalized
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task

from unflat import make_windows

if TYPE_CHECKING:
    from pathlib import Path

LENGTH, ORDER, WASHOUT = 30, 10, 200
TRAIN, TEST = 10_000, 2_000
HIGHEST = 2.0
"""Past this, y grows without bounds; ordinary series stay near 1."""


def series(n: int, random: np.random.Generator) -> pl.DataFrame:
    """Draw a series of n rows: the input u, and y as it stands before it has read the u of its row."""
    while True:
        u = random.uniform(0, 0.5, WASHOUT + n)
        y = np.zeros(WASHOUT + n)
        for t in range(ORDER - 1, len(y) - 1):
            memory = 0.05 * y[t] * y[t - ORDER + 1 : t + 1].sum()
            y[t + 1] = 0.3 * y[t] + memory + 1.5 * u[t - ORDER + 1] * u[t] + 0.1
            if y[t + 1] > HIGHEST:
                break
        else:
            return pl.DataFrame({"u": u[WASHOUT:], "y": y[WASHOUT:]})


def make(_data: Path, seed: int) -> Problem:
    """Draw one series; its first part trains, the rest tests."""
    rows = TRAIN + TEST + LENGTH
    windows = make_windows(
        series(rows, np.random.default_rng(seed)), target="y", length=LENGTH, horizon=1, features="u"
    )
    train, test = windows.take(slice(0, TRAIN)), windows.take(slice(TRAIN, TRAIN + TEST))
    return Problem(Part(train), {"": Part(test)}, normalized)


SET = BenchmarkSet(
    "narma",
    (
        Task(
            "narma10",
            "NARMA10: 30 inputs u -> y of the next step, 10,000 windows of a series train, the following 2,000 test; "
            "a new series for each seed. NRMSE, 1 for the mean.",
            make,
            (
                Published("linear, 30 lags", {"NRMSE": 0.395}, "measured before: .38-.41 over series"),
                Published("linear, with u[t] u[t-9]", {"NRMSE": 0.265}, "measured before: .24-.29 over series"),
                Published("recurrent network", {"NRMSE": 0.265}, ".25-.28 in the literature"),
                Published("echo state network", {"NRMSE": 0.2}, "about .2 in the literature"),
            ),
            generated=True,
        ),
    ),
)
