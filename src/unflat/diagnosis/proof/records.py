"""What came of trying cures, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from unflat.diagnosis.records import CauseId

Outcome = Literal["proven", "refuted", "unsettled"]
"""What a trial says: the cure helps, it does not, or the runs do not tell."""


@dataclass(frozen=True)
class Trial:
    """One change of a training, tried against the same training without it.

    Parameters
    ----------
    cures : tuple of str
        The causes whose cures were made together, in the order in which they were added.
    beside : tuple of str
        Those that the training had that it was compared with; empty for the training as it was.
    change : str
        What was changed, in words.
    skills : tuple of float
        Held-out skill against the mean with the change, of each seed.
    control : tuple of float
        The same without the last cure, of the same seeds.
    p_value : float
        How likely so large a gain is by chance: a paired t-test, one-sided.
    effect : float
        Cohen's d: the gain over the pooled deviation of both; infinite where neither varies.
    outcome : {"proven", "refuted", "unsettled"}
        What it says.
    """

    cures: tuple[CauseId, ...]
    beside: tuple[CauseId, ...]
    change: str
    skills: tuple[float, ...]
    control: tuple[float, ...]
    p_value: float
    effect: float
    outcome: Outcome


@dataclass(frozen=True)
class LeftOut:
    """A cure that was not tried, and why: never silently passed over.

    Parameters
    ----------
    cures : tuple of str
        The causes whose cures were to be tried together.
    why : str
        Why they were not.
    """

    cures: tuple[CauseId, ...]
    why: str


@dataclass(frozen=True)
class Proof:
    """The table of tried cures, failures included.

    Parameters
    ----------
    trials : tuple of Trial
        In the order in which they were tried.
    left_out : tuple of LeftOut
        What was not tried.
    unchanged : tuple of float
        Held-out skill against the mean of the training as it was, of each seed.
    notes : tuple of str
        What a reader should know of the trainings: a sentence each.
    seconds, budget : float
        What they took, and what they were allowed.
    """

    trials: tuple[Trial, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unchanged: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    budget: float = 0.0

    @property
    def proven(self) -> tuple[CauseId, ...]:
        """The causes whose cures were proven together, in the order in which they were added; empty if none was."""
        kept = [trial.cures for trial in self.trials if trial.outcome == "proven"]
        chains = [cures for cures in kept if all(cures[:length] in kept for length in range(1, len(cures)))]
        return max(chains or kept, key=lambda cures: (len(cures), self._skill(cures)), default=())

    def _skill(self, cures: tuple[CauseId, ...]) -> float:
        skills = next(trial.skills for trial in self.trials if trial.cures == cures)
        return sum(skills) / len(skills)
