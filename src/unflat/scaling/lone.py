"""Targets that alone outweigh all others together, and how far they are drawn in.

The mean of squared errors is then about a single sequence, and so are mean and standard deviation: a mistyped target,
1e6 among hundreds near 1, makes all others one and the same number. The farther out it is, the less it counts, as in
estimators that redescend (Hampel, The influence curve and its role in robust estimation, Journal of the American
Statistical Association 69, 1974, section 5): nothing changes where it is as heavy as the others, and of a gross mistake
no more is left than the largest of them, as in a winsorized mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FEWEST = 20
"""Of fewer targets, nobody can say what is usual."""

_MOST = 0.01
"""Share of all targets that may be drawn in, one at least: values that double from each to the next all outweigh the
smaller ones, and are no mistakes."""


class Lone(NamedTuple):
    """A target that outweighs all others together.

    Parameters
    ----------
    place, output : int
        Where it stands.
    value : float
        What it is.
    drawn_to : float
        What it counts as.
    """

    place: int
    output: int
    value: float
    drawn_to: float

    def __str__(self) -> str:
        return f"that of sequence {self.place} is {self.value:g}, and counts as {self.drawn_to:g}"


def lone_targets(y: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> list[Lone]:
    """Find the targets whose squared distance from the median is above the sum of all others'.

    Parameters
    ----------
    y : ndarray of shape (n, n_outputs), float64
        Targets.
    weights : ndarray of shape (n,), float64, or None
        What each counts.

    Returns
    -------
    list of Lone
        Output after output, the largest first: one of each at the most, or one in a hundred.
    """
    if len(y) < _FEWEST:
        return []
    return [lone for output, column in enumerate(y.T) for lone in _of_one(column, weights, output)]


def drawn_in(y: NDArray[np.float64], lone: Sequence[Lone]) -> NDArray[np.float64]:
    """Give targets with those that outweigh all others drawn in; y itself stays as it is."""
    drawn = y.copy()
    for target in lone:
        drawn[target.place, target.output] = target.drawn_to
    return drawn


def _of_one(column: NDArray[np.float64], weights: NDArray[np.float64] | None, output: int) -> list[Lone]:
    middle = np.median(column)
    counts = np.ones(len(column)) if weights is None else weights
    with np.errstate(over="ignore", invalid="ignore"):  # squares beyond all numbers outweigh what is not
        apart = np.abs(column - middle)
        squares = np.square(apart) * counts
        order = np.argsort(-squares, kind="stable")
        left = np.cumsum(squares[order][::-1])[::-1]  # by each and all that are smaller
    most, count = max(1, int(_MOST * len(column))), 0
    while count < most and squares[order[count]] > left[count + 1] > 0:
        count += 1
    lone = []
    for place in order[:count]:
        reach = max(left[count] / (counts[place] * apart[place]), apart[order[count]])
        drawn_to = middle + np.copysign(reach, column[place] - middle)
        lone.append(Lone(int(place), output, float(column[place]), float(drawn_to)))
    return lone
