"""The article that began this package: an LSTM that predicted nearly one number until its data was standardized.

Sequence i is the number 10 i, 16 times; its target is i. Test targets lie beyond the range of training, so a model
must have found the line and not only a place on it. A straight line is exact here: ridge regression is all but
perfect, and trees cannot leave the training range at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.measures import mean_absolute
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 16


def sequences(first: int, count: int) -> Part:
    """Make `count` sequences, the first one numbered `first`."""
    y = np.arange(first, first + count, dtype=np.float64)
    return Part(np.repeat(10 * y[:, None], STEPS, axis=1), y)


def make(_data: Path, _seed: int) -> Problem:
    """Make the article's training and test data."""
    train = sequences(1, 2804)
    return Problem(train, {"training": train, "test": sequences(3000, 100)}, mean_absolute)


SET = BenchmarkSet(
    "article",
    (
        Task(
            "article",
            "2,804 sequences of 16 equal values 10 i, i = 1..2804, target i; test i = 3000..3099. Mean absolute error.",
            make,
            (
                Published(
                    "the article's network, raw data",
                    {"training MAE": 1355},
                    "its recipe run again: LSTM 50 and 100, Adam 5e-4, 30 epochs; predictions nearly constant",
                ),
                Published(
                    "the article's network, its own cure",
                    {"training MAE": 73},
                    "as above, target scaled by the inputs' mean and deviation; 55-250 over seeds and engines",
                ),
                Published(
                    "the article's network, each side standardized",
                    {"training MAE": 4.3},
                    "as above; on the test targets such fits were off by 54-178",
                ),
            ),
        ),
    ),
)
