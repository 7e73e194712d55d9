"""A line that picks, of all that could be read, the little that tells: componentwise boosting.

A ridge regression spreads its weights over all that it reads, so that it can read but little. Of few sequences with
many features, or where a product of two features counts, it finds next to nothing. Boosting moves one weight at a
time, that which takes most off the squared error, by a tenth of what would be best for it alone, and is stopped early
(Friedman, Greedy function approximation, Annals of Statistics 29, 2001; Bühlmann & Yu, Boosting with the L2 loss,
JASA 98, 2003). So it can look at more numbers than there are sequences, and leaves most of them alone (Bühlmann,
Boosting for high-dimensional linear models, Annals of Statistics 34, 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.network.lines.line import MOST_CURVED
from unflat.network.lines.sums import Sums, counts_of
from unflat.network.terms import Terms, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.sequences.folds import Fold

MOST_PICKED_FROM = 2048
"""Numbers of a sequence that are looked at, at most."""

RATE = 0.1
"""Share of the best move of one weight that is made (Friedman 2001, section 5: a tenth or less)."""

MOVES = (0, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""After how many moves it is looked at what is held out."""

_CONSTANT = 1e-10
"""Share of a number's mean square below which its variance is rounding."""


def to_pick_from(features: int, steps: int) -> Terms:
    """Say what is looked at: beside the last and the mean step all kinds of terms that fit, but no lags.

    Parameters
    ----------
    features : int
        Features of a step.
    steps : int
        Steps of a usual sequence.

    Returns
    -------
    Terms
        Mean products, and products of as many latest steps as there are and as fit; extremes and the first step where
        there are more than two steps.
    """
    several = steps > len(("last", "other"))
    products = max((count for count in range(1, steps + 1) if pairs(count * features) <= MOST_CURVED), default=0)
    terms = Terms(0, moments=True, products=products, extremes=several, first=several)
    return terms if terms.width(features) <= MOST_PICKED_FROM else terms._replace(moments=False)


def boosted(sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move one weight at a time, and look at the line after each of `MOVES`.

    Parameters
    ----------
    sums : Sums
        Of p numbers that are read, and of targets.

    Returns
    -------
    coefficients : ndarray of shape (looks, outputs, p)
        Weights of what is read.
    intercepts : ndarray of shape (looks, outputs)
        That keep the mean of the targets.
    """
    squares, left, center, level = sums.centered
    own = np.diagonal(squares)
    varies = own > _CONSTANT * np.diagonal(sums.squares)[:-1]
    scales = np.where(varies, 1 / np.sqrt(np.where(varies, own, 1.0)), 0.0)  # what does not vary is never picked
    left, alike = left * scales[:, None], squares * np.outer(scales, scales)
    weights, outputs, looks = np.zeros_like(left), np.arange(left.shape[1]), []
    for move in range(MOVES[-1] + 1):
        if move in MOVES:
            looks.append((weights * scales[:, None]).T)
        picked = np.abs(left).argmax(axis=0)
        change = RATE * left[picked, outputs]
        weights[picked, outputs] += change
        left -= change * alike[:, picked]
    coefficients = np.stack(looks)
    return coefficients, level - coefficients @ center


def moves_worth_making(
    summaries: NDArray[np.float32],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    folds: Sequence[Fold],
) -> NDArray[np.int64]:
    """Choose by cross-validation when to stop.

    Parameters
    ----------
    summaries : ndarray of shape (n, width), float32
        All that could be read of each sequence.
    targets : ndarray of shape (n, outputs), float64
        Scaled targets.
    weights : ndarray of shape (n,) or None
        Weight of each sequence.
    folds : sequence of Fold
        What to learn from and what to judge on.

    Returns
    -------
    ndarray of shape (outputs,), int64
        Which of `MOVES` leaves the least squared error, output by output.
    """
    counts = counts_of(weights, len(targets))
    whole = Sums.of(summaries, targets, counts)
    errors = np.zeros((len(MOVES), targets.shape[1]))
    for fold in folds:
        inside = fold.held_out
        coefficients, intercepts = boosted(whole.without(fold, summaries, targets, counts))
        predicted = summaries[inside].astype(np.float64) @ coefficients.swapaxes(1, 2) + intercepts[:, None]
        errors += (counts[inside, None] * np.square(targets[inside] - predicted)).sum(axis=1)
    best: NDArray[np.int64] = errors.argmin(axis=0)
    return best


def stopped(
    summaries: NDArray[np.float32],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    moves: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit to sequences, and stop each output where it was chosen.

    Parameters
    ----------
    summaries, targets, weights
        As for `moves_worth_making`.
    moves : ndarray of shape (outputs,), int64
        What it gave.

    Returns
    -------
    weight : ndarray of shape (outputs, width)
        Of what is read; zero of what was not picked.
    bias : ndarray of shape (outputs,)
        The prediction where all of it is zero.
    """
    coefficients, intercepts = boosted(Sums.of(summaries, targets, counts_of(weights, len(targets))))
    outputs = np.arange(len(moves))
    return coefficients[moves, outputs], intercepts[moves, outputs]
