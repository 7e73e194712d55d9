"""Faults of scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.operators.mutation import Mutation, random_of, with_raw
from benchmarks.faults.program import Pairs, Prepared, Program, Sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.program import Array

_OUTLIERS = 3
"""Values spoiled, of some four hundred sequences."""

_FAR = 3000.0
"""How many deviations out they are: a sensor's error code, or a number in the wrong unit."""


def target_scale(program: Program) -> Iterator[Mutation]:
    """Leave the target in its units; or in other ones, whose numbers are large."""
    yield Mutation("left raw", program.with_scaling(target="none"), program)
    other = _in_units(program, lambda X: X, lambda y: 50_000 + 1000 * (y - y.mean()) / y.std())
    yield Mutation("left raw, in thousands", other.with_scaling(target="none"), program)


def input_scale(program: Program) -> Iterator[Mutation]:
    """Leave the inputs in their units; or in other ones, whose numbers are large, or small."""
    yield Mutation("left raw", program.with_scaling(inputs="none"), program)
    large = _in_units(program, lambda X: 1e5 + 1e4 * _by_feature(X), lambda y: y)
    yield Mutation("left raw, in ten thousands", large.with_scaling(inputs="none"), program)
    small = _in_units(program, lambda X: 1e-4 * _by_feature(X), lambda y: y)
    yield Mutation("left raw, in ten thousandths", small.with_scaling(inputs="none"), program)


def target_scaled_by_other_column(program: Program) -> Iterator[Mutation]:
    """Scale the target by the numbers of the inputs."""
    if program.by_hand:
        for way in ("first column", "all columns"):
            yield Mutation(f"by {way}", program.with_scaling(target=way), program)


def degenerate_scale(program: Program) -> Iterator[Mutation]:
    """Add a column that is constant in training, and divide it by its deviation."""
    if not program.by_hand:
        return
    training, held_out = program.data.training, program.data.held_out
    twin = with_raw(program, _with_column(training, 20.0), _with_column(held_out, 20.0))
    yield Mutation("moves later", with_raw(program, _with_column(training, 20.0), _with_column(held_out, 21.0)), twin)
    if program.framework != "sklearn":  # which refuses NaN
        yield Mutation("divided by zero", twin.with_scaling(inputs="unguarded"), twin)


def outliers_own_scale(program: Program) -> Iterator[Mutation]:
    """Spoil a few training values before anything is scaled."""
    training, random = program.data.training, random_of(program)
    y, X = training.y.copy(), training.X.copy()
    places = random.choice(len(y), _OUTLIERS, replace=False)
    y[places] += _FAR * y.std()
    X[places, random.integers(0, X.shape[1], _OUTLIERS)] += _FAR * X.std(axis=(0, 1))
    yield Mutation("targets", with_raw(program, Pairs(training.X, y)), program)
    yield Mutation("inputs", with_raw(program, Pairs(X, training.y)), program)


def predict_scale_mismatch(program: Program) -> Iterator[Mutation]:
    """Predict from raw inputs what was trained on scaled ones."""
    if not program.by_hand:
        return
    raw = program.data

    def new_ones(prepared: Prepared) -> Prepared:
        held_out = Pairs(raw.held_out.X, prepared.data.held_out.y)
        return replace(prepared, data=Sets(prepared.data.training, held_out))

    def all_of_them(prepared: Prepared) -> Prepared:
        given = new_ones(prepared)
        return replace(given, data=Sets(Pairs(raw.training.X, given.data.training.y), given.data.held_out))

    yield Mutation("new ones raw", replace(program, asked=(new_ones,)), program)
    yield Mutation("all of them raw", replace(program, asked=(all_of_them,)), program)


def inverse_forgotten(program: Program) -> Iterator[Mutation]:
    """Hold predictions of a scaled target against the raw one."""
    if not program.by_hand:
        return
    raw = program.data

    def back(prepared: Prepared) -> Prepared:
        training, held_out = prepared.data.training, prepared.data.held_out
        return replace(prepared, data=Sets(Pairs(training.X, raw.training.y), Pairs(held_out.X, raw.held_out.y)))

    yield Mutation("all targets raw", replace(program, asked=(back,)), program)


def _in_units(program: Program, inputs: object, target: object) -> Program:
    """Put raw data into other units, both parts by the numbers of both."""
    training, held_out = program.data.training, program.data.held_out
    X = inputs(np.concatenate([training.X, held_out.X]))  # type: ignore[operator]  # two functions of arrays
    y = target(np.concatenate([training.y, held_out.y]))  # type: ignore[operator]  # as above
    n = len(training)
    return with_raw(program, Pairs(X[:n], y[:n]), Pairs(X[n:], y[n:]))


def _by_feature(X: Array) -> Array:
    scaled: Array = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    return scaled


def _with_column(pairs: Pairs, value: float) -> Pairs:
    column = np.full((*pairs.X.shape[:2], 1), value)
    return Pairs(np.concatenate([pairs.X, column], axis=2), pairs.y)
