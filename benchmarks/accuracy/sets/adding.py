"""The adding problem: two of many numbers are marked, and their sum is the target.

Hochreiter & Schmidhuber, Long short-term memory, Neural Computation 1997, in the form of Bai, Kolter & Koltun, An
empirical evaluation of generic convolutional and recurrent networks for sequence modeling, 2018: the first feature is
uniform on [0, 1], the second is 1 at two places and 0 elsewhere. Always to answer 1 has the mean squared error
2/12 = .1667.

Here a finite set of sequences is drawn once for each seed and gone through several times. The literature draws new
ones at every step, and many more: Hochreiter & Schmidhuber needed 74,000 sequences for T = 100.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.measures import mean_squared
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task

if TYPE_CHECKING:
    from pathlib import Path

TRAIN, TEST = 10_000, 1_000


def sequences(n: int, length: int, random: np.random.Generator) -> Part:
    """Draw n sequences, their marks at two places among all."""
    values = random.random((n, length))
    places = np.argpartition(random.random((n, length)), 2, axis=1)[:, :2]
    marks = np.zeros((n, length))
    np.put_along_axis(marks, places, 1.0, axis=1)
    return Part(np.stack([values, marks], axis=2), (values * marks).sum(axis=1))


def make(_data: Path, seed: int, *, length: int) -> Problem:
    """Draw both parts."""
    random = np.random.default_rng(seed)
    return Problem(sequences(TRAIN, length, random), {"": sequences(TEST, length, random)}, mean_squared)


CONSTANT = Published("the constant 1", {"MSE": 1 / 6}, "2/12, exactly")
BAI = "Bai, Kolter & Koltun 2018, new sequences at every step"
PUBLISHED = {
    600: (
        Published("LSTM", {"MSE": 0.164}, BAI),
        Published("GRU", {"MSE": 5.3e-5}, BAI),
        Published("TCN", {"MSE": 5.8e-5}, BAI),
    )
}

SET = BenchmarkSet(
    "adding",
    tuple(
        Task(
            f"adding-{length}",
            f"Adding problem, T = {length}: 10,000 sequences train, 1,000 test, drawn anew for each seed. MSE.",
            partial(make, length=length),
            (CONSTANT, *PUBLISHED.get(length, ())),
            generated=True,
        )
        for length in (100, 200, 600)
    ),
)
