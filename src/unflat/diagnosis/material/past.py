"""Whether a feature holds the target's own past, found in the numbers alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.material.summaries import last_present

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE = 0.9
"""From here on a feature is taken for the target's past; below, it may only resemble it."""

_EXACT = 1e-6
"""1 less a correlation, up to which two columns are one in different units: float32 rounds no worse."""

_LONGEST_HORIZON = 48
_MOST_FEATURES = 64
_MOST_SEQUENCES = 2000
_FEWEST = 20
_RESEMBLES = 0.9


@dataclass(frozen=True)
class Past:
    """The feature that holds an output's past, and how its units become the output's.

    Parameters
    ----------
    column : int
        The feature.
    sureness : float
        From 0 to 1: 1 where the target of a sequence is what later sequences hold, number by number; 0.95 where
        targets are found among the last values of other sequences; less where it only resembles the target.
    horizon : int or None
        How many sequences later the target stands in the feature, where that is known.
    factor, offset : float
        target = factor · feature + offset.
    """

    column: int
    sureness: float
    horizon: int | None = None
    factor: float = 1.0
    offset: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether this is taken for the target's past."""
        return self.sureness >= SURE

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Repeat the last value.

        Parameters
        ----------
        values : ndarray of shape (n, T, F), float64
            Sequences; NaN where missing.

        Returns
        -------
        ndarray of shape (n,), float64
            In the target's units; NaN where a sequence has no value of the feature.
        """
        return self.factor * last_present(values[:, :, self.column, None])[:, 0] + self.offset


def find_past(values: NDArray[np.float64], y: NDArray[np.float64]) -> Past | None:
    """Look for a feature that holds the past of one output.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences in the order given; NaN where missing.
    y : ndarray of shape (n,), float64
        Targets.

    Returns
    -------
    Past or None
        What was found. A feature whose last value *is* the target, in whatever units, is none: there the target is a
        function of the sequence, not its future.
    """
    known = np.isfinite(y)
    if known.sum() < _FEWEST or np.ptp(y[known]) == 0:
        return None
    every = last_present(values[:, :, :_MOST_FEATURES])
    last, target = every[:_MOST_SEQUENCES], y[:_MOST_SEQUENCES]
    now = _correlations(last, target)
    if 1 - now.max() <= _EXACT:
        return None
    return _in_later_sequences(last, target, float(now.max())) or _among_others(every, y) or _alike(last, target)


def _in_later_sequences(last: NDArray[np.float64], y: NDArray[np.float64], now: float) -> Past | None:
    """Find targets that stand, in their order, in sequences that come later."""
    best = (_EXACT, 0, 0)
    for horizon in range(1, min(_LONGEST_HORIZON, len(y) - _FEWEST) + 1):
        later = _correlations(last[horizon:], y[:-horizon])
        best = min(best, (1 - float(later.max()), horizon, int(later.argmax())))
    missed, horizon, column = best
    # A trend resembles itself at every lag: it tells only where the later sequence fits far better than this one.
    if horizon == 0 or 1 - now < 100 * max(missed, _EXACT / 100):
        return None
    factor, offset = _line(last[horizon:, column], y[:-horizon])
    return Past(column, 1.0, horizon, factor, offset)


def _among_others(last: NDArray[np.float64], y: NDArray[np.float64]) -> Past | None:
    """Find targets among the last values of other sequences, in whatever order; only where values rarely repeat."""
    targets = y[np.isfinite(y)].astype(np.float32)
    if len(np.unique(targets)) < len(targets) / 2:
        return None
    shares = np.array([np.isin(targets, column.astype(np.float32)).mean() for column in last.T])
    return Past(int(shares.argmax()), 0.95) if shares.max() >= SURE else None


def _alike(last: NDArray[np.float64], y: NDArray[np.float64]) -> Past | None:
    """Find a feature that goes with the target and has its level and scale."""
    correlations = _correlations(last, y)
    column = int(correlations.argmax())
    if correlations[column] < _RESEMBLES:
        return None
    both = np.isfinite(y) & np.isfinite(last[:, column])
    x, target = last[both, column], y[both]
    factor = float(target.std() / x.std())
    same_units = abs(np.log(factor)) < 0.1 and abs(target.mean() - x.mean()) < 0.1 * target.std()  # noqa: PLR2004 - a tenth
    if same_units:
        return Past(column, 0.5)
    return Past(column, 0.25, None, factor, float(target.mean() - factor * x.mean()))


def _correlations(last: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate each feature with the target, over the sequences that have both; 0 where one is constant."""
    both = np.isfinite(last) & np.isfinite(y)[:, None]
    count = np.maximum(both.sum(axis=0), 1)
    x = np.where(both, last - np.where(both, last, 0.0).sum(axis=0) / count, 0.0)
    targets = np.where(both, y[:, None] - np.where(both, y[:, None], 0.0).sum(axis=0) / count, 0.0)
    scale = np.sqrt((x**2).sum(axis=0)) * np.sqrt((targets**2).sum(axis=0))
    enough = (both.sum(axis=0) >= _FEWEST) & (scale > 0)
    return np.where(enough, (x * targets).sum(axis=0) / np.where(enough, scale, 1.0), 0.0)


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    factor = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return factor, float(y.mean() - factor * x.mean())
