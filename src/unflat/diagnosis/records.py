"""What a diagnosis consists of, as plain values: verdict, causes with their evidence, cures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from unflat.diagnosis.guide import page_of

Verdict = Literal["healthy", "flat", "failing", "diverged", "no_signal", "copies_last"]
"""What is seen.

`failing` is not flat, yet no better than the mean or far short of what other learners reach; `no_signal` is flat or
worse, and other learners find nothing either.
"""

CauseId = Literal[
    "target_scale",
    "input_scale",
    "target_scaled_by_other_column",
    "loss_broadcast",
    "output_range",
    "dead_units",
    "saturated_gates",
    "rate_too_low",
    "rate_too_high",
    "gradient_clipped",
    "too_few_updates",
    "vanishing_gradient",
    "too_deep_narrow",
    "padding_unmasked",
    "last_step_forgets",
    "swapped_axes",
    "sequences_returned",
    "misaligned_pairs",
    "nan_in_data",
    "degenerate_scale",
    "outliers_own_scale",
    "predict_scale_mismatch",
    "inverse_forgotten",
    "stale_mode",
    "frozen_parameters",
    "over_regularised",
    "constant_target",
    "extrapolation",
    "no_signal",
    "overfit",
]
"""Why it is seen."""

CAUSE_IDS: tuple[CauseId, ...] = get_args(CauseId)

Framework = Literal["unflat", "keras", "torch", "sklearn", "function"]


@dataclass(frozen=True)
class Evidence:
    """One measured figure, beside what a healthy model has.

    Parameters
    ----------
    what : str
        What was measured, in words.
    value : float
        What it came to.
    healthy : str
        What it should have been, in words.
    """

    what: str
    value: float
    healthy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.4g} (healthy: {self.healthy})"


@dataclass(frozen=True)
class Cure:
    """The one change that removes a cause.

    Parameters
    ----------
    words : str
        The change, as an instruction.
    code : str
        The same for the model's framework; empty where no code does it.
    """

    words: str
    code: str = ""


@dataclass(frozen=True)
class Cause:
    """An explanation of what is seen.

    Parameters
    ----------
    id : str
        Its name, one of `CAUSE_IDS`.
    explanation : str
        One sentence: how this cause leads to what is seen.
    evidence : tuple of Evidence
        The figures that speak for it, strongest first.
    cure : Cure
        What to change.
    confidence : float
        From 0 to 1. Two causes of equal confidence explain the figures equally well.
    """

    id: CauseId
    explanation: str
    evidence: tuple[Evidence, ...]
    cure: Cure
    confidence: float

    @property
    def page(self) -> str:
        """The file of the guide's page that explains it."""
        return str(page_of(self.id))


@dataclass(frozen=True)
class NotExamined:
    """Something that could not be looked at, and why: never silently passed over.

    Parameters
    ----------
    what : str
        What was to be looked at.
    why : str
        Why it could not be.
    """

    what: str
    why: str
