"""A number that stands for a missing value, such as -999, told by standing apart from all others again and again.

Loggers and older files write one where they know nothing. A mean and a standard deviation are then about the code, and
a network predicts little else than how often it comes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST_OTHERS = 10
"""Distinct values beside it, at the least: of fewer, it may be a level like the others."""

_FEWEST_COPIES = 2
"""How often it stands there, at the least: once, it may be a mistyped number."""

_MOST = 0.5
"""Share of the values that it may be: of more, it is what is usual, and the others are events."""

_APART = 0.5
"""How far it lies from the nearest of the others, as a share of what these range over."""

_STEPS = 3.0
"""How far below them it lies where all others are positive, at the least, in usual steps from one of them to the next:
of 0, 1, 2, -1 is the next."""

_NINES = re.compile(r"-?99+(\.9+)?")
"""How codes are written: -99, 999, -9999, -999.9."""


class Code(NamedTuple):
    """A number that looks as if it stood for a missing value.

    Parameters
    ----------
    value : float
        The number.
    copies : int
        How often it stands there.
    """

    value: float
    copies: int


def missing_code(column: NDArray[np.floating]) -> Code | None:
    """Find a number that looks as if it stood for a missing value.

    It is the least or the largest, and stands there more than once. It is made of nines, and apart from all others by
    half of what these range over; or it is the only negative number, a whole one, and no next step down.

    Parameters
    ----------
    column : ndarray of shape (n,), float64 or float32
        Values; NaN where one is missing.

    Returns
    -------
    Code or None
        None where no value looks so.
    """
    if column.size == 0:
        return None
    ends = np.fmin.reduce(column), np.fmax.reduce(column)  # no copy of what may be larger than memory
    return next(filter(None, (_code(column, end) for end in ends if _may_be_code(end))), None)


def _may_be_code(value: np.floating) -> bool:
    """Whether a number is made of nines, or a negative whole one."""
    number = float(value)
    return _NINES.fullmatch(f"{number:g}") is not None or (number < 0 and number.is_integer())


def _code(column: NDArray[np.floating], value: np.floating) -> Code | None:
    """Take an end of a column for a code, if it stands there more than once, and apart."""
    is_it = column == value
    copies = int(np.count_nonzero(is_it))
    known = int(np.count_nonzero(~np.isnan(column)))
    if not _FEWEST_COPIES <= copies <= _MOST * known:
        return None
    others = np.unique(column[~is_it & ~np.isnan(column)])
    if len(others) < _FEWEST_OTHERS:
        return None
    low, high = float(others[0]), float(others[-1])
    gap = max(low - value, value - high)
    is_far = bool(_NINES.fullmatch(f"{value:g}") and gap >= _APART * (high - low))
    is_alone = bool(value < 0 <= low and gap >= max(1.0, _STEPS * float(np.median(np.diff(others)))))
    return Code(float(value), copies) if is_far or is_alone else None
