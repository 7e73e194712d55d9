"""Faults of the data themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.data import FOLLOWING
from benchmarks.faults.operators.mutation import Mutation, random_of, with_raw, with_scaled
from benchmarks.faults.program import Pairs, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.faults.program import Array


def nan_in_data(program: Program) -> Iterator[Mutation]:
    """Lose one value; scikit-learn refuses it, and our estimator takes it for missing."""
    if program.framework not in {"keras", "torch"}:
        return
    training = program.data.training
    X, y = training.X.copy(), training.y.copy()
    X[7, 2, 0], y[11] = np.nan, np.nan
    yield Mutation("one input", with_raw(program, Pairs(X, training.y)), program)
    yield Mutation("one target", with_raw(program, Pairs(training.X, y)), program)

    def infinite(pairs: Pairs) -> Pairs:
        values = pairs.X.copy()
        values[5, 1, 0] = np.inf
        return Pairs(values, pairs.y)

    yield Mutation("one infinite input", with_scaled(program, infinite), program)


def constant_target(program: Program) -> Iterator[Mutation]:
    """Take a wrong column for the target, or cast one between 0 and 1 to whole numbers."""
    for variant, value in (("a wrong column", 3.0), ("cast to whole numbers", 0.0)):
        mutant = _with_targets(program, lambda y, value=value: np.full_like(y, value))  # type: ignore[misc]  # default binds
        yield Mutation(variant, mutant.with_scaling(target="none"), program)


def misaligned_pairs(program: Program) -> Iterator[Mutation]:
    """Shuffle, shift or sort targets and leave their sequences where they are.

    Targets of windows that follow one another are not shifted: that makes a sound program of a longer horizon.
    """
    training, random = program.data.training, random_of(program)
    yield Mutation(
        "training targets shuffled", with_raw(program, Pairs(training.X, random.permutation(training.y))), program
    )
    if program.set_name not in FOLLOWING:
        yield Mutation("shifted by one", _with_targets(program, lambda y: np.roll(y, -1)), program)
    yield Mutation("training targets sorted", with_raw(program, Pairs(training.X, np.sort(training.y))), program)
    mutant = with_scaled(program, lambda pairs: Pairs(pairs.X, random_of(program).permutation(pairs.y)))
    yield Mutation("all shuffled, raw order known", replace(mutant, raw_given=True), program)


def swapped_axes(program: Program) -> Iterator[Mutation]:
    """Turn sequences, or make one step of them."""
    _, steps, features = program.data.training.X.shape
    if not program.recurrent:
        return
    if steps != features:
        yield Mutation(
            "turned", with_scaled(program, lambda pairs: Pairs(pairs.X.transpose(0, 2, 1), pairs.y)), program
        )
    yield Mutation(
        "one step", with_scaled(program, lambda pairs: Pairs(pairs.X.reshape(len(pairs), 1, -1), pairs.y)), program
    )


def no_signal(program: Program) -> Iterator[Mutation]:
    """Take a target that has nothing to do with the sequences."""
    random = random_of(program)
    mutant = _with_targets(program, lambda y: random.normal(y.mean(), y.std(), len(y)))
    yield Mutation("another target", mutant.with_training(patience=5), program)


def _with_targets(program: Program, change: Callable[[Array], Array]) -> Program:
    training, held_out = program.data.training, program.data.held_out
    return with_raw(program, Pairs(training.X, change(training.y)), Pairs(held_out.X, change(held_out.y)))
