"""Faults of training, and of a network's structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.operators.mutation import Mutation, random_of, with_raw, with_scaled
from benchmarks.faults.program import Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.program import Program

_OPEN = ("keras", "torch")
_PADDING = 28
_IDLE = 32
"""Steps that come after everything that matters."""


def dead_units(program: Program) -> Iterator[Mutation]:
    """Begin a ReLU layer so low that it never gives anything."""
    if program.framework in _OPEN:
        twin = program.with_network(dense=(16,), dense_activation="relu")
        for bias in (-10.0, -4.0):
            yield Mutation(f"bias {bias:g}", twin.with_network(dense_bias=bias), twin)


def saturated_gates(program: Program) -> Iterator[Mutation]:
    """Begin with weights of a far too large deviation."""
    if program.framework in _OPEN:
        for deviation in (20.0, 8.0):
            yield Mutation(f"deviation {deviation:g}", program.with_network(weights_deviation=deviation), program)


def rate_too_low(program: Program) -> Iterator[Mutation]:
    """Take a rate that moves nothing."""
    for factor in (1e-4, 1e-3):
        yield Mutation(f"times {factor:g}", program.with_training(rate=program.training.rate * factor), program)


def rate_too_high(program: Program) -> Iterator[Mutation]:
    """Take a rate that leaps over everything."""
    for rate in (1.0, 0.3):
        yield Mutation(f"{rate:g}", program.with_training(rate=rate), program)


def gradient_clipped(program: Program) -> Iterator[Mutation]:
    """Cut gradients of plain descent to a norm of almost nothing; adaptive optimizers undo the cut."""
    if program.framework in _OPEN:
        twin = program.with_training(optimizer="sgd", rate=0.3, clip=1.0)
        for clip in (1e-3, 1e-4):
            yield Mutation(f"to {clip:g}", twin.with_training(clip=clip), twin)


def too_few_updates(program: Program) -> Iterator[Mutation]:
    """Stop after a pass or two, or make a pass of one step."""
    yield Mutation("one pass", program.with_training(epochs=1), program)
    n = len(program.data.training)
    yield Mutation("12 passes of one step", program.with_training(epochs=12, batch=n), program)
    yield Mutation("two passes", program.with_training(epochs=2), program)


def vanishing_gradient(program: Program) -> Iterator[Mutation]:
    """Put six sigmoid layers after the recurrence."""
    if program.framework == "unflat":
        return
    activation = "logistic" if program.framework == "sklearn" else "sigmoid"
    yield Mutation("six sigmoid layers", program.with_network(dense=(32,) * 6, dense_activation=activation), program)


def too_deep_narrow(program: Program) -> Iterator[Mutation]:
    """Take eight layers of four units."""
    if program.framework == "sklearn":
        yield Mutation("eight layers of four", program.with_network(dense=(4,) * 8), program)
    else:
        mutant = program.with_network(units=(4,) * 8, readout="last", skip=False)
        yield Mutation("eight layers of four", mutant, program)


def padding_unmasked(program: Program) -> Iterator[Mutation]:
    """Pad sequences at their end, each by another length, and let the recurrence run over it."""
    if not program.recurrent:
        return

    def padded(pairs: Pairs) -> Pairs:
        random = random_of(program)
        n, steps, features = pairs.X.shape
        values = np.zeros((n, steps + _PADDING, features))
        for place, first in enumerate(random.integers(0, steps // 4 + 1, n)):
            values[place, : steps - first] = pairs.X[place, first:]
        return Pairs(values, pairs.y)

    yield Mutation(f"{_PADDING} zeros", with_scaled(program, padded), program)


def last_step_forgets(program: Program) -> Iterator[Mutation]:
    """Let many steps follow that tell nothing of the target."""
    if not program.recurrent:
        return
    random = random_of(program)

    def idle(pairs: Pairs) -> Pairs:
        rows = pairs.X.reshape(-1, pairs.X.shape[2])
        after = rows[random.integers(0, len(rows), (len(pairs), _IDLE))]
        return Pairs(np.concatenate([pairs.X, after], axis=1), pairs.y)

    mutant = with_raw(program, idle(program.data.training), idle(program.data.held_out))
    yield Mutation(f"{_IDLE} idle steps", mutant.with_network(readout="last", skip=False), program)


def over_regularised(program: Program) -> Iterator[Mutation]:
    """Drop nearly everything, or pull weights to nothing."""
    if program.framework != "sklearn":
        yield Mutation("dropout 0.95", program.with_network(dropout=0.95), program)
    if program.framework == "keras":
        yield Mutation("penalty 1", program.with_network(penalty=1.0), program)
    else:
        decay = {"torch": 1.0, "sklearn": 1e3, "unflat": 100.0}[program.framework]
        yield Mutation(f"decay {decay:g}", program.with_training(decay=decay), program)
