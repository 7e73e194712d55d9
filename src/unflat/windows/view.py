"""Windows as an index: what each holds, when it ends, what it is to predict; and their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from unflat.errors import InputError, InputTypeError
from unflat.randomness import generator_of
from unflat.sequences.columnar import CHUNK_ROWS
from unflat.windows.parts import TRAIN, VALIDATION, SplitPlan, assign_parts, plans_of_folds
from unflat.windows.schema import horizons_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    from unflat.randomness import RandomSource
    from unflat.sequences import PastTarget, Sequences
    from unflat.windows.parts import SplitBy
    from unflat.windows.schema import WindowSchema
    from unflat.windows.timeline import Timeline


_ENOUGH_SERIES = 5
"""With fewer series, holding one out would leave out too much."""


class Split(NamedTuple):
    """Windows in three parts; a part that was not asked for has none."""

    train: Windows
    validation: Windows
    test: Windows


class Positions(NamedTuple):
    """Positions of windows in three parts, each an ascending int64 array."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Windows:
    """Windows over the series of a table, all sharing one matrix of rows.

    Parameters
    ----------
    sequences : Sequences
        The windows as sequences of rows. Rows are in the order of their series and times.
    schema : WindowSchema
        The columns and measures.
    timeline : Timeline
        The series that the rows belong to, and their times.
    columns : tuple of ndarray of shape (n_rows,), or None
        For each target its value in every row; None for windows to predict from.
    past : PastTarget or None
        Where the targets' own past stands among the features, if all of it does.
    split_by : {"time", "group"} or None
        How the windows were split off, if they are a part.
    """

    sequences: Sequences
    schema: WindowSchema
    timeline: Timeline
    columns: tuple[NDArray[Any], ...] | None
    past: PastTarget | None
    split_by: SplitBy | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    def __repr__(self) -> str:
        targets = ", ".join(map(repr, self.schema.targets))
        ahead = horizons_in_words(self.schema.horizons)
        return (
            f"<{len(self)} windows of {self.schema.length} rows and {self.sequences.n_features} features, "
            f"target {targets} {ahead} rows ahead>"
        )

    @property
    def has_targets(self) -> bool:
        """Whether the target of each window is known; of windows to predict from it is not."""
        return self.columns is not None

    @property
    def y(self) -> NDArray[np.float64] | None:
        """The targets: float64 of shape (n,), or (n, k) of several; None for windows to predict from.

        Several are in the order of `schema.outputs`: target by target, and of each the horizons. Gathered anew at each
        call: keep the result rather than asking twice.
        """
        if self.columns is None:
            return None
        outputs = list(product(self.columns, self.schema.horizons))
        y = np.empty((len(self), len(outputs)))
        for part, starts in self._chunks():
            ends = starts + (self.schema.length - 1)
            for output, (column, horizon) in enumerate(outputs):
                y[part, output] = column[ends + horizon]
        return y[:, 0] if len(outputs) == 1 else y

    @property
    def end_rows(self) -> NDArray[np.int64]:
        """The row at which each window ends, its last one, of shape (n,)."""
        return self.sequences.starts.astype(np.int64) + (self.schema.length - 1)

    @property
    def target_rows(self) -> NDArray[np.int64]:
        """The row of each window's target, the furthest of several: as `rows_at` gives it."""
        return self.rows_at(self.schema.horizons[-1])

    @property
    def end_times(self) -> pl.Series | None:
        """The time of each window's last row; None without a time column."""
        times = self.timeline.times
        return None if times is None else times.gather(self.end_rows)

    @property
    def target_times(self) -> pl.Series | None:
        """The time of each window's target, the furthest of several: as `times_at` gives it."""
        return self.times_at(self.schema.horizons[-1])

    def rows_at(self, horizon: int) -> NDArray[np.int64]:
        """Give the row that lies so many rows after each window's last one.

        Parameters
        ----------
        horizon : int
            How many rows ahead.

        Returns
        -------
        ndarray of shape (n,), int64
            The rows; -1 where one would lie beyond its series, or in a gap.
        """
        rows = self.end_rows + horizon
        rows[rows >= self.timeline.segment_ends(self.end_rows)] = -1
        return rows

    def times_at(self, horizon: int) -> pl.Series | None:
        """Give the time that lies so many rows after each window's last one.

        Parameters
        ----------
        horizon : int
            How many rows ahead.

        Returns
        -------
        polars.Series of length n, or None
            The times; None without a time column. Beyond the rows of the table they follow from the regular step; null
            where there is none.
        """
        times, rhythm = self.timeline.times, self.timeline.rhythm
        if times is None or rhythm is None:
            return None
        rows = self.rows_at(horizon)
        known = times.gather(np.maximum(rows, 0))
        beyond = np.flatnonzero(rows < 0)
        if len(beyond) == 0:
            return known
        ends = self.end_rows[beyond]
        last = self.timeline.segment_ends(ends) - 1
        later = rhythm.later(times.gather(last), self.timeline.series_of(ends), ends + horizon - last)
        return known.scatter(beyond, later)

    @property
    def groups(self) -> NDArray[Any] | None:
        """The label of each window's series, of shape (n,), as the table has it; None without a group column."""
        if self.timeline.labels is None:
            return None
        labels: NDArray[Any] = self.timeline.labels.to_numpy()
        return labels[self.timeline.series_of(self.sequences.starts)]

    @property
    def natural_split(self) -> SplitBy:
        """How to hold out a part where nobody says: as these windows were split off themselves.

        Windows that were not split go by time if their times are dates, which all series share, or if there are
        fewer than five series; otherwise by whole series: a time that counts cycles or rows begins anew in each.
        """
        if self.split_by is not None:
            return self.split_by
        times, labels = self.timeline.times, self.timeline.labels
        by_series = labels is not None and len(labels) >= _ENOUGH_SERIES
        return "group" if by_series and (times is None or not times.dtype.is_temporal()) else "time"

    def take(self, index: NDArray[Any] | slice) -> Windows:
        """Select windows by position, by a mask or by a slice; their rows stay where they are."""
        return replace(self, sequences=self.sequences.take(index))

    def split(
        self,
        *,
        test: float = 0.2,
        validation: float = 0.1,
        by: SplitBy = "time",
        gap: int = 0,
        random_state: RandomSource = 0,
    ) -> Split:
        """Split into a part to train on, one to choose by and one to judge by, so that nothing leaks.

        By time, the rows are cut at two times that all series have in common, so that no series is trained on
        another's future; without a time column each series is cut at the same share of its rows. A window
        belongs to the part in which its target lies; of several horizons, the part in which all of its targets lie,
        and to none if a cut comes between them. Training windows, inputs and targets, lie wholly before the first
        cut. The inputs of a later part may reach back before its cut: these rows are known by the time of
        the prediction, and nothing in training was fitted to what follows them. Where inputs of two parts
        must not share a row, a gap of `length + horizon - 1` rows, with the nearest of several horizons, sees to it.

        By group, each series goes to one part as a whole: for series that are to be predicted without having
        been seen.

        Parameters
        ----------
        test, validation : float
            The share of the rows that these windows cover (by time), or of their series (by group); 0 for none.
        by : {"time", "group"}
            What is cut.
        gap : int
            By time, how many rows after a cut are the target of no window.
        random_state : int, RandomState, Generator or None
            By group, draws the series of each part.

        Returns
        -------
        Split
            The parts `train`, `validation` and `test`; one whose share is 0 has no windows.

        Raises
        ------
        ConfigurationError
            If a share is not in [0, 1), they leave nothing to train on, there is no group column to split by, or the
            random state is none.
        EmptyPartError
            If a part would get no window.
        InputError
            If these windows have no targets.
        """
        parts = self._parts(SplitPlan(test, validation, by, gap), random_state)
        train, held_out, judged = (
            replace(self, sequences=self.sequences.take(parts == part), split_by=by) for part in range(3)
        )
        return Split(train, held_out, judged)

    def split_positions(
        self,
        *,
        test: float = 0.2,
        validation: float = 0.1,
        by: SplitBy = "time",
        gap: int = 0,
        random_state: RandomSource = 0,
    ) -> Positions:
        """Find the positions of the windows that `split` puts into each part.

        Parameters
        ----------
        test, validation, by, gap, random_state
            As in `split`.

        Returns
        -------
        Positions
            The positions `train`, `validation` and `test`.

        Raises
        ------
        ConfigurationError, EmptyPartError, InputError
            As in `split`.
        """
        parts = self._parts(SplitPlan(test, validation, by, gap), random_state)
        return Positions(*(np.flatnonzero(parts == part) for part in range(3)))

    def folds(self, n: int = 5, *, gap: int = 0) -> list[tuple[Windows, Windows]]:
        """Split by time again and again, to train on what came first and to judge on what follows.

        The rows are cut into n + 1 stretches. Each but the first is judged once, by what was learned from all before it
        (evaluation with a rolling origin: Tashman, International Journal of Forecasting 16, 2000). Nothing leaks, as in
        `split`.

        Parameters
        ----------
        n : int
            How many folds.
        gap : int
            How many rows after a cut are the target of no window.

        Returns
        -------
        list of (Windows, Windows)
            Of each fold, the earliest first, what to train on and what to judge on.

        Raises
        ------
        ConfigurationError
            If the number of folds is no whole number of at least 1, or the gap none of at least 0.
        EmptyPartError
            If a part would get no window.
        InputError
            If these windows have no targets.
        """
        positions = self.fold_positions(n, gap=gap)
        apart = replace(self, split_by="time")
        return [(apart.take(train), apart.take(test)) for train, test in positions]

    def fold_positions(self, n: int = 5, *, gap: int = 0) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Find the positions of the windows that `folds` puts into each part: what scikit-learn's tools take as `cv`.

        Parameters
        ----------
        n, gap
            As in `folds`.

        Returns
        -------
        list of (ndarray, ndarray)
            Of each fold, what to train on and what to judge on, each an ascending int64 array.

        Raises
        ------
        ConfigurationError, EmptyPartError, InputError
            As in `folds`.
        """
        cut = [self._parts(plan, None) for plan in plans_of_folds(n, gap)]
        return [(np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == VALIDATION)) for parts in cut]

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NoReturn:
        """Refuse to be taken for an array, as scikit-learn's tools do: their own folds would cut through windows."""
        raise InputTypeError(
            "The windows", "an array", "windows of a table, which share rows with their neighbours",
            "Fit and predict with the windows themselves, and judge with windows.folds(). For tools of scikit-learn "
            "give windows.sequences.dense() and windows.y, with cv=windows.fold_positions().",
        )  # fmt: skip

    def _parts(self, plan: SplitPlan, random_state: RandomSource) -> NDArray[np.uint8]:
        if not self.has_targets:
            raise InputError(
                "The windows to split", "windows with targets", "windows to predict from", "Use make_windows."
            )
        ahead = [self.schema.length - 1 + horizon for horizon in self.schema.horizons]
        return assign_parts(self.timeline, self.sequences, ahead, plan, generator_of(random_state, "Windows.split"))

    def _chunks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        for first in range(0, len(self), CHUNK_ROWS):
            part = slice(first, min(first + CHUNK_ROWS, len(self)))
            yield part, self.sequences.starts[part]
