"""Values that alone outweigh all others of their column together, and how far they are drawn in.

Mean, standard deviation and squared errors are then about a single number: a mistyped target, 1e6 among hundreds near
1, makes all others one and the same. The farther out it is, the less it counts, as in estimators that redescend
(Hampel, The influence curve and its role in robust estimation, Journal of the American Statistical Association 69,
1974, section 5): nothing changes where it is as heavy as the others, and of a gross mistake no more is left than the
largest of them on its side, as in a winsorized mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.sequences.columnar import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FEWEST = 20
"""Of fewer values, nobody can say what is usual."""

_MOST = 0.01
"""Share of all values that may be drawn in, one at least: values that double from each to the next all outweigh the
smaller ones, and are no mistakes."""

_MAY_OUTWEIGH = 0.4
"""Share of all squared distances from the mean below which nothing has half of those from the median: a first look
that sorts nothing."""


class Lone(NamedTuple):
    """A value that outweighs all others together.

    Parameters
    ----------
    places : ndarray of shape (copies,), int64
        Where it stands in its column.
    value : float
        What it is.
    drawn_to : float
        What it counts as.
    """

    places: NDArray[np.int64]
    value: float
    drawn_to: float


def lone_values(
    column: NDArray[np.floating], weights: NDArray[np.float64] | None = None, *, copies: int = 1
) -> list[Lone]:
    """Find the values whose squared distance from the median is above the sum of all others'.

    Parameters
    ----------
    column : ndarray of shape (n,), float64 or float32
        Values; NaN where one is missing.
    weights : ndarray of shape (n,), float64, or None
        What each counts: as if it stood there so many times.
    copies : int
        How often one value may stand there and be one all the same, as in windows that overlap.

    Returns
    -------
    list of Lone
        The largest first: one at the most, or one in a hundred. None has others beyond it: a heavy weight makes no
        mistake of a usual value.
    """
    if not _may_outweigh(column, weights, copies):
        return []
    known = np.flatnonzero(~np.isnan(column))
    values = column[known].astype(np.float64)
    counts = np.ones(len(values)) if weights is None else weights[known]
    lone: list[Lone] = []
    left = np.ones(len(values), dtype=bool)
    found: list[NDArray[np.int64]] = []
    with np.errstate(over="ignore", invalid="ignore"):  # squares beyond all numbers outweigh what is not
        middle = np.median(values) if weights is None else _median(values, counts)
        apart, side = np.abs(values - middle), np.sign(values - middle)
        squares = np.square(apart) * counts
        while len(found) < max(1, int(_MOST * len(values) / copies)):
            same = np.flatnonzero(left & (values == values[np.argmax(np.where(left, squares, -1.0))]))
            others = left.copy()
            others[same] = False
            as_far = apart[others & (counts > 0) & (side == side[same[0]])].max(initial=0.0)
            outweighs = squares[same].sum() > squares[others].sum() > 0
            if len(same) > copies or not outweighs or apart[same[0]] < as_far:
                break
            found.append(same)
            left = others
        for same in found:
            one = same[0]
            as_far = apart[left & (counts > 0) & (side == side[one])].max(initial=0.0)
            reach = max(squares[left].sum() / (counts[same].sum() * apart[one]), as_far)
            lone.append(Lone(known[same], float(values[one]), float(middle + side[one] * reach)))
    return lone


def drawn_in(column: NDArray[np.floating], lone: Sequence[Lone]) -> NDArray[np.floating]:
    """Give a column with the values drawn in that outweigh all others; the column itself stays as it is."""
    drawn = column.copy()
    for value in lone:
        drawn[value.places] = value.drawn_to
    return drawn


def _median(values: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """Find the median of values that stand there so many times each."""
    order = np.argsort(values)
    reached = np.cumsum(counts[order])
    ends = (np.searchsorted(reached, reached[-1] / 2, side=side) for side in ("left", "right"))
    return float(np.mean([values[order[min(end, len(order) - 1)]] for end in ends]))


def _may_outweigh(column: NDArray[np.floating], weights: NDArray[np.float64] | None, copies: int) -> bool:
    """Look piece by piece, since a column may be far larger than what is left of memory."""
    pieces = [slice(first, first + CHUNK_ROWS) for first in range(0, len(column), CHUNK_ROWS)]
    count = sum(np.count_nonzero(~np.isnan(column[piece])) for piece in pieces)
    if count < _FEWEST:
        return False
    largest = total = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(float(np.nansum(column[piece], dtype=np.float64)) for piece in pieces) / count
        for piece in pieces:
            squares = np.square(column[piece].astype(np.float64) - mean)
            squares = squares if weights is None else squares * weights[piece]
            largest = max(largest, float(np.fmax.reduce(squares)))
            total += float(np.nansum(squares))
        return not copies * largest < _MAY_OUTWEIGH * total
