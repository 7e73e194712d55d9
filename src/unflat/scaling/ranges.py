"""The range of each feature in training, and inputs that lie far outside of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from unflat.sequences.columnar import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.sequences import Sequences

Beyond = Literal["straight", "on a line", "held", "no further"]
"""What predictions do outside of the range that training saw: go on as they were, which is straight; go on along their
linear part alone, whatever curve they had; keep within the range of the targets; or saturate."""

_FAR, _FAR_STRAIGHT = 0.3, 1.0
"""How far outside is far, as a share of the range that training saw: of a model that learned a curve, which it does not
follow there, and of one that is a straight line.

A series that drifts, or noise of which more is drawn, leaves the range a little all the time: normal noise has a range
of about seven deviations in two thousand rows, and does not go three tenths of that beyond.
"""

_FAR_FOR_ONE, _RARE = 0.5, 0.01
"""How far outside a rare sequence is to be, and what share of them is rare: of few rows noise has so small a range that
one in a thousand goes a third beyond, while a shift takes many along."""


def beyond_of(*, holds: bool, skip: bool, straight: bool) -> Beyond:
    """Say what predictions do outside of the range that training saw.

    Parameters
    ----------
    holds : bool
        Whether they are held within the range of the targets.
    skip : bool
        Whether the model has a linear part.
    straight : bool
        Whether it is a straight line.

    Returns
    -------
    {"straight", "on a line", "held", "no further"}
        What they do.
    """
    if holds:
        return "held"
    return "straight" if straight else "on a line" if skip else "no further"


def far(beyond: Beyond) -> float:
    """Say how far outside is far, as a share of the range that training saw."""
    return _FAR_STRAIGHT if beyond == "straight" else _FAR


_ROUNDING = 1e-6
"""A constant feature has no range: this share of its size is rounding."""


class Outside(NamedTuple):
    """A feature with values far outside of its range.

    Parameters
    ----------
    feature : str
        Its name, or its number.
    value : float
        The farthest value.
    low, high : float
        The range in training.
    times : float
        How far from it, in ranges; infinite for a feature that was constant.
    """

    feature: str
    value: float
    low: float
    high: float
    times: float


class Findings(NamedTuple):
    """What lies far outside.

    Parameters
    ----------
    sequences : int
        How many hold such a value.
    features : tuple of Outside
        The features concerned, the farthest first.
    """

    sequences: int
    features: tuple[Outside, ...]

    def may_be_noise(self, n: int) -> bool:
        """Whether so few of n sequences lie so little outside that more of the same noise would."""
        return self.sequences < _RARE * n and self.features[0].times <= _FAR_FOR_ONE


class _Found(NamedTuple):
    held: NDArray[np.bool_]  # by which sequences
    features: list[Outside]


def _farthest_first(found: list[Outside]) -> tuple[Outside, ...]:
    return tuple(sorted(found, key=lambda one: -one.times))


@dataclass(frozen=True, eq=False)
class InputRange:
    """The least and the largest value of each feature in training.

    Parameters
    ----------
    low, high : ndarray of shape (F,), float64
        Nan for categories, whose codes have no order, and for what training never saw.
    context : InputRange or None
        The same of what stands beside sequences; None where nothing does.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    context: InputRange | None = None

    def __repr__(self) -> str:
        return f"<InputRange of {len(self.low)} features>"

    @classmethod
    def of(cls, sequences: Sequences) -> InputRange:
        """Find the ranges in the rows that sequences cover."""
        covered = sequences.covered()
        low, high = (np.full(sequences.n_features, sign * np.inf) for sign in (1, -1))
        for first in range(0, len(sequences.rows), CHUNK_ROWS):
            part = slice(first, first + CHUNK_ROWS)
            rows = sequences.rows[part][covered[part]]
            if len(rows):  # fmin and fmax pass over nan
                low, high = np.fmin(low, np.fmin.reduce(rows)), np.fmax(high, np.fmax.reduce(rows))
        beside = map(sequences.context_column, range(len(sequences.context_names)))
        ends = np.array([(np.fmin.reduce(column), np.fmax.reduce(column)) for column in beside])
        context = None
        if len(ends):
            context = cls._ordered(ends[:, 0], ends[:, 1], sequences.context_categorical)
        return replace(cls._ordered(low, high, sequences.categorical), context=context)

    @classmethod
    def _ordered(cls, low: NDArray[np.float64], high: NDArray[np.float64], categorical: tuple[int, ...]) -> InputRange:
        unordered = np.isin(np.arange(len(low)), categorical) | ~np.isfinite(low)
        return cls(np.where(unordered, np.nan, low), np.where(unordered, np.nan, high))

    @cached_property
    def _margins(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.high - self.low, _ROUNDING * np.maximum(np.abs(self.low), np.abs(self.high))

    def bounds(self, far: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give where far outside begins, below and above, for each feature; nan where it has no range."""
        width, rounding = self._margins
        return self.low - far * width - rounding, self.high + far * width + rounding

    def outside(self, sequences: Sequences, far: float) -> Findings | None:
        """Find values far outside; None where there are none, which takes two comparisons of each value.

        Parameters
        ----------
        sequences : Sequences
            What is to be predicted for.
        far : float
            How far is far, in ranges.

        Returns
        -------
        Findings or None
            What was found.
        """
        of_rows, of_context = self._in_rows(sequences, far), self._in_context(sequences, far)
        if of_rows is None or of_context is None:
            found = of_rows or of_context
            return None if found is None else Findings(int(found.held.sum()), _farthest_first(found.features))
        held = of_rows.held | of_context.held
        return Findings(int(held.sum()), _farthest_first(of_rows.features + of_context.features))

    def _in_rows(self, sequences: Sequences, far: float) -> _Found | None:
        low, high = self.bounds(far)
        rows = sequences.rows
        chunks = (rows[first : first + CHUNK_ROWS] for first in range(0, len(rows), CHUNK_ROWS))
        if not any((chunk < low).any() or (chunk > high).any() for chunk in chunks):  # nan is neither
            return None
        covered = sequences.covered()
        counts = np.zeros(len(rows) + 1, dtype=np.int64)
        ends: dict[int, list[Any]] = {}  # of each column, the ends of what lies beyond
        for first in range(0, len(rows), CHUNK_ROWS):
            part = slice(first, first + CHUNK_ROWS)
            chunk = rows[part]
            beyond = ((chunk < low) | (chunk > high)) & covered[part, None]
            counts[first + 1 : first + 1 + len(chunk)] = beyond.any(axis=1)
            for column in np.flatnonzero(beyond.any(axis=0)).tolist():
                values = chunk[beyond[:, column], column]
                ends.setdefault(column, []).extend([values.min(), values.max()])
        if not ends:
            return None
        np.cumsum(counts, out=counts)
        held = counts[sequences.starts + sequences.lengths] > counts[sequences.starts]
        found = [self._farthest(sequences.feature(column), column, np.array(ends[column])) for column in sorted(ends)]
        return _Found(held, found)

    def _in_context(self, sequences: Sequences, far: float) -> _Found | None:
        if self.context is None:
            return None
        low, high = self.context.bounds(far)
        held, found = np.zeros(len(sequences), dtype=bool), []
        for column, name in enumerate(sequences.context_names):
            values = sequences.context_column(column)
            beyond = (values < low[column]) | (values > high[column])
            if beyond.any():
                held |= beyond
                found.append(self.context._farthest(repr(name), column, values[beyond]))  # noqa: SLF001 - of its own class
        return _Found(held, found) if found else None

    def _farthest(self, name: str, column: int, values: NDArray[Any]) -> Outside:
        low, high = float(self.low[column]), float(self.high[column])
        distances = np.maximum(low - values, values - high)
        value, distance = float(values[distances.argmax()]), float(distances.max())
        times = distance / (high - low) if high > low else np.inf
        return Outside(name, value, low, high, times)

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give the numbers, for a file."""
        beside = {} if self.context is None else self.context.to_arrays()
        return {"low": self.low, "high": self.high} | {f"context.{name}": array for name, array in beside.items()}

    @classmethod
    def from_saved(cls, arrays: Mapping[str, NDArray[Any]]) -> InputRange:
        """Read what `to_arrays` gave."""
        context = cls(arrays["context.low"], arrays["context.high"]) if "context.low" in arrays else None
        return cls(arrays["low"], arrays["high"], context)


def in_words(findings: Findings, n: int, beyond: Beyond) -> str:
    """Tell what lies outside, how far, and what the model does there.

    Parameters
    ----------
    findings : Findings
        What was found.
    n : int
        Of how many sequences.
    beyond : {"straight", "on a line", "held", "no further"}
        What predictions do there.

    Returns
    -------
    str
        A few sentences.
    """
    shown = "; ".join(map(_one_in_words, findings.features[:3]))
    more = f"; and {len(findings.features) - 3} more features" if len(findings.features) > 3 else ""  # noqa: PLR2004 - shown
    return (
        f"{findings.sequences:,} of {n:,} sequences ({100 * findings.sequences / n:.3g} %) hold values far outside of "
        f"the range that training saw: {shown}{more}. {_THERE[beyond]}"
    )


_THERE: dict[Beyond, str] = {
    "straight": "Predictions go on along a straight line there: check that the trend does.",
    "on a line": "The recurrence saturates there, and predictions go on along the model's linear part alone: a "
    "straight trend is followed, a curve is not.",
    "held": "Predictions are held within the range of the training targets, since no held-out sequence vouched for "
    "what lies beyond: a trend is not followed there (target_range=None lets go).",
    "no further": "The recurrence saturates there, and this model has no linear part (skip=False) to go on along: its "
    "predictions stay within what it learned.",
}


def _one_in_words(one: Outside) -> str:
    how_far = "a constant" if np.isinf(one.times) else f"{one.times:.3g} times that range away"
    return f"feature {one.feature} is {one.value:.6g}, training saw {one.low:.6g} to {one.high:.6g} ({how_far})"
