"""What a search came to, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import fsum, isfinite
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["complete", "pruned", "failed", "interrupted"]

GIVEN = 0
"""The number of the trial that is the model as it was given: the defaults, where none was."""


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Parameters
    ----------
    number : int
        Its number, from 0; 0 is the model as it was given.
    point : mapping of str to object
        Its place in the space.
    state : {"complete", "pruned", "failed", "interrupted"}
        How it ended: "pruned" is a training given up half-way, "failed" one without a finite loss, or without room in
        memory.
    loss : float or None
        Loss on the validation part, on the scaled target, of the epoch that was kept; of a pruned one, the best until
        then. None where there is none.
    epochs : int
        Passes that it made.
    seconds : float
        How long it took.
    linear : bool
        Whether the recurrence added nothing on held-out data, so that the predictions are those of the linear part
        alone.
    """

    number: int
    point: Mapping[str, Any]
    state: State
    loss: float | None
    epochs: int
    seconds: float
    linear: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the trial as plain JSON values."""
        return asdict(self) | {"point": dict(self.point), "loss": _finite(self.loss)}


@dataclass(frozen=True)
class Comparison:
    """The best trial and the model as given, both trained anew with other seeds.

    Parameters
    ----------
    given, tuned : tuple of float
        Their validation losses, seed by seed.
    """

    given: tuple[float, ...]
    tuned: tuple[float, ...]

    @property
    def tuned_wins(self) -> bool:
        """Whether the tuned model is better in the mean; a loss that is no number never is."""
        tuned, given = fsum(self.tuned), fsum(self.given)
        return isfinite(tuned) and (tuned < given or not isfinite(given))

    def to_dict(self) -> dict[str, Any]:
        """Give the losses as plain JSON values."""
        return {"given": [*map(_finite, self.given)], "tuned": [*map(_finite, self.tuned)]}


@dataclass(frozen=True, eq=False)
class Findings:
    """What a search found; it prints as a table of the best trials, what mattered, and what was chosen.

    Parameters
    ----------
    trials : tuple of Trial
        All trials, those of earlier calls included.
    best : int
        The number of the trial with the lowest loss.
    comparison : Comparison or None
        The best trial held against the model as given; None where it is that model, by wish, or where a budget left no
        time for it.
    parameters : dict of str to object
        The parameters that the tuned model has instead of the given one's; empty where that one is kept.
    importance : dict of str to float
        How much of the differences between losses each dimension explains, as shares of 1, largest first. Empty where
        there are too few trials to say.
    interrupted : bool
        Whether Ctrl-C ended the call that found it; earlier calls may have been ended so, too.
    """

    trials: tuple[Trial, ...]
    best: int
    comparison: Comparison | None
    parameters: dict[str, Any]
    importance: dict[str, float]
    interrupted: bool = False

    def __repr__(self) -> str:
        return f"<Findings of {len(self.trials)} trials, of which {self.chosen} is chosen>"

    @property
    def chosen(self) -> int:
        """The number of the trial whose parameters are used."""
        return self.best if self.parameters else GIVEN

    @property
    def seconds(self) -> float:
        """Time of all trials."""
        return fsum(trial.seconds for trial in self.trials)

    def trial(self, number: int) -> Trial:
        """Find a trial by its number."""
        return next(trial for trial in self.trials if trial.number == number)

    def to_dict(self) -> dict[str, Any]:
        """Give the findings as plain JSON values."""
        return {
            "chosen": self.chosen,
            "best": self.best,
            "parameters": self.parameters,
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
            "importance": self.importance,
            "trials": [trial.to_dict() for trial in self.trials],
        }


def _finite(loss: float | None) -> float | None:
    """Write a loss as JSON has it, which knows no infinity."""
    return loss if loss is not None and isfinite(loss) else None
