"""What a search found, as a person would tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.evaluation.words import number, percent
from unflat.tuning.records import GIVEN
from unflat.tuning.space import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat.tuning.records import Comparison, Findings, Trial

_SHOWN = 5
_NEGLIGIBLE = 0.01


def told(findings: Findings) -> str:
    """Tell what was found: the best trials as a table, what mattered, and what was chosen, and why."""
    noun = "trial" if len(findings.trials) == 1 else "trials"
    counts = [f"{len(findings.trials)} {noun} in {findings.seconds:,.0f} s"]
    for state, words in (("pruned", "given up half-way"), ("failed", "failed"), ("interrupted", "interrupted")):
        if count := sum(trial.state == state for trial in findings.trials):
            counts.append(f"{count} {words}")
    parts = [", ".join(counts) + ".", table(best_trials(findings))]
    if findings.importance:
        parts.append(f"What mattered: {mattered(findings)}.")
    return "\n\n".join([*parts, *filter(None, [linear(findings)]), verdict(findings)])


def best_trials(findings: Findings) -> list[Trial]:
    """Choose what to show: the five best trials, and the model as given."""
    complete = [trial for trial in findings.trials if trial.state == "complete"]
    ranked = sorted(complete, key=lambda trial: (trial.loss is None, trial.loss))
    return [trial for place, trial in enumerate(ranked) if place < _SHOWN or trial.number == GIVEN]


def table(trials: Sequence[Trial]) -> str:
    """Set trials below each other, in columns of their dimensions."""
    # The model as given may stand outside of the space in some dimensions; others stand in all of them.
    fullest_first = sorted(trials, key=lambda trial: -len(trial.point))
    names = list(dict.fromkeys(name for trial in fullest_first for name in trial.point))
    head = ["trial", "loss", *names]
    rows = [head] + [
        [
            "given" if trial.number == GIVEN else str(trial.number),
            "none" if trial.loss is None else number(trial.loss),
            *(in_words(trial.point[name]) if name in trial.point else "" for name in names),
        ]
        for trial in trials
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def mattered(findings: Findings) -> str:
    """Name the dimensions by which good trials differ from others, with their shares."""
    shares = [f"{name} {percent(share)}" for name, share in findings.importance.items() if share >= _NEGLIGIBLE]
    return ", ".join(shares)


def linear(findings: Findings) -> str:
    """Say in how many trials the recurrence earned nothing, so that it cannot have mattered how it was made, if any."""
    complete = [trial for trial in findings.trials if trial.state == "complete"]
    count = sum(trial.linear for trial in complete)
    if not count:
        return ""
    return (
        f"In {count} of {len(complete)} trials that came to their end the recurrence added nothing on held-out data: "
        "their predictions are those of the linear part alone, whatever was varied of the recurrence."
    )


def verdict(findings: Findings) -> str:
    """Say what was chosen and why."""
    best, compared = findings.best, findings.comparison
    if len(findings.trials) == 1:
        return (
            "The model is kept as it was given, but for random_state: no other trial was run, for the budget left no "
            "time for one, or only one was asked for."
        )
    if best == GIVEN:
        return "The model is kept as it was given, but for random_state: no trial had a lower validation loss."
    if compared is None and not findings.parameters:
        return (
            f"The model is kept as it was given, but for random_state: trial {best} did better in the search, and the "
            "budget left no time to train both anew, which would show whether it does so again: give more."
        )
    if compared is None:
        losses = [findings.trial(which).loss for which in (best, GIVEN)]
        lower, higher = ("none" if loss is None else number(loss) for loss in losses)
        return f"Trial {best} is chosen: its validation loss is {lower}, that of the model as given {higher}."
    if compared.tuned_wins:
        return f"Trial {best} is chosen. {_anew(compared)}"
    return (
        f"The model is kept as it was given, but for random_state: trial {best} did better in the search, but not "
        f"again. {_anew(compared)}"
    )


def _anew(compared: Comparison) -> str:
    tuned, given = (" and ".join(map(number, losses)) for losses in (compared.tuned, compared.given))
    seeds = "one other seed" if len(compared.given) == 1 else f"{len(compared.given)} other seeds"
    if compared.tuned == compared.given:
        return f"Trained anew with {seeds}, both have the same validation loss, {given}."
    return f"Trained anew with {seeds}, its validation loss is {tuned}, that of the model as given {given}."
