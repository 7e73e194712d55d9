"""What a fitted model's figures say: a warning with the numbers and the call to make, or nothing."""

from __future__ import annotations

import warnings
from math import isnan
from typing import TYPE_CHECKING

from unflat.errors import DivergedWarning, FlatPredictionWarning, InterruptedWarning, NoSkillWarning

if TYPE_CHECKING:
    from unflat.history import History
    from unflat.metrics import Assessment, OutputScores

FLAT_SPREAD = 0.1
"""Below this spread predictions are called flat. A fit that explains 1 % of the variance can just have it."""

NEGLIGIBLE = 1e-3
"""A share of the target's variance. Two fits whose errors differ by less are equally good in practice."""


def warn_of(history: History, assessment: Assessment, part: str, *, stacklevel: int) -> None:
    """Warn where a fitted model should not be trusted.

    Parameters
    ----------
    history : History
        How training went.
    assessment : Assessment
        The model's figures beside the baselines'.
    part : str
        What they were measured on, in words.
    stacklevel : int
        Frames between this function and the user's call, for the warning's line.
    """
    if history.stopped == "interrupted":
        _warn(
            InterruptedWarning,
            f"Training was interrupted after {len(history.epochs)} epochs; the weights of epoch "
            f"{history.best_epoch} are kept, and the model can be used.",
            stacklevel,
        )
    if history.stopped == "diverged":
        _warn(
            DivergedWarning,
            f"Training diverged in epoch {len(history.epochs)}: the loss is no longer a number. The weights of "
            f"epoch {history.best_epoch} are kept. Choose a lower learning_rate.",
            stacklevel,
        )
    for number, scores in enumerate(assessment.outputs):
        output = "" if len(assessment.outputs) == 1 else f" of output {number}"
        _warn_of_output(scores, output, part, stacklevel + 1)


def _warn_of_output(scores: OutputScores, output: str, part: str, stacklevel: int) -> None:
    if isnan(scores.spread):
        return
    if scores.spread < FLAT_SPREAD:
        _warn(
            FlatPredictionWarning,
            f"The predictions{output} are flat: on {part} their standard deviation is {scores.spread:.3g} of the "
            f"target's (R² {scores.r2:.3g}). Find out why with unflat.diagnose(model, X, y).",
            stacklevel,
        )
        return
    for name in scores.skills:
        if _is_no_better(scores, name):
            _warn(
                NoSkillWarning,
                f"The predictions{output} are no better than the {name}'s: on {part} their RMSE is "
                f"{scores.rmse:.4g}, the {name}'s {scores.baseline_rmse[name]:.4g} (skill "
                f"{scores.skills[name]:.3g}). Compare with unflat.evaluate(model, X, y), and find out why with "
                "unflat.diagnose(model, X, y).",
                stacklevel,
            )


def _is_no_better(scores: OutputScores, baseline: str) -> bool:
    """Judge against a baseline; against ridge only a loss that matters counts.

    The network contains a ridge regression, so on a straight line the two tie, and either may lead by a hair.
    """
    if scores.beats(baseline):
        return False
    if baseline != "ridge":
        return True
    variance = scores.mse / (1 - scores.r2) if scores.r2 < 1 else float("inf")
    return scores.mse - scores.baseline_rmse[baseline] ** 2 > NEGLIGIBLE * variance


def _warn(category: type[Warning], message: str, stacklevel: int) -> None:
    warnings.warn(message, category, stacklevel=stacklevel + 1)
