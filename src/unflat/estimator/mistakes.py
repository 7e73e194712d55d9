"""Values that would rule a fit alone: mistyped ones are drawn in, codes for missing ones told of, before it begins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.errors import LoneValueWarning, MissingCodeWarning
from unflat.errors.telling import warn_user
from unflat.scaling.codes import missing_code
from unflat.scaling.lone import drawn_in, lone_values
from unflat.sequences.columnar import with_columns
from unflat.sequences.folds import places_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.config import ScalingConfig
    from unflat.dataset import Dataset
    from unflat.scaling.codes import Code
    from unflat.scaling.lone import Lone
    from unflat.sequences import Sequences


def without_lone_values(data: Dataset, scales: ScalingConfig) -> Dataset:
    """Draw in values that outweigh all others of their column together, and warn of them.

    Parameters
    ----------
    data : Dataset
        What a fit was given; it stays as it is.
    scales : ScalingConfig
        How features and targets are scaled. Only those that are standardized are drawn in: who names another scale
        has looked at them.

    Returns
    -------
    Dataset
        The same, or one with other numbers.
    """
    of_targets: list[str] = []
    of_inputs: list[str] = []
    if scales.scale_target == "standard":
        data, of_targets = _targets_drawn_in(data)
    if scales.scale_inputs == "standard":
        sequences, of_inputs = _inputs_drawn_in(data.sequences)
        data = replace(data, sequences=sequences)
    if told := of_targets + of_inputs:
        warn_user(LoneValueWarning(_in_words(told)))
    return data


def warn_of_missing_codes(data: Dataset) -> None:
    """Warn of numbers that look as if they stood for missing values.

    Parameters
    ----------
    data : Dataset
        What a fit was given.
    """
    found = [*_codes_of_inputs(data.sequences), *_codes_of_targets(data)]
    if not found:
        return
    told = "; ".join(f"{code.value:g}, {code.copies:,} times in {where}" for where, code in found)
    remedy = (
        "put nan in its place in X, and leave out sequences whose target it is"
        if data.windows is None
        else "name it in missing="
    )
    words = (
        f"A number stands apart from all others of its column again and again: {told}. It looks as if it stood for a "
        f"missing value, and is learned as a number like any other; if it does, {remedy}."
    )
    warn_user(MissingCodeWarning(words))


def _codes_of_inputs(sequences: Sequences) -> Iterator[tuple[str, Code]]:
    for column in range(sequences.n_features):
        if column not in sequences.categorical and (code := missing_code(sequences.rows[:, column])) is not None:
            yield f"feature {sequences.feature(column)}", code


def _codes_of_targets(data: Dataset) -> Iterator[tuple[str, Code]]:
    for output, column in enumerate(data.y.T):
        if (code := missing_code(column)) is not None:
            yield "the target" if data.one_dimensional else f"the target {data.names[output]}", code


def _targets_drawn_in(data: Dataset) -> tuple[Dataset, list[str]]:
    """Draw in targets, and say which."""
    found = {output: lone_values(column, data.weights) for output, column in enumerate(data.y.T)}
    if not any(found.values()):
        return data, []
    y = np.stack([drawn_in(data.y[:, output], lone) for output, lone in found.items()], axis=1)
    told = []
    for output, lone in found.items():
        of = "" if data.one_dimensional else f" of {data.names[output]}"
        told += [f"the target{of} of sequence {one.places[0]}, {_counted(one)}" for one in lone]
    return replace(data, y=y), told


def _inputs_drawn_in(sequences: Sequences) -> tuple[Sequences, list[str]]:
    """Draw in values of features, and say which."""
    columns: dict[int, NDArray[Any]] = {}
    told = []
    for column, lone in _lone_inputs(sequences):
        columns[column] = drawn_in(sequences.rows[:, column], lone)
        told += [f"feature {sequences.feature(column)}, {_counted(one)}" for one in lone]
    drawn = replace(sequences, rows=with_columns(sequences.rows, columns)) if columns else sequences
    return drawn, told


def _lone_inputs(sequences: Sequences) -> Iterator[tuple[int, list[Lone]]]:
    covered = sequences.covered()
    rows = np.flatnonzero(covered)
    # Windows that a user has cut hold each value as often as it has steps.
    shared = len(sequences.rows) < int(sequences.lengths.sum())
    copies = 1 if shared else min(places_apart(sequences), sequences.longest)
    for column in range(sequences.n_features):
        if column in sequences.categorical:
            continue
        values = sequences.rows[:, column]
        lone = lone_values(values if covered.all() else values[rows], copies=copies)
        if lone:
            yield column, lone if covered.all() else [one._replace(places=rows[one.places]) for one in lone]


def _counted(lone: Lone) -> str:
    return f"{lone.value:g}, counts as {lone.drawn_to:g}"


def _in_words(told: list[str]) -> str:
    return (
        "Drawn in, since each outweighs all other values of its column together, and squares would be about nothing "
        f"else: {'; '.join(told)}. Look whether that is a mistake. If it is real, scale_target='log' takes positive "
        "targets of any size as they are; scale_inputs='robust', scale_target='robust' and loss='huber' all others."
    )
