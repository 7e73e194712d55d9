"""Which part each window goes to, so that nothing of a later part was seen in training."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from unflat.config import AtLeast, Checked, Interval
from unflat.errors import ConfigurationError, EmptyPartError
from unflat.sequences.columnar import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.sequences import Sequences
    from unflat.windows.timeline import Timeline

TRAIN, VALIDATION, TEST, DROPPED = range(4)

SplitBy = Literal["time", "group"]


@dataclass(frozen=True)
class SplitPlan(Checked):
    """How windows are to be split.

    Parameters
    ----------
    test, validation : float
        The shares of the later parts, together less than 1.
    by : {"time", "group"}
        What is cut.
    gap : int
        Rows after a cut that are the target of no window.

    Raises
    ------
    ConfigurationError
        If a value is out of its bounds, or the shares leave nothing to train on.
    """

    test: Annotated[float, Interval(0, 1, "left")]
    validation: Annotated[float, Interval(0, 1, "left")]
    by: SplitBy
    gap: Annotated[int, AtLeast(0)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.later >= 1:
            raise ConfigurationError(
                self._owner(), "validation", f"less than {1 - self.test:g}, beside test={self.test:g}", self.validation
            )
        if self.by == "group" and self.gap > 0:
            raise ConfigurationError(
                self._owner(), "gap", "0 with by='group', where no series is cut", self.gap, "Leave the gap out."
            )

    @classmethod
    def _owner(cls) -> str:
        return "Windows.split"  # where users set these values

    @property
    def later(self) -> float:
        """The share that is not for training."""
        return self.test + self.validation


def plans_of_folds(n: int, gap: int) -> list[SplitPlan]:
    """Give the splits of n folds by time: each judges the stretch that follows its training, as validation.

    Parameters
    ----------
    n : int
        How many folds, of n + 1 stretches.
    gap : int
        Rows after a cut that are the target of no window.

    Returns
    -------
    list of SplitPlan
        The earliest fold first; what follows its validation is the test part.

    Raises
    ------
    ConfigurationError
        If a number is out of its bounds.
    """
    if not AtLeast(1).admits(n):
        raise ConfigurationError("Windows.folds", "n", str(AtLeast(1)), n)
    left = [stretches / (n + 1) for stretches in range(n, -1, -1)]
    return [SplitPlan(test, later - test, "time", gap) for later, test in pairwise(left)]


def assign_parts(
    timeline: Timeline, sequences: Sequences, ahead: Sequence[int], plan: SplitPlan, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Give each window its part.

    Parameters
    ----------
    timeline : Timeline
        The series.
    sequences : Sequences
        The windows.
    ahead : sequence of int
        Rows from a window's first row to each of its targets, ascending.
    plan : SplitPlan
        The shares, and how to cut.
    random : numpy.random.Generator
        Draws the series of each part, if whole series are.

    Returns
    -------
    ndarray of shape (n,), uint8
        TRAIN, VALIDATION, TEST or DROPPED.

    Raises
    ------
    ConfigurationError
        If series are to be drawn and no column tells them apart.
    EmptyPartError
        If a part would get no window.
    """
    if plan.by == "group":
        if timeline.labels is None:
            expected = "'time', for no group column was named when the windows were made"
            remedy = "Name the column that tells series apart as group= of make_windows, or split by time."
            raise ConfigurationError("Windows.split", "by", expected, plan.by, remedy)
        parts = _by_group(timeline, sequences, plan, random)
    else:
        parts = _by_time(timeline, sequences, ahead, plan)
    _refuse_empty(parts, plan)
    return parts


def _by_group(
    timeline: Timeline, sequences: Sequences, plan: SplitPlan, random: np.random.Generator
) -> NDArray[np.uint8]:
    present = np.zeros(len(timeline.bounds) - 1, dtype=bool)
    for first in range(0, len(sequences), CHUNK_ROWS):
        present[timeline.series_of(sequences.starts[first : first + CHUNK_ROWS])] = True
    shuffled = random.permutation(np.flatnonzero(present))
    test, validation = _count(plan.test, len(shuffled)), _count(plan.validation, len(shuffled))
    part_of_series = np.full(len(present), TRAIN, dtype=np.uint8)
    part_of_series[shuffled[:test]] = TEST
    part_of_series[shuffled[test : test + validation]] = VALIDATION
    parts = np.empty(len(sequences), dtype=np.uint8)
    for first in range(0, len(sequences), CHUNK_ROWS):
        place = slice(first, first + CHUNK_ROWS)
        parts[place] = part_of_series[timeline.series_of(sequences.starts[place])]
    return parts


def _count(share: float, of: int) -> int:
    return max(1, round(share * of)) if share > 0 else 0


def _by_time(timeline: Timeline, sequences: Sequences, ahead: Sequence[int], plan: SplitPlan) -> NDArray[np.uint8]:
    covered = sequences.covered()
    for first in range(0, len(sequences), CHUNK_ROWS):
        for rows in ahead:
            covered[sequences.starts[first : first + CHUNK_ROWS] + rows] = True
    validation_from = _cuts(timeline, covered, plan.later)
    test_from = _cuts(timeline, covered, plan.test)
    parts = np.empty(len(sequences), dtype=np.uint8)
    for first in range(0, len(sequences), CHUNK_ROWS):
        starts = sequences.starts[first : first + CHUNK_ROWS]
        series = timeline.series_of(starts)
        nearest, furthest = starts + ahead[0], starts + ahead[-1]
        part = np.full(len(starts), TRAIN, dtype=np.uint8)
        for cut, later in ((validation_from[series], VALIDATION), (test_from[series], TEST)):
            part[furthest >= cut] = DROPPED
            part[nearest >= cut + plan.gap] = later
        parts[first : first + CHUNK_ROWS] = part
    return parts


def _cuts(timeline: Timeline, covered: NDArray[np.bool_], share: float) -> NDArray[np.int64]:
    """Find the row of each series from which on the last share of the covered rows lies."""
    if share == 0:
        return timeline.bounds[1:]
    series = list(pairwise(timeline.bounds.tolist()))
    ticks = timeline.ticks
    if ticks is None or len(series) == 1:
        return np.array([first + _nth(covered[first:end], share) for first, end in series])
    cut = _common_cut(ticks, covered, share)
    return np.array([first + np.searchsorted(ticks[first:end], cut) for first, end in series])


def _nth(covered: NDArray[np.bool_], share: float) -> int:
    """Find the position of the covered row at which the last share of them begins; the end if that share is none."""
    count = int(np.count_nonzero(covered))
    rank = count - round(share * count)
    if rank == count:
        return len(covered)
    return rank if count == len(covered) else int(np.flatnonzero(covered)[rank])


def _common_cut(ticks: NDArray[Any], covered: NDArray[np.bool_], share: float) -> Any:  # noqa: ANN401 - a tick's type
    """Find the time at which the last share of the covered rows of all series begins."""
    known = ticks if covered.all() else ticks[covered]
    rank = min(len(known) - round(share * len(known)), len(known) - 1)
    return np.partition(known, rank)[rank]


def _refuse_empty(parts: NDArray[np.uint8], plan: SplitPlan) -> None:
    wanted = {"training": (TRAIN, 1.0), "validation": (VALIDATION, plan.validation), "test": (TEST, plan.test)}
    counts = {name: int(np.count_nonzero(parts == part)) for name, (part, _) in wanted.items()}
    remedy = (
        "Split by='time', choose other shares, or name a group column that tells more series apart."
        if plan.by == "group"
        else "Choose shorter windows, a smaller horizon or gap, or other shares; with many short series, by='group'."
    )
    for name, (_, share) in wanted.items():
        if share > 0 and counts[name] == 0:
            raise EmptyPartError(name, counts, remedy)
