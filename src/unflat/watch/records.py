"""What a watch writes down, as plain values: the course of a training, what was seen at a step, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from unflat.diagnosis.guide import page_of

if TYPE_CHECKING:
    from unflat.diagnosis import CauseId

Kind = Literal["not_finite", "out_of_reach", "dead", "lost", "stuck", "worse", "other_data"]
"""How a training fails.

Predictions left the numbers; what is left of the training cannot bring them to the targets; a layer gives nothing but
zeros; what had been learned is gone; nothing is learned where other learners find something; far worse than the mean.
Or nothing can be said, for the training learns from other data than those that are watched.
"""


@dataclass(frozen=True)
class Course:
    """What a training is going to do, as far as it is known.

    Parameters
    ----------
    steps : int or None
        Steps in all.
    rate : float or None
        The highest learning rate.
    adaptive : bool
        Whether the optimizer moves a parameter by about the rate in a step, whatever the gradient, as Adam does.
    reports_by_epoch : bool
        Whether a loss is reported at the end of each epoch, and not before.
    """

    steps: int | None = None
    rate: float | None = None
    adaptive: bool = False
    reports_by_epoch: bool = False

    def left(self, step: int) -> int | None:
        """Count the steps that are left after one; None where their number is not known."""
        return None if self.steps is None else max(self.steps - step, 0)


@dataclass(frozen=True)
class Record:
    """What was seen after one step, on a fixed sample of the data and without dropout.

    Parameters
    ----------
    step : int
        The step, counted from 1 over the whole training; 0 before the first.
    epoch : int or None
        Its epoch, from 1, where it is known.
    loss : float or None
        The loss that the training itself reported last; None where it has reported none.
    loss_over_mean : tuple of k float
        Mean squared error over that of predicting the sample's mean, of each output: 1 is no better than the mean.
    spread : tuple of k float
        Deviation of the predictions over the target's, of each output: 0 is flat.
    offset : tuple of k float
        Mean of the predictions less that of the target, in deviations of the target.
    reach : float or None
        How far what is left of the training can move an output, lr · S · (H + 1), in the target's units; None where
        that is not known or not bounded.
    dead : float or None
        Share of dead units in the rectified layer that has most of them; None where it was not looked at.
    saturated : float or None
        Share of gate values at the ends of their range, in the recurrent layer that has most of them; None likewise.
    finite : bool
        Whether all predictions are numbers.
    seconds : float
        Time that this look took.
    """

    step: int
    epoch: int | None
    loss: float | None
    loss_over_mean: tuple[float, ...]
    spread: tuple[float, ...]
    offset: tuple[float, ...]
    reach: float | None
    dead: float | None
    saturated: float | None
    finite: bool
    seconds: float


@dataclass(frozen=True)
class Finding:
    """That a training fails, and how.

    Parameters
    ----------
    kind : str
        How.
    output : int
        The output of which it was seen.
    record : Record
        When it was seen.
    """

    kind: Kind
    output: int
    record: Record

    @property
    def is_failure(self) -> bool:
        """Whether it is the training's, and not that of what the watch was given."""
        return self.kind != "other_data"


@dataclass(frozen=True)
class Likely:
    """Why a training fails, as it seems.

    Parameters
    ----------
    cause : str
        One of `unflat.diagnosis.CAUSE_IDS`.
    explanation : str
        One sentence.
    cure : str
        The one change, as an instruction.
    """

    cause: CauseId
    explanation: str
    cure: str

    @property
    def page(self) -> str:
        """The file of the guide's page that explains it."""
        return str(page_of(self.cause))
