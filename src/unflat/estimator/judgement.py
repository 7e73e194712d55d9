"""What a fitted model's figures say: a warning with the numbers and the call to make, or nothing."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

from unflat.errors import (
    DivergedWarning,
    FitWarning,
    FlatPredictionWarning,
    InterruptedWarning,
    NoSkillWarning,
)
from unflat.errors.telling import warn_user
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unflat.history import History
    from unflat.metrics import Assessment, OutputScores

NEGLIGIBLE = 1e-3
"""A share of the target's variance. Two fits whose errors differ by less are equally good in practice."""

_CALL = "Find out why with unflat.diagnose(model, X, y)."

_SHOWN = 3
"""Sentences of one warning: a model of many outputs would else have many warnings."""


class _Fault(NamedTuple):
    """What is wrong with the predictions of an output, as a sentence; the least good are told first."""

    category: type[FitWarning]
    output: str
    goodness: float
    sentence: str


def warn_of(history: History, assessment: Assessment, names: Sequence[str] = (), *, held_out: bool) -> None:
    """Warn where a fitted model should not be trusted, once of each kind of fault.

    Parameters
    ----------
    history : History
        How training went.
    assessment : Assessment
        The model's figures beside the baselines'.
    names : sequence of str
        What the outputs are called; none where they have no names, and are numbered from 0.
    held_out : bool
        Whether they were measured on data that was held out, or on the training part.
    """
    warn_of_history(history)
    faults: list[_Fault] = []
    for number, scores in enumerate(assessment.outputs):
        output = repr(names[number]) if names else f"output {number}"
        of_output = "" if len(assessment.outputs) == 1 else f" of {output}"
        faults += _of_output(scores, output, of_output, assessment.n, held_out=held_out)
    for category in dict.fromkeys(fault.category for fault in faults):
        told = _told([fault for fault in faults if fault.category is category])
        warn_user(category(told))


def warn_of_history(history: History) -> None:
    """Warn where training did not come to its end; as `warn_of`."""
    for category, message in _of_history(history):
        warn_user(category(message))


def _of_history(history: History) -> Iterator[tuple[type[FitWarning], str]]:
    last, best = len(history.epochs), history.best_epoch
    if history.stopped == "interrupted":
        yield (
            InterruptedWarning,
            (
                f"Training was interrupted after {last} epochs; the weights of epoch {best} are kept, and the model "
                "can be used."
            ),
        )
    if history.stopped == "diverged":
        yield (
            DivergedWarning,
            (
                f"Training diverged in epoch {last}: the loss is no longer a number. The weights of epoch {best} are "
                "kept. Choose a lower learning_rate."
            ),
        )


def also_of_others(others: Sequence[str]) -> str:
    """Name the outputs that have the same fault as those told of, the first few of many."""
    shown = list(others[:_SHOWN])
    if left := len(others) - len(shown):
        shown.append(f"{left} more")
    return f"So are those of {' and '.join(filter(None, (', '.join(shown[:-1]), shown[-1])))}."


def _told(faults: Sequence[_Fault]) -> str:
    """Tell of the worst, and name the outputs of the others, the next worst first."""
    by_goodness = sorted(faults, key=lambda fault: fault.goodness)
    worst = by_goodness[:_SHOWN]
    outputs, told = dict.fromkeys(fault.output for fault in by_goodness), {fault.output for fault in worst}
    others = [output for output in outputs if output not in told]
    more = [also_of_others(others)] if others else []
    return " ".join([*(fault.sentence for fault in worst), *more, _CALL])


def _of_output(scores: OutputScores, output: str, of_output: str, n: int, *, held_out: bool) -> Iterator[_Fault]:
    part = f"{n} held-out sequences" if held_out else f"the {n} training sequences"
    if scores.spread < FLAT_SPREAD:
        sentence = (
            f"The predictions{of_output} are flat: on {part} their standard deviation is {scores.spread:.3g} of the "
            f"target's (R² {scores.r2:.3g})."
        )
        yield _Fault(FlatPredictionWarning, output, scores.spread, sentence)
        return
    for name, reference in scores.baseline_rmse.items():
        # On its own training part a ridge regression of every step fits noise, and says nothing.
        is_fair = held_out or name != "ridge"
        if is_fair and _is_no_better(scores, name, n):
            sentence = (
                f"The predictions{of_output} are no better than the baseline '{name}': on {part} their RMSE is "
                f"{scores.rmse:.4g}, the baseline's {reference:.4g}."
            )
            yield _Fault(NoSkillWarning, output, scores.skills[name], sentence)


def _is_no_better(scores: OutputScores, baseline: str, n: int) -> bool:
    """Judge against a baseline; against ridge only a loss counts that matters and that chance does not explain.

    The network contains a ridge regression, so on a straight line the two tie, and either may lead by a hair. A
    mean square of n normal errors has a relative standard error of sqrt(2 / n); two of them are allowed.
    """
    if scores.beats(baseline):
        return False
    if baseline != "ridge":
        return True
    reference = scores.baseline_rmse[baseline] ** 2
    by_chance = 2 * sqrt(2 / n) * reference
    variance = scores.mse / (1 - scores.r2) if scores.r2 < 1 else inf
    return scores.mse - reference > max(by_chance, NEGLIGIBLE * variance)
