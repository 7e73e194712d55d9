"""How much training fits into the time there is."""

from __future__ import annotations

from dataclasses import dataclass

SEEDS = 3
"""Trainings of each kind at first: the fewest that a t-test can tell anything by."""

MOST_SEEDS = 6
"""Trainings of each kind where the first do not settle it and there is time."""

MOST_CURES = 3
"""Cures that are tried each for itself: those of the causes named first."""

_LEAST_SHARE = 0.2
"""Share of the user's epochs below which a training would say little about theirs."""

_LEAST_SEQUENCES = 0.25
"""Share of the sequences below which, likewise."""

_MUCH = 0.5
"""Share of a whole training's steps below which a small difference says little about it."""

RESERVE = 0.85
"""Share of the time that is planned for: trainings do not take the same time twice."""


@dataclass(frozen=True)
class Plan:
    """What is going to be tried.

    Parameters
    ----------
    cures : int
        How many of the cures, from the first on, are tried each for itself.
    epochs : int or None
        Passes over the data in each training; None where they are not counted.
    combined : bool
        Whether there is time to add a second cure to a first.
    share : float
        Share of the training sequences that each training gets.
    """

    cures: int
    epochs: int | None
    combined: bool
    share: float = 1.0

    def shortens(self, epochs: int | None) -> bool:
        """Whether trainings have less than half of the steps of a whole one, of so many epochs."""
        whole = self.share if self.epochs is None or not epochs else self.share * self.epochs / epochs
        return whole < _MUCH


def plan(seconds: float, epoch: float, epochs: int | None, factors: list[int]) -> Plan | None:
    """Fit trainings into the time that is left.

    Cures come first, then combinations of them, then sequences, then epochs: a shorter training of all says more than
    a whole one of some, as long as it has a fifth of the user's epochs and a quarter of their sequences.

    Parameters
    ----------
    seconds : float
        What is left.
    epoch : float
        Seconds of one pass; of one whole training where passes are not counted.
    epochs : int or None
        Passes in the user's training; None where they are not counted.
    factors : list of int
        How many times as long as the user's each cure trains, in the order of the causes.

    Returns
    -------
    Plan or None
        None where there is not even time for one cure beside the unchanged training.
    """
    for cures, combined in _wishes(len(factors)):
        # With the unchanged training; a combination takes as long as what it combines.
        trainings = 1 + sum(factors[:cures]) + (sum(factors[1:cures]) if combined else 0)
        affordable = RESERVE * seconds / max(epoch * SEEDS * trainings, 1e-9)
        if epochs is None:
            if affordable >= 1:
                return Plan(cures, None, combined)
            continue
        least = max(1, round(_LEAST_SHARE * epochs))
        if affordable >= least:
            return Plan(cures, min(epochs, int(affordable)), combined)
        if affordable >= _LEAST_SEQUENCES * least:
            return Plan(cures, least, combined, affordable / least)
    return None


def _wishes(cures: int) -> list[tuple[int, bool]]:
    """Give what would be tried, the most first."""
    most = min(cures, MOST_CURES)
    return [
        (count, combined) for count in range(most, 0, -1) for combined in ((True, False) if count > 1 else (False,))
    ]
