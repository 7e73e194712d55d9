"""Limits of a target, at which its values pile up or which a user gives; and ends that predictions are held between.

A cap, a floor, the range of a sensor: where many targets are exactly the largest or the smallest, none lies beyond,
and a prediction that does is wrong by so much at least (Tobin, Estimation of relationships for limited dependent
variables, Econometrica 26, 1958).

Where nothing is known of a limit, a prediction beyond all targets that were learned from is still a bold one: a line
goes there wherever an input does. Sequences that were held out tell whether such predictions were right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.config import OWNER
from unflat.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.config import TargetRange

_PILE = 0.05
"""Share of all targets at one end of the range that is no coincidence."""

_DIGITS = 7
"""Decimal digits of float32."""

_STEEP = 3.0
"""How many times as frequent as any value between the ends it must be: the values of a scale of few steps, or small
counts, which may go on beyond the largest seen, are about as frequent as their neighbours."""


class Limits(NamedTuple):
    """What no target lies beyond, infinite where nothing is known.

    Parameters
    ----------
    lowest, highest : float
        In the target's units.
    """

    lowest: float = -math.inf
    highest: float = math.inf

    def lies_beyond(self, y: NDArray[np.float64]) -> bool:
        """Whether one of some targets lies beyond either end."""
        return bool(y.min() < self.lowest or y.max() > self.highest)

    def as_read(self) -> Limits:
        """Round ends that went through float32 to the digits it has, of both by the larger one: 0, not 2e-6."""
        largest = max((abs(end) for end in self if math.isfinite(end)), default=0.0)
        if largest == 0:
            return self
        digits = _DIGITS - 1 - math.floor(math.log10(largest))
        return Limits(*(round(end, digits) + 0.0 if math.isfinite(end) else end for end in self))

    def __str__(self) -> str:
        ends = ((self.lowest, f"at least {self.lowest:g}"), (self.highest, f"at most {self.highest:g}"))
        return " and ".join(words for end, words in ends if math.isfinite(end))


def limits_of(
    y: NDArray[np.float64], chosen: TargetRange, names: Sequence[str], held_out: NDArray[np.float64] | None = None
) -> list[Limits]:
    """Find the limits of each output.

    Parameters
    ----------
    y : ndarray of shape (n, n_outputs), float64
        Training targets.
    chosen : "auto", tuple of (float or None, float or None), or None
        To find them by the piles at either end; the limits of all outputs, None for an open end; or none.
    names : sequence of str
        What to call the outputs in messages.
    held_out : ndarray of shape (m, n_outputs), float64, or None
        Other targets, which may lie beyond a pile and show that it is none.

    Returns
    -------
    list of Limits
        Of each output.

    Raises
    ------
    ConfigurationError
        If a training target lies beyond limits that were given.
    """
    if chosen is None:
        return [Limits()] * y.shape[1]
    if chosen == "auto":
        all_known = y if held_out is None else np.concatenate([y, held_out])
        return [_by_piles(of_one, known) for of_one, known in zip(y.T, all_known.T, strict=True)]
    refuse_beyond(y, chosen, names, "training targets")
    return [_given(chosen)] * y.shape[1]


def refuse_beyond(y: NDArray[np.float64], chosen: TargetRange, names: Sequence[str], what: str = "targets") -> None:
    """Raise `ConfigurationError` if targets lie beyond limits that a user gave.

    Parameters
    ----------
    y : ndarray of shape (n, n_outputs), float64
        Targets.
    chosen : "auto", tuple of (float or None, float or None), or None
        As of `limits_of`; only a tuple is a user's.
    names : sequence of str
        What to call the outputs in messages.
    what : str
        Which targets these are.
    """
    given = _given(chosen)
    for name, of_one in zip(names, y.T, strict=True):
        if given.lies_beyond(of_one):
            words = f"limits around all {what} {name}, which go from {of_one.min():g} to {of_one.max():g}"
            raise ConfigurationError(OWNER, "target_range", words, chosen)


def opened(limits: Sequence[Limits], y: NDArray[np.float64], chosen: TargetRange) -> list[Limits]:
    """Open the ends that later targets lie beyond: a pile with targets beyond it is no limit, as in `limits_of`.

    Parameters
    ----------
    limits : sequence of Limits
        Of each output.
    y : ndarray of shape (n, n_outputs), float64
        Targets that nothing was known of when the limits were found; they lie between those that a user gave.
    chosen : "auto", tuple of (float or None, float or None), or None
        As of `limits_of`: an end is opened as far as a user allows.

    Returns
    -------
    list of Limits
        Of each output.
    """
    widest = _given(chosen)
    return [
        Limits(
            widest.lowest if of_one.min() < known.lowest else known.lowest,
            widest.highest if of_one.max() > known.highest else known.highest,
        )
        for known, of_one in zip(limits, y.T, strict=True)
    ]


def _given(chosen: TargetRange) -> Limits:
    low, high = chosen if isinstance(chosen, tuple | list) else (None, None)
    return Limits(-math.inf if low is None else low, math.inf if high is None else high)


def _by_piles(y: NDArray[np.float64], known: NDArray[np.float64]) -> Limits:
    values, counts = np.unique(y, return_counts=True)
    most_between = counts[1:-1].max(initial=0)
    needed = max(_PILE * len(y), _STEEP * most_between)
    low, high = (values[end] if counts[end] >= needed and len(values) > _ENDS else None for end in (0, -1))
    return Limits(
        -math.inf if low is None or known.min() < low else float(low),
        math.inf if high is None or known.max() > high else float(high),
    )


_ENDS = 2
"""Values that a target of two has: both are ends, and nothing tells whether it has others."""


class Trial(NamedTuple):
    """What was learned from, and how that predicted what was not.

    Parameters
    ----------
    learned : ndarray of shape (n, outputs)
        Targets that were learned from.
    predicted, true : ndarray of shape (m, outputs)
        Predictions of others, and what these are.
    weights : ndarray of shape (m,) or None
        What each of these counts.
    """

    learned: NDArray[np.float64]
    predicted: NDArray[np.float64]
    true: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None


def ends_of(parts: Sequence[Trial]) -> list[Limits]:
    """Find what predictions are better held between: the range of all targets, where those beyond were no better.

    Parameters
    ----------
    parts : sequence of Trial
        On one scale; each part was tried on targets that it had not learned from.

    Returns
    -------
    list of Limits
        Of each output the range of all targets, or none if squared errors of the predictions that went beyond what
        their part had learned from are smaller than they would be at the end of it. Where no prediction went beyond,
        nothing speaks for those that will.
    """
    known = np.concatenate([targets for part in parts for targets in (part.learned, part.true)])
    as_it_is, at_the_end = (sum(errors) for errors in zip(*map(_errors_beyond, parts), strict=True))
    better = as_it_is < at_the_end
    ends = zip(known.min(axis=0), known.max(axis=0), strict=True)
    return [Limits() if free else Limits(low, high) for free, (low, high) in zip(better, ends, strict=True)]


def _errors_beyond(part: Trial) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum the squared errors of predictions beyond what was learned from, as they are and held at the end of it."""
    held = np.clip(part.predicted, part.learned.min(axis=0), part.learned.max(axis=0))
    beyond = (held != part.predicted) * (np.ones(1) if part.weights is None else part.weights)[:, None]
    as_it_is, at_the_end = (np.square(part.true - tried) for tried in (part.predicted, held))
    return (as_it_is * beyond).sum(axis=0), (at_the_end * beyond).sum(axis=0)
