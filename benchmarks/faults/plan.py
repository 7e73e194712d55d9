"""Which programs are run: healthy ones, one mutant of each cause in each of them, controls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, product
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.controls import BEFORE, CONTROLS, LATER, UNASKED, controls
from benchmarks.faults.data import GIVEN, make
from benchmarks.faults.halves import SETS, bases
from benchmarks.faults.operators import OF_SCALE, OPERATORS
from benchmarks.faults.program import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.faults.halves import Half
    from benchmarks.faults.program import Program

TWIN_SEEDS, CONTROL_SEEDS = range(2), range(1)
"""Seeds of healthy programs and of controls."""

LATER_TWIN_SEEDS, LATER_CONTROL_SEEDS = range(3), range(2)
"""The same from the sixth half on: one alarm in a hundred is not told from two among a hundred and forty programs."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A program to run.

    Parameters
    ----------
    key : str
        A name of its own, by which a run is taken up again.
    kind : {"healthy", "mutant", "control"}
        What it is.
    program : Program
        The program.
    cause, variant : str
        Of a mutant, what was injected and how; of a control, its kind; "twin" of a healthy program made for one mutant.
    twin : str
        Of a mutant, the key of its healthy twin.
    """

    key: str
    kind: str
    program: Program
    cause: str = ""
    variant: str = ""
    twin: str = ""


def plan(
    half: Half, data: Path | None, *, causes: Sequence[str] = (), frameworks: Sequence[str] = (), quick: bool = False
) -> Iterator[Entry]:
    """Give every program of a half: first the healthy ones that mutants are made of, then all others, shuffled.

    An interrupted run has thus seen a random part of the mutants and controls.

    Each cause is injected into one of a framework's two programs on a data set, by one of its variants, the next time
    by the next one. Twins and mutants have seed 0; healthy programs run with one more, from the sixth half on with two.

    Parameters
    ----------
    half : {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}
        Whose data sets and architectures.
    data : Path or None
        The data folder; without one, sets that are read from it are left out.
    causes, frameworks : sequence of str
        The only ones to run; all, if empty. With causes, no controls and no further seeds are run.
    quick : bool
        Whether to take only the first data set, and one seed.

    Yields
    ------
    Entry
        In the order to run them in.
    """
    names = sets_of(half, data)[:1] if quick else sets_of(half, data)
    entries = [_with_mutants(half, data, names, causes or tuple(OPERATORS))]
    earlier = half in UNASKED
    twin_seeds = TWIN_SEEDS if earlier else LATER_TWIN_SEEDS
    control_seeds = CONTROL_SEEDS if earlier else LATER_CONTROL_SEEDS
    if not causes:
        entries.append(_further_seeds(half, data, names, () if quick else twin_seeds[1:]))
        entries.append(_controls(half, control_seeds[:1] if quick else control_seeds))
    chosen = [entry for entry in chain(*entries) if entry.program.framework in (frameworks or FRAMEWORKS)]
    twins = {entry.twin for entry in chosen}
    yield from (entry for entry in chosen if entry.key in twins and entry.variant == "")
    others = [entry for entry in chosen if entry.key not in twins]
    by_key = {entry.key: entry for entry in chosen if entry.variant == "twin"}
    for place in np.random.default_rng(0).permutation(len(others)):
        entry = others[place]
        if entry.twin in by_key:
            yield by_key[entry.twin]
        yield entry


def sets_of(half: Half, data: Path | None) -> tuple[str, ...]:
    """Name the data sets of a half that can be had: all, or those that need no data folder."""
    return tuple(name for name in SETS[half] if data is not None or name not in GIVEN)


def _with_mutants(half: Half, data: Path | None, names: Sequence[str], causes: Sequence[str]) -> Iterator[Entry]:
    for place, name in enumerate(names):
        for number, base in enumerate(bases(half, name, make(name, data, 0), 0)):
            yield from _of_one(base, number // 2 + number % 2 + place, causes)


def _further_seeds(half: Half, data: Path | None, names: Sequence[str], seeds: Sequence[int]) -> Iterator[Entry]:
    for seed, name in product(seeds, names):
        for base in bases(half, name, make(name, data, seed), seed):
            yield Entry(key_of(base), "healthy", base)


def _controls(half: Half, seeds: Sequence[int]) -> Iterator[Entry]:
    kinds = [name for name in CONTROLS if half not in BEFORE or name not in LATER]
    for seed, name in product(seeds, kinds):
        for program in controls(half, name, seed):
            yield Entry(key_of(program), "control", program, variant=name)


def key_of(program: Program, *more: str) -> str:
    """Name a program."""
    return "/".join([program.framework, program.set_name, str(program.style), str(program.seed), *more])


def _of_one(base: Program, number: int, causes: Sequence[str]) -> Iterator[Entry]:
    yield Entry(key_of(base), "healthy", base)
    for place, (cause, operator) in enumerate(OPERATORS.items()):
        variants = list(operator(base)) if cause in causes and (place + number) % 2 == 0 else []
        if not variants:
            continue
        chosen = variants[number // 2 % len(variants)]
        twin = key_of(base)
        if chosen.twin is not base:
            twin = key_of(base, cause, chosen.variant, "twin")
            yield Entry(twin, "healthy", chosen.twin, variant="twin")
        with_raw = cause in OF_SCALE and base.by_hand and number // 2 // len(variants) % 2 == 0
        mutant = replace(chosen.mutant, raw_given=with_raw or chosen.mutant.raw_given)
        yield Entry(key_of(base, cause, chosen.variant), "mutant", mutant, cause, chosen.variant, twin)
