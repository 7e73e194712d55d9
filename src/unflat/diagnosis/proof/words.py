"""A proof in words, for terminals and notebooks alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unflat.diagnosis.proof.records import Proof, Trial

Row = tuple[str, ...]

_SMALLEST = 0.001
"""P-values below which the digits say nothing."""


def title(proof: Proof) -> str:
    """Say what was done, and how long it took."""
    if not proof.trials:
        return "Proof: no cure was tried"
    most = max(len(trial.skills) for trial in proof.trials)
    least = min(len(trial.skills) for trial in proof.trials)
    times = f"{least} times" if least == most else f"{least} to {most} times"
    return f"Proof: copies were trained again, {times} with each change, in {proof.seconds:.0f} s"


def conclusion(proof: Proof) -> str:
    """Say what was proven."""
    if not proof.trials:
        return "So nothing is proven."
    if not proof.proven:
        return "No cure was proven."
    last = next(trial for trial in proof.trials if trial.cures == proof.proven)
    gain = f"held-out skill rose from {_mean(proof.unchanged)} to {_mean(last.skills)}"
    if len(proof.proven) == 1:
        return f"Proven: the cure of {proof.proven[0]}; {gain}."
    return f"Proven, one added to the other: the cures of {', then of '.join(proof.proven)}; {gain}."


def rows(proof: Proof) -> list[Row]:
    """Lay the trials out as a table: a heading, the unchanged training, then a row for each change."""
    if not proof.trials:
        return []
    found: list[Row] = [("what was changed", "skill", "without it", "p", "")]
    found.append(("nothing", _mean(proof.unchanged), "", "", ""))
    found += [
        (_change(trial), _mean(trial.skills), _mean(trial.control), _p(trial.p_value), _outcome(trial))
        for trial in proof.trials
    ]
    return found


def remarks(proof: Proof) -> Iterator[str]:
    """Say how to read the table, and how the trainings differed from the user's."""
    if proof.trials:
        yield (
            "Skill: on sequences that were not trained on, 1 is perfect, 0 no better than the training targets' mean; "
            "anything below -1 counts as -1. p: how likely such a gain is by chance."
        )
    yield from proof.notes


def left_out(proof: Proof) -> Iterator[str]:
    """Say what was not tried, and why."""
    for item in proof.left_out:
        yield f"{' with '.join(item.cures) or 'any cure'}: {item.why}"


def _change(trial: Trial) -> str:
    if trial.beside:
        return f"{trial.change}, beside the cure of {' and '.join(trial.beside)}"
    return f"{trial.change} ({' and '.join(trial.cures)})"


def _mean(skills: Sequence[float]) -> str:
    return f"{np.mean(skills):.3f}"


def _p(value: float) -> str:
    return f"< {_SMALLEST}" if value < _SMALLEST else f"{value:.3f}"


def _outcome(trial: Trial) -> str:
    return trial.outcome.upper() if trial.outcome == "proven" else trial.outcome
