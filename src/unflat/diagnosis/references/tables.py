"""Sequences and targets on one scale, for other learners to learn from, and what came of it in the targets' units."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import nnls

from unflat.diagnosis.material.padding import without_padding
from unflat.diagnosis.material.summaries import OWNED, owned_by_few, standardized
from unflat.diagnosis.references.signal import Reference
from unflat.sequences.folds import shuffled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Pairs = tuple[Values, Values]
    Places = tuple[NDArray[np.int64] | None, int]

TOGETHER = "all of them"

_PERMUTATIONS = 999
_TOGETHER = 3
"""Lengths of a window that stay together when overlapping windows are shuffled: series remember longer than that."""

_FAR_OUT = 3.0
"""Widths of a column's middle half from its quartiles to the outer fence (Tukey 1977): one in a million normal values
lies beyond."""


class Tables(NamedTuple):
    """Training sequences and held-out ones on one scale, targets in the training part's deviation.

    Parameters
    ----------
    columns, y : ndarray of shape (n, ...) and (n, k), float64
        Of the training part: rows of a table, or sequences.
    asked, asked_y : ndarray of shape (m, ...) and (m, k), float64
        Of the held-out part; none where there is none.
    units : tuple of two ndarrays of shape (k,)
        The center and scale that bring targets back.
    """

    columns: Values
    y: Values
    asked: Values
    asked_y: Values
    units: Pairs

    @classmethod
    def of(cls, columns: Values, y: Values, held_out: Pairs | None) -> Tables:
        """Put scaled columns of both parts, the training part's first, beside targets that are yet to be scaled."""
        n = len(y)
        asked_y = y[:0] if held_out is None else held_out[1]
        targets = without_outliers(np.concatenate([y, asked_y]), y)
        largest = np.abs(targets).max(axis=0)
        largest = np.where(largest > 0, largest, 1.0)
        scaled = standardized(targets / largest, slice(n))
        known = targets[:n] / largest
        units = known.mean(axis=0) * largest, np.where(scaled.any(axis=0), known.std(axis=0), 0.0) * largest
        return cls(columns[:n], scaled[:n], columns[n:], scaled[n:], units)

    def in_units(self, found: Values) -> Values:
        """Bring predictions into the targets' units."""
        center, scale = self.units
        return found * scale + center

    def reached(self, name: str, found: Values, answered: Values, orders: list[NDArray[np.int64]]) -> Reference:
        """Say what a learner reaches.

        Parameters
        ----------
        name : str
            The learner.
        found : ndarray of shape (n, k)
            What it predicts for training sequences that it did not learn from, in the targets' deviation.
        answered : ndarray of shape (m, k)
            What it predicts for the held-out part.
        orders : list of ndarray of shape (n,)
            Shuffles of the targets to test it against.

        Returns
        -------
        Reference
            Its scores, and its predictions in the targets' units.
        """
        held_out = r2_of(self.asked_y, answered) if len(answered) else np.full(self.y.shape[1], nan)
        p_value = _p_values(self.y, found, orders)
        return Reference(name, r2_of(self.y, found), held_out, p_value, self.in_units(found), self.in_units(answered))

    def together(self, learners: tuple[Reference, ...]) -> Reference:
        """Weigh what learners predict so that it errs least on training sequences that they did not learn from.

        Weights are not negative (Breiman, Stacked regressions, Machine Learning 1996), and so few that no sequences
        must be held out for them.
        """
        y, (center, _) = self.in_units(self.y), self.units
        found, asked = np.full_like(y, nan), np.full_like(self.asked_y, nan)
        for output in range(y.shape[1]):
            tried = [learner for learner in learners if not np.isnan(learner.r2[output])]
            if tried:
                known, new = (
                    np.column_stack([part[:, output] for part in parts if part is not None]) - center[output]
                    for parts in zip(
                        *((learner.prediction, learner.held_out_prediction) for learner in tried), strict=True
                    )
                )
                weights, _ = nnls(known, y[:, output] - center[output])
                found[:, output], asked[:, output] = (center[output] + columns @ weights for columns in (known, new))
        nothing = np.full(y.shape[1], nan)
        return Reference(TOGETHER, r2_of(y, found), nothing, nothing, found, asked)


def padded_alike(values: Values, held_out: Pairs | None) -> Values:
    """Put all sequences together, of one length, NaN where they end."""
    n, asked = len(values), values[:0] if held_out is None else held_out[0]
    together = np.full((n + len(asked), max(values.shape[1], asked.shape[1]), values.shape[2]), np.nan)
    together[:n, : values.shape[1]], together[n:, : asked.shape[1]] = values, asked
    return without_padding(together)


def orders_of(places: NDArray[np.int64], n: int, apart: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Draw 999 orders to shuffle targets into.

    Parameters
    ----------
    places : ndarray of shape (m,), int
        Where the sequences stand among all.
    n : int
        How many there are in all.
    apart : int
        From how many places apart they share nothing; overlapping windows are shuffled in blocks.
    generator : numpy.random.Generator
        Draws the orders.

    Returns
    -------
    list of ndarray of shape (m,)
        Positions.
    """
    length = 1 if apart == 1 else max(1, min(_TOGETHER * apart * len(places) // n, len(places) // 10))
    return [shuffled(len(places), length, generator) for _ in range(_PERMUTATIONS)]


def in_place(learner: Reference, known: Places, asked: Places) -> Reference:
    """Put predictions for some sequences where these stand among all; nan stands for the others.

    Parameters
    ----------
    learner : Reference
        What a learner reaches.
    known, asked : tuple of (ndarray of int or None, int)
        Places of its training and its held-out sequences among all, and how many there are; None for none.

    Returns
    -------
    Reference
        The same, its predictions as long as the parts.
    """
    return replace(
        learner,
        prediction=_among_all(learner.prediction, *known),
        held_out_prediction=_among_all(learner.held_out_prediction, *asked),
    )


def r2_of(y: Values, prediction: Values) -> Values:
    """Give the share of each column's variance that is explained, (k,); nan for a constant."""
    variance = np.var(y, axis=0)
    error = np.mean((y - prediction) ** 2, axis=0)
    return np.where(variance > 0, 1 - error / np.where(variance > 0, variance, 1.0), nan)


def _among_all(found: Values | None, places: NDArray[np.int64] | None, n: int) -> Values | None:
    if found is None or places is None:
        return None
    everyone = np.full((n, found.shape[1]), nan)
    everyone[places] = found
    return everyone


def without_outliers(targets: Values, known: Values) -> Values:
    """Bring a few extreme targets that own a column's variance nearer, so that there is more than these to learn.

    Errors in the data would hide the signal of all others. Heavy tails are left as they are.
    """
    low, high = np.quantile(known, [0.25, 0.75], axis=0)
    owned = np.array([owned_by_few(column) >= OWNED for column in known.T])
    room = np.where(owned & (high > low), _FAR_OUT * (high - low), np.inf)
    return np.clip(targets, low - room, high + room)


def _p_values(y: Values, found: Values, orders: list[NDArray[np.int64]]) -> Values:
    """Count the shuffled targets that go with the predictions as closely as the true ones; they count as one of all."""
    centred = found - found.mean(axis=0)
    true = (y * centred).sum(axis=0)
    as_close = np.zeros(y.shape[1], dtype=np.int64)
    for order in orders:
        as_close += (y[order] * centred).sum(axis=0) >= true
    shares: Values = (1.0 + as_close) / (1 + len(orders))
    return shares
