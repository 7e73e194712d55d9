"""What an operator gives: a program with a fault, and its healthy twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.program import Pairs, Program, Sets

if TYPE_CHECKING:
    from benchmarks.faults.program import Prepared


@dataclass(frozen=True, eq=False)
class Mutation:
    """A program with one fault, beside the same program without it."""

    variant: str
    mutant: Program
    twin: Program


Operator = Callable[[Program], Iterator[Mutation]]
"""Gives the variants of a fault that make sense in a program; none where it cannot have it."""


def random_of(program: Program) -> np.random.Generator:
    """Give the generator that an operator draws from: another for each program, the same in every run."""
    return np.random.default_rng([program.seed, program.style, *program.set_name.encode()])


def with_raw(program: Program, training: Pairs, held_out: Pairs | None = None) -> Program:
    """Replace a program's raw data."""
    return replace(program, data=Sets(training, program.data.held_out if held_out is None else held_out))


def with_scaled(program: Program, change: Callable[[Pairs], Pairs]) -> Program:
    """Do something to both parts once they are scaled."""

    def edit(prepared: Prepared) -> Prepared:
        return prepared.changed(change)

    return replace(program, scaled=(*program.scaled, edit))
