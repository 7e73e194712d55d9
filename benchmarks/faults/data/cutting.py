"""How a series is cut into sequences, and how sequences are split into two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.program import Pairs, Sets

if TYPE_CHECKING:
    from benchmarks.faults.program import Array

HELD_OUT = 0.25
"""Share of the sequences that is held out."""


def split(pairs: Pairs, random: np.random.Generator) -> Sets:
    """Hold out a random quarter, each part in its old order."""
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[random.permutation(len(pairs))[: int(HELD_OUT * len(pairs))]] = True
    return Sets(Pairs(pairs.X[~chosen], pairs.y[~chosen]), Pairs(pairs.X[chosen], pairs.y[chosen]))


def in_time(pairs: Pairs) -> Sets:
    """Hold out the last quarter: windows that overlap must not stand on both sides."""
    n = len(pairs) - int(HELD_OUT * len(pairs))
    return Sets(Pairs(pairs.X[:n], pairs.y[:n]), Pairs(pairs.X[n:], pairs.y[n:]))


def windows(table: Array, target: int, *, length: int, horizon: int, stride: int) -> Pairs:
    """Cut windows; with a stride of their length they do not overlap, and none tells of another's target."""
    starts = np.arange(0, len(table) - length - horizon, stride)
    rows = starts[:, None] + np.arange(length)
    return Pairs(table[rows].astype(np.float64), table[starts + length - 1 + horizon, target].astype(np.float64))
