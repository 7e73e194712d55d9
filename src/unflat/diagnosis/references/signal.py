"""What other learners reach, as plain values, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.material import Past
    from unflat.diagnosis.records import NotExamined

CHANCE = 0.01
"""The largest p-value at which a signal counts as more than chance: so many healthy data sets of noise may be taken
for others."""

GAIN = 0.1
"""The share of the variance that a model must gain to matter (deepchecks asks it of a model against the mean)."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What one learner reaches.

    Parameters
    ----------
    name : str
        The learner.
    r2 : ndarray of shape (k,), float64
        Share of each output's variance that it explains on training sequences that it was not fitted on; nan where it
        was not tried, or the target is constant.
    held_out_r2 : ndarray of shape (k,), float64
        The same on the held-out part; nan where there is none.
    p_value : ndarray of shape (k,), float64
        How often a shuffled target goes with its predictions as closely.
    prediction : ndarray of shape (n, k), float64, or None
        What it predicts for training sequences that it was not fitted on, in the targets' units; nan for those that it
        was not asked about. None where it was not kept.
    held_out_prediction : ndarray of shape (m, k), float64, or None
        The same for the held-out part.
    """

    name: str
    r2: NDArray[np.float64]
    held_out_r2: NDArray[np.float64]
    p_value: NDArray[np.float64]
    prediction: NDArray[np.float64] | None = None
    held_out_prediction: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Signal:
    """What can be learned of one output, as far as any learner found.

    Parameters
    ----------
    r2 : float
        The best learner's share of the variance explained, cross-validated; nan where none was tried.
    held_out_r2 : float
        The best learner's share on the held-out part; nan where there is none.
    learner : str
        Who reached `r2`; empty where none was tried.
    p_value : float
        How likely chance alone makes one of the learners do as well.
    held_out_learner : str
        Who reached `held_out_r2`; empty where none was tried.
    """

    r2: float = nan
    held_out_r2: float = nan
    learner: str = ""
    p_value: float = 1.0
    held_out_learner: str = ""

    @property
    def examined(self) -> bool:
        """Whether any learner was tried."""
        return bool(self.learner)

    @property
    def beyond_chance(self) -> bool:
        """Whether there is more than chance would give."""
        return self.p_value <= CHANCE and self.r2 > 0


@dataclass(frozen=True, eq=False)
class References:
    """What other learners find in the training part.

    Parameters
    ----------
    n : int
        Sequences that they were given.
    learners : tuple of Reference
        What each reaches; empty where none was tried.
    signal : tuple of k Signal
        What there is to learn of each output.
    past : tuple of k Past or None
        The feature that holds each output's past, if one seems to.
    not_examined : tuple of NotExamined
        What was left out, and why.
    within : Reference or None
        What ridge, from rows or from echoes, reaches on the held-out part when it learns from that part itself, in
        folds: what there is to learn of it, also where it lies outside of what training saw. None where it was not
        tried.
    together : Reference or None
        What all of them, and a smooth kernel beside them, reach together: how much there is to learn, as far as anyone
        can tell. A model need not reach as much to be healthy. None where none was tried.
    """

    n: int
    learners: tuple[Reference, ...]
    signal: tuple[Signal, ...]
    past: tuple[Past | None, ...]
    not_examined: tuple[NotExamined, ...] = ()
    within: Reference | None = None
    together: Reference | None = None

    def best(self, output: int) -> Reference | None:
        """Give the learner that an output's signal is taken from; None where none was tried."""
        name = self.signal[output].learner
        return next((learner for learner in self.learners if learner.name == name), None)

    @property
    def r2(self) -> NDArray[np.float64]:
        """The best learner's cross-validated R² of each output, (k,); nan where none was tried."""
        return np.array([signal.r2 for signal in self.signal])

    @property
    def beyond_chance(self) -> NDArray[np.bool_]:
        """Whether there is more to learn of each output than chance would give, (k,)."""
        return np.array([signal.beyond_chance for signal in self.signal], dtype=bool)


def signals_of(learners: tuple[Reference, ...]) -> tuple[Signal, ...]:
    """Say of each output what there is to learn, as far as any of one learner or more found."""
    return tuple(_signal(learners, output) for output in range(len(learners[0].r2)))


def _signal(learners: tuple[Reference, ...], output: int) -> Signal:
    """Take the best learner among those beyond chance; where none is, the best of all."""
    tried = [reference for reference in learners if not np.isnan(reference.r2[output])]
    if not tried:
        return Signal()
    likely = [ref for ref in tried if ref.p_value[output] * len(tried) <= CHANCE and ref.r2[output] > 0]
    best = max(likely or tried, key=lambda reference: reference.r2[output])
    p_value = min(1.0, len(tried) * min(reference.p_value[output] for reference in (likely or tried)))
    held_out = max(tried, key=lambda reference: reference.held_out_r2[output])
    return Signal(float(best.r2[output]), float(held_out.held_out_r2[output]), best.name, float(p_value), held_out.name)
