"""How well intervals by group keep their coverage in each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.evaluation.words import number, ratio
from unflat.metrics import IntervalScores, score_intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from unflat.conformal import Calibration, PredictionInterval

ENOUGH_TO_TELL = 20
"""Of fewer sequences no share is told in words: with one more inside or not, it is off by a twentieth and more."""

_FEW_GROUPS, _AT_EITHER_END = 8, 3
"""So many groups are all shown; of more, so many of the least covered and of the most."""


@dataclass(frozen=True)
class GroupIntervals:
    """The scores of the intervals of one group.

    Parameters
    ----------
    label : str
        What the group is called.
    n : int
        How many of its sequences were evaluated, but those of weight 0.
    own : bool
        Whether it has bounds of its own; else they are those for a new group.
    standard_error : float
        That of its coverage, if the coverage asked for is the true one and the sequences tell nothing of each other:
        the root of asked (1 - asked) / n, with n = (sum of weights)² / sum of squares (Kish, Survey Sampling, 1965).
    intervals : tuple of IntervalScores
        Coverage and width, by output.
    """

    label: str
    n: int
    own: bool
    standard_error: float
    intervals: tuple[IntervalScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold."""
        plain = {"label": self.label, "n": self.n, "own": self.own, "standard_error": self.standard_error}
        return plain | {"intervals": [scores.to_dict() for scores in self.intervals]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GroupIntervals:
        """Read what `to_dict` gave."""
        return cls(**{**values, "intervals": tuple(map(IntervalScores.from_dict, values["intervals"]))})


def score_groups(
    targets: NDArray[np.float64],
    interval: PredictionInterval,
    asked: float,
    series: NDArray[Any],
    calibration: Calibration,
    *,
    weights: NDArray[np.float64],
) -> tuple[GroupIntervals, ...]:
    """Score the intervals of each group by itself.

    Parameters
    ----------
    targets : ndarray of shape (n, outputs)
        What was to be predicted.
    interval : PredictionInterval
        Bounds of the same shape.
    asked : float
        The coverage asked for.
    series : ndarray of shape (n,)
        The group of each sequence.
    calibration : Calibration
        What the bounds rest on.
    weights : ndarray of shape (n,)
        What each sequence counts, not negative.

    Returns
    -------
    tuple of GroupIntervals
        In the order of their labels.
    """
    counted = np.flatnonzero(weights)
    names, members, counts = np.unique(series[counted], return_inverse=True, return_counts=True)
    of_each = np.split(counted[np.argsort(members, kind="stable")], np.cumsum(counts)[:-1])
    own = np.isin(calibration.places(names), list(calibration.of_group))
    return tuple(
        GroupIntervals(
            str(name),
            len(of_one),
            bool(has_own),
            float(np.sqrt(asked * (1 - asked) * np.square(weights[of_one]).sum()) / weights[of_one].sum()),
            score_intervals(targets[of_one], interval.lower[of_one], interval.upper[of_one], asked, weights[of_one]),
        )
        for name, of_one, has_own in zip(names.tolist(), of_each, own.tolist(), strict=True)
    )


def group_rows(groups: Sequence[GroupIntervals], output: int) -> list[tuple[str, ...]]:
    """Lay out the coverage and width of groups for one output.

    Parameters
    ----------
    groups : sequence of GroupIntervals
        All of them.
    output : int
        Which output.

    Returns
    -------
    list of tuple of str
        A heading and a row for each group that is shown: all of few, else the least and the most covered of those
        that have enough sequences. Empty where none is to be shown.
    """
    rows = [_row(group, output) for group in _shown(groups, output)]
    return [("group", "sequences", "coverage", "±", "width", "whose bounds"), *rows] if rows else []


def group_remarks(groups: Sequence[GroupIntervals]) -> list[str]:
    """Say how the coverage of groups is to be read, and of how many it is shown."""
    if not groups:
        return []
    few = sum(group.n < ENOUGH_TO_TELL for group in groups)
    enough, remarks = len(groups) - few, []
    if len(groups) > _FEW_GROUPS and enough > 2 * _AT_EITHER_END:
        remarks.append(
            f"Of {enough:,} groups the {_AT_EITHER_END} least and the {_AT_EITHER_END} most covered are shown; "
            "part of what sets them apart is chance."
        )
    if few:
        which = "one group" if few == 1 else f"{few:,} groups"
        remarks.append(f"Of {which} with fewer than {ENOUGH_TO_TELL} sequences no coverage is told.")
    if enough:
        remarks.append("± is one standard error of a group's coverage; where sequences overlap, it is larger.")
    return remarks


def _shown(groups: Sequence[GroupIntervals], output: int) -> Sequence[GroupIntervals]:
    if len(groups) <= _FEW_GROUPS:
        return groups
    enough = [group for group in groups if group.n >= ENOUGH_TO_TELL]
    ordered = sorted(enough, key=lambda group: group.intervals[output].coverage)
    return ordered if len(ordered) <= 2 * _AT_EITHER_END else ordered[:_AT_EITHER_END] + ordered[-_AT_EITHER_END:]


def _row(group: GroupIntervals, output: int) -> tuple[str, ...]:
    scores = group.intervals[output]
    told = group.n >= ENOUGH_TO_TELL
    return (
        group.label,
        f"{group.n:,}",
        ratio(scores.coverage) if told else "too few",
        f"{group.standard_error:#.2g}" if told else "",
        number(scores.width),
        "its own" if group.own else "those for a new group",
    )
