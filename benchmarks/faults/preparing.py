"""Scale data by hand, as programs do: numbers of the training part, for both parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.program import Pairs, Prepared, Sets

if TYPE_CHECKING:
    from benchmarks.faults.program import Array, Program, Scaling

_TINY = 1e-8
"""What careful people add to a deviation before they divide by it."""


def prepare(program: Program) -> Prepared:
    """Scale a program's data as it says, and do what its operator does to scaled data."""
    sets = program.data
    prepared = Prepared(scaled(sets, program.scaling) if program.by_hand else sets, sets.training)
    for edit in program.scaled:
        prepared = edit(prepared)
    return prepared


def scaled(sets: Sets, scaling: Scaling) -> Sets:
    """Scale inputs by feature, and the target, with NaN left out of the numbers, as frames do it."""
    training = sets.training
    center, scale = _numbers(training.X.reshape(-1, training.X.shape[-1]), scaling.inputs)
    y_center, y_scale = _of_target(training, scaling.target)
    with np.errstate(divide="ignore", invalid="ignore"):
        return sets.changed(lambda pairs: Pairs((pairs.X - center) / scale, (pairs.y - y_center) / y_scale))


def _numbers(columns: Array, way: str) -> tuple[Array, Array]:
    mean, deviation = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
    if way == "none":
        return np.zeros_like(mean), np.ones_like(deviation)
    if way == "unguarded":
        return mean, deviation
    return mean, deviation + _TINY


def _of_target(training: Pairs, way: str) -> tuple[float, float]:
    if way == "first column":
        return float(np.nanmean(training.X[..., 0])), float(np.nanstd(training.X[..., 0]))
    if way == "all columns":
        return float(np.nanmean(training.X)), float(np.nanstd(training.X))
    mean, deviation = _numbers(training.y[:, None], way)
    return float(mean[0]), float(deviation[0])
