"""Weighted sums of what is read and of targets: all that a linear fit asks of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.sequences.folds import Fold

_CHUNK = 4096
"""Sequences summed together: no copy of all of them is made in double precision."""


def counts_of(weights: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    """Say how often each of n sequences counts: once on average, or as its weight says."""
    return np.ones(n) if weights is None else weights * (len(weights) / weights.sum())


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums from which a ridge regression is solved, and which add up and can be taken away again.

    Parameters
    ----------
    squares : ndarray of shape (p + 1, p + 1)
        Products of what is read, a one at its end.
    products : ndarray of shape (p + 1, outputs)
        Products with the targets.
    """

    squares: NDArray[np.float64]
    products: NDArray[np.float64]

    @classmethod
    def of(cls, summaries: NDArray[np.float32], targets: NDArray[np.float64], counts: NDArray[np.float64]) -> Sums:
        """Sum over sequences: what is read of each (n, p), its targets (n, outputs), and how often it counts (n,)."""
        width = summaries.shape[1] + 1
        squares, products = np.zeros((width, width)), np.zeros((width, targets.shape[1]))
        for first in range(0, len(summaries), _CHUNK):
            part = slice(first, first + _CHUNK)
            read = np.append(summaries[part].astype(np.float64), np.ones((len(counts[part]), 1)), axis=1)
            weighted = read * counts[part, None]
            squares += read.T @ weighted
            products += weighted.T @ targets[part]
        return cls(squares, products)

    def less(self, other: Sums) -> Sums:
        """Take the sequences of another away."""
        return Sums(self.squares - other.squares, self.products - other.products)

    def only(self, columns: NDArray[np.int64]) -> Sums:
        """Keep some of what is read."""
        kept = np.append(columns, len(self.squares) - 1)
        return Sums(self.squares[np.ix_(kept, kept)], self.products[kept])

    def of_outputs(self, outputs: slice) -> Sums:
        """Keep some of the outputs."""
        return Sums(self.squares, self.products[:, outputs])

    def without(
        self,
        fold: Fold,
        summaries: NDArray[np.float32],
        targets: NDArray[np.float64],
        counts: NDArray[np.float64],
    ) -> Sums:
        """Sum over what a fold may learn from, by taking away what it may not: the smaller part."""
        left_out = np.setdiff1d(np.arange(len(targets)), fold.training)
        return self.less(Sums.of(summaries[left_out], targets[left_out], counts[left_out]))

    @property
    def centered(self) -> Centered:
        """The same sums of deviations from the means."""
        count = self.squares[-1, -1]
        center, level = self.squares[-1, :-1] / count, self.products[-1] / count
        return Centered(
            self.squares[:-1, :-1] - count * np.outer(center, center),
            self.products[:-1] - count * np.outer(center, level),
            center,
            level,
        )

    def solve(self, penalties: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Solve for each penalty: coefficients (p, outputs, penalties) and intercepts (outputs, penalties)."""
        squares, products, center, level = self.centered
        values, vectors = np.linalg.eigh(squares)
        turned = vectors.T @ products
        shrunk = turned[:, :, None] / (np.maximum(values, 0.0)[:, None, None] + penalties)
        coefficients = np.tensordot(vectors, shrunk, axes=1)
        return coefficients, level[:, None] - np.tensordot(center, coefficients, axes=1)


class Centered(NamedTuple):
    """Weighted sums of deviations from the means, and the means.

    Parameters
    ----------
    squares : ndarray of shape (p, p)
        Products of what is read.
    products : ndarray of shape (p, outputs)
        Products with the targets.
    center : ndarray of shape (p,)
        The mean of what is read.
    level : ndarray of shape (outputs,)
        The mean of the targets.
    """

    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    center: NDArray[np.float64]
    level: NDArray[np.float64]
