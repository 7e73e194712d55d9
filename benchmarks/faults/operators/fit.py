"""Faults that show only on new data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.operators.mutation import Mutation, random_of, with_raw
from benchmarks.faults.program import Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.program import Program

_FEW = 100
"""Sequences that are few enough to be known by heart."""

_NOISE = 0.8
"""Deviation of the noise on their targets, in deviations of the targets."""


def extrapolation(program: Program) -> Iterator[Mutation]:
    """Train on what is low, and hold out what is high: a trend that was split by time."""
    training, held_out = program.data.training, program.data.held_out
    X, y = np.concatenate([training.X, held_out.X]), np.concatenate([training.y, held_out.y])
    order = np.argsort(y, kind="stable")
    low, high = np.sort(order[: len(training)]), np.sort(order[len(training) :])
    yield Mutation("split by level", with_raw(program, Pairs(X[low], y[low]), Pairs(X[high], y[high])), program)


def _sound(program: Program) -> float:
    """Ask of a twin half of what the noise leaves of what is asked of its program."""
    return program.sound / (1 + _NOISE**2) / 2


def overfit(program: Program) -> Iterator[Mutation]:
    """Learn few and noisy targets by heart, where the twin stops in time."""
    random = random_of(program)
    training, held_out = program.data.training, program.data.held_out
    noise = _NOISE * training.y.std()
    count = min(_FEW, len(training))
    few = Pairs(training.X[:count], training.y[:count] + random.normal(0, noise, count))
    new = Pairs(held_out.X, held_out.y + random.normal(0, noise, len(held_out)))
    twin = replace(with_raw(program, few, new), sound=_sound(program)).with_training(patience=8, batch=16)
    mutant = twin.with_training(patience=None, epochs=8 * program.training.epochs, rate=2 * program.training.rate)
    yield Mutation("few and noisy, by heart", mutant, twin)
