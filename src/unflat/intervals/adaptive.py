"""Intervals for a series in time, which learn from every truth that arrives.

Split-conformal intervals promise their coverage for data that are exchangeable with the calibration's. A series is
not: its errors grow, shrink and follow each other. Adaptive conformal inference (Gibbs & Candès, NeurIPS 2021) asks
for more coverage after each miss and for less after each hit,

    alpha[t + 1] = alpha[t] + gamma · (alpha - missed[t]),

and whatever the series does, the share of misses among T truths stays within
(max(alpha, 1 - alpha) + gamma) / (gamma T) of alpha (proposition 4.1), where no truth is late.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unflat._arrays import shaped_as_targets
from unflat.config import AtLeast
from unflat.conformal import PredictionInterval
from unflat.dataset import as_targets
from unflat.errors import ConfigurationError, InputError, ShapeError
from unflat.intervals.bands import scores_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unflat.intervals.bands import Expected

_FEWEST_REMEMBERED, _MOST_REMEMBERED = 100, 1000


@dataclass(frozen=True, eq=False)
class _Awaited:
    """A prediction whose truth is still to come."""

    center: NDArray[np.float64]
    distances: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    limits: NDArray[np.float64]

    def missed(self, score: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a truth lay outside of the bounds that were given, which ended at the limits of that time."""
        lowest, highest = self.limits
        missed: NDArray[np.bool_] = ~(score <= self.quantiles) | (truth < lowest) | (truth > highest)
        return missed  # a score of nan is a target that the scale cannot take: a miss


class AdaptiveInterval:
    """Intervals of one series that keep their coverage while its errors change.

    `LSTMRegressor.track_interval` makes it. Ask `predict` for the intervals of the next sequences, and tell `update`
    the truths when they arrive, in the order in which they were predicted; several may be under way, as they are
    with a horizon of several rows. Each output has a coverage of its own to keep, and each series needs an object of
    its own.

    Parameters
    ----------
    expect : callable
        From sequences to `Expected`.
    bound : callable
        From `Expected` and quantiles to bounds in raw units, (n, outputs) each.
    scale : callable
        From raw targets of shape (n, outputs) to the target's scale; it raises where one lies beyond limits that a
        user gave.
    scores : ndarray of shape (m, outputs)
        Those of the calibration, to begin with.
    limits : callable
        Gives what bounds are limited to now, in raw units: of shape (2, outputs), the lowest first.
    admit : callable
        Is told raw targets of shape (n, outputs) once they are known, and opens limits that they lie beyond.
    coverage : float
        The share of truths that are to lie inside.
    gamma : float
        How far one miss moves the next interval. Larger adapts faster and wavers more.
    one_dimensional : bool
        Whether targets come without an axis for outputs.
    """

    def __init__(
        self,
        expect: Callable[[object], Expected],
        bound: Callable[[Expected, NDArray[np.float64]], PredictionInterval],
        scale: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        scores: NDArray[np.float64],
        *,
        limits: Callable[[], NDArray[np.float64]],
        admit: Callable[[NDArray[np.float64]], None],
        coverage: float,
        gamma: float,
        one_dimensional: bool,
    ) -> None:
        self._expect, self._bound, self._scale = expect, bound, scale
        self._limits, self._admit = limits, admit
        self.coverage = coverage
        self.gamma = gamma
        self._one_dimensional = one_dimensional
        kept = scores[-_MOST_REMEMBERED:]
        self._recent = deque(kept, maxlen=max(_FEWEST_REMEMBERED, len(kept)))
        self._ranked = np.sort(kept, axis=0)
        self._alpha = np.full(scores.shape[1], 1 - coverage)
        self._awaited: deque[_Awaited] = deque()
        self._hits = np.zeros(scores.shape[1])
        self._count = 0

    def __repr__(self) -> str:
        return f"<AdaptiveInterval of coverage {self.coverage:g}, {self.pending} truths pending>"

    def predict(self, X: object) -> PredictionInterval:
        """Give the intervals of the next sequences, with what is known now.

        Parameters
        ----------
        X : array, list, Windows, or table
            The next sequences of the series, oldest first; as for `LSTMRegressor.predict`.

        Returns
        -------
        PredictionInterval
            Lower and upper bounds in the target's units, (n,) or (n, n_outputs).

        Raises
        ------
        InputError
            If sequences cannot be used.
        """
        expected = self._expect(X)
        quantiles = np.tile(self.quantiles, (len(expected.center), 1))
        limits = self._limits()
        for center, distances, of_one in zip(*expected, quantiles, strict=True):
            self._awaited.append(_Awaited(center, distances, of_one, limits))
        # Nothing at all is too little for an alpha above 1; the interval then shrinks to the prediction.
        return self._shaped(self._bound(expected, np.maximum(quantiles, 0.0)))

    def update(self, y: object) -> None:
        """Learn from the truths of the oldest predictions that still wait for theirs.

        Parameters
        ----------
        y : float, or array-like of shape (n,) or (n, n_outputs)
            Targets in raw units; with several outputs, one row may come without the axis of sequences.

        Raises
        ------
        InputError
            If there are more truths than predictions under way, or they are not numbers.
        ConfigurationError
            If one lies beyond a `target_range` that was given to the model.

        Warns
        -----
        TargetLimitWarning
            If one lies beyond a limit that training targets pile up at: the model lets it go.
        """
        truths = self._truths(y)
        if len(truths) > len(self._awaited):
            raise InputError(
                "The truths", f"at most {len(self._awaited)}, as many predictions wait for one", f"{len(truths)}",
                "Call predict for each sequence before its truth is told.",
            )  # fmt: skip
        targets = self._scale(truths)
        self._admit(truths)
        for target, truth in zip(targets, truths, strict=True):
            self._learn(self._awaited.popleft(), target, truth)

    def replay(self, X: object, y: object, *, delay: int = 1) -> PredictionInterval:
        """Go through a stretch whose truths are known as if they arrived one by one.

        Parameters
        ----------
        X : array, list, Windows, or table
            Sequences, oldest first.
        y : array-like of shape (n,) or (n, n_outputs)
            Their targets.
        delay : int
            How many sequences later than its own prediction a truth is there: the horizon, at a stride of one.

        Returns
        -------
        PredictionInterval
            What `predict` would have given for each at its time.

        Raises
        ------
        ConfigurationError
            If the delay is no whole number of at least 1, or a target lies beyond a `target_range` that was given.
        InputError
            If X and y cannot be used, or differ in number; or predictions still wait for their truth.

        Warns
        -----
        TargetLimitWarning
            As of `update`.
        """
        if not AtLeast(1).admits(delay):
            raise ConfigurationError("replay", "delay", str(AtLeast(1)), delay)
        if self._awaited:
            raise InputError(
                "The stretch to replay", "no prediction that waits for its truth", f"{self.pending} that do",
                "Tell update their truths first, or start with a new track_interval.",
            )  # fmt: skip
        expected = self._expect(X)
        truths = as_targets(y, len(expected.center)).reshape(len(expected.center), -1)
        targets = self._scale(truths)
        given, limits = np.empty_like(expected.center), np.empty((2, *expected.center.shape))
        for i, (center, distances) in enumerate(zip(*expected, strict=True)):
            given[i], limits[:, i] = self.quantiles, self._limits()
            self._awaited.append(_Awaited(center, distances, given[i].copy(), limits[:, i]))
            due = i - delay + 1
            if due >= 0:
                self._admit(truths[due : due + 1])
                self._learn(self._awaited.popleft(), targets[due], truths[due])
        late = max(0, len(targets) - delay + 1)
        for target, truth in zip(targets[late:], truths[late:], strict=True):
            self._admit(truth[None])
            self._learn(self._awaited.popleft(), target, truth)
        interval = self._bound(expected, np.maximum(given, 0.0))  # limits that were opened meanwhile held until then
        return self._shaped(PredictionInterval(*(np.clip(bound, *limits) for bound in interval)))

    @property
    def quantiles(self) -> NDArray[np.float64]:
        """How many distances the next interval reaches, (n_outputs,): infinite at alpha 0, -infinite at 1."""
        ranks = np.ceil((len(self._ranked) + 1) * (1 - self._alpha) - 1e-9).astype(int)
        ranks = np.where(self._alpha <= 0, len(self._ranked) + 1, np.where(self._alpha >= 1, 0, ranks))
        padded = np.vstack([np.full_like(self._alpha, -np.inf), self._ranked, np.full_like(self._alpha, np.inf)])
        chosen: NDArray[np.float64] = padded[np.minimum(ranks, len(padded) - 1), np.arange(len(ranks))]
        return chosen

    @property
    def alpha(self) -> NDArray[np.float64]:
        """The share of misses that the next interval is made for, (n_outputs,); outside of [0, 1] at times."""
        return self._alpha.copy()

    @property
    def covered(self) -> NDArray[np.float64]:
        """The share of truths so far that lay inside, (n_outputs,); nan before the first."""
        return self._hits / self._count if self._count else np.full_like(self._hits, np.nan)

    @property
    def pending(self) -> int:
        """How many predictions wait for their truth."""
        return len(self._awaited)

    def _learn(self, awaited: _Awaited, target: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
        score = scores_of((target - awaited.center)[None], awaited.distances[None])[0]
        missed = awaited.missed(score, truth)
        self._alpha += self.gamma * ((1 - self.coverage) - missed)
        self._hits += ~missed
        self._count += 1
        oldest = self._recent[0] if len(self._recent) == self._recent.maxlen else None
        score = np.nan_to_num(score, nan=np.inf, posinf=np.inf)
        self._recent.append(score)
        self._ranked = np.column_stack([
            _replaced(column, None if oldest is None else oldest[i], score[i])
            for i, column in enumerate(self._ranked.T)
        ])  # fmt: skip

    def _truths(self, y: object) -> NDArray[np.float64]:
        values, outputs = np.asarray(y), len(self._alpha)
        is_one = values.ndim == 0 or (not self._one_dimensional and values.ndim == 1)
        values = values[None] if is_one else values
        truths = as_targets(values, len(values)).reshape(len(values), -1)
        if truths.shape[1] != outputs:
            raise ShapeError("y", f"{outputs} outputs, as in training", truths.shape, "Give the same targets.")
        return truths

    def _shaped(self, interval: PredictionInterval) -> PredictionInterval:
        return PredictionInterval(
            *(shaped_as_targets(bound, one_dimensional=self._one_dimensional) for bound in interval)
        )


def _replaced(ranked: NDArray[np.float64], oldest: float | None, newest: float) -> NDArray[np.float64]:
    """Put a score into its place in order, and take another out."""
    if oldest is not None:
        ranked = np.delete(ranked, np.searchsorted(ranked, oldest))
    return np.insert(ranked, np.searchsorted(ranked, newest), newest)
