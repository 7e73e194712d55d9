"""Positions drawn from a long range, where looking at all of them would cost more than it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = (5**0.5 - 1) / 2
"""The golden ratio's fractional part, of all numbers the hardest to come near by a fraction: a period would be one."""


def evenly(n: int, most: int) -> NDArray[np.int64]:
    """Draw positions spread evenly over a range, without a period that could meet a season of the data.

    Each of `most` equal parts of the range gives one position, at the fractional part of a multiple of the
    golden ratio in it (an additive recurrence, of low discrepancy).

    Parameters
    ----------
    n : int
        Length of the range.
    most : int
        How many positions to draw, at the most.

    Returns
    -------
    ndarray of shape (min(n, most),) or a few less, int64
        The positions, ascending and distinct.
    """
    if n <= most:
        return np.arange(n)
    part = np.arange(most)
    inside = (part + part * _GOLDEN % 1.0) * (n / most)
    return np.unique(np.minimum(inside.astype(np.int64), n - 1))
