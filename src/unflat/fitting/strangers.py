"""Series that training never saw: how much noise keeps a network from learning those that it saw by heart.

Windows of one series share its level, its wear, its make. A network with thousands of windows of a hundred series soon
knows each series again, and what it knows helps with no other. Where whole series are held out, these are what it is
for: it reads its sequences under noise, where the levels of series differ, as strong as hides which series it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.network.steps import mean_over_steps
from unflat.sequences.batches import batches_of
from unflat.sequences.drawing import evenly

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.scaling.scales import InputScaling, Scaler
    from unflat.sequences.batches import Batch

_KNOWN = 0.5
"""Share of the bits of a series' name that its levels may still tell: of m series, root m are left that it may be."""

_STRONGEST = 16.0
"""Noise beyond which levels tell nothing anyway."""

_TINY = 1e-12
"""A variance in place of none."""

_HALVINGS = 40
"""Times that the range of the noise is halved, to single precision and beyond."""

_MOST = 50_000
"""Sequences that are looked at, at the most."""

_FEWEST = 2
"""Series of two sequences or more, at the least, to tell how series differ."""


class Levels(NamedTuple):
    """How levels differ where the target is alike: of what a cubic of the target leaves of a sequence's mean step.

    Parameters
    ----------
    between : ndarray of shape (d,)
        Deviation of each feature from series to series, on the network's scale. The sequences of a series are cut
        into halves, and what both agree in is counted (their covariance): a mean of a few steps differs by chance, but
        not twice in the same way.
    within : ndarray of shape (d,)
        Deviation from sequence to sequence of a series.
    series : int
        How many series.
    """

    between: NDArray[np.float64]
    within: NDArray[np.float64]
    series: int

    def bits(self, noise: float) -> float:
        """Say how much they tell of which series a sequence is, at most, under noise of so many times `between`.

        It is the capacity of Gaussian channels side by side (Shannon, Bell System Technical Journal 27, 1948, theorem
        17).
        """
        told = self.between > 0
        heard = self.within[told] ** 2 + (noise * self.between[told]) ** 2
        return float(np.log2(1 + self.between[told] ** 2 / np.maximum(heard, _TINY)).sum() / 2)

    @property
    def noise(self) -> float:
        """The noise that leaves half of the bits that it takes to name a series; 0 where they tell no more."""
        most = _KNOWN * np.log2(max(self.series, 1))
        if self.bits(0) <= most:
            return 0.0
        low, high = 0.0, _STRONGEST
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.bits(middle) > most else (low, middle)
        return high


def levels_of(inputs: InputScaling, target: Scaler, training: Dataset) -> Levels:
    """Measure how much the levels of numeric features tell of a sequence's series, beyond what they tell of the target.

    Parameters
    ----------
    inputs : InputScaling
        From raw values to the network's.
    target : Scaler
        From raw targets to the network's.
    training : Dataset
        The training part.

    Returns
    -------
    Levels
        Of each numeric feature; of no series where it is not said which one a sequence is of, or where none has two
        sequences.
    """
    numbers = len(inputs.numeric)
    training = training.take(evenly(len(training), _MOST))
    if training.series is None:
        return Levels(np.zeros(numbers), np.zeros(numbers), 0)
    levels = (
        torch.cat([_levels(inputs, batch)[:, :numbers] for batch in batches_of(training.sequences)]).double().numpy()
    )
    own = _beyond(target(torch.from_numpy(training.y)).double().numpy(), levels)
    parts = _by_series(training.series, own)
    if len(parts) < _FEWEST:
        return Levels(np.zeros(numbers), np.zeros(numbers), len(parts))
    first, second = (
        np.array([half.mean(axis=0) for half in halves]) for halves in zip(*map(_halves, parts), strict=True)
    )
    agreed = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).mean(axis=0)
    around = np.concatenate([part - part.mean(axis=0) for part in parts])
    return Levels(np.sqrt(np.maximum(agreed, 0)), around.std(axis=0), len(parts))


def _levels(inputs: InputScaling, batch: Batch) -> Tensor:
    return mean_over_steps(inputs(batch.values), batch.lengths)


def _beyond(targets: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take from levels, (n, F), what a cubic of each target explains."""
    terms = np.column_stack([np.ones(len(targets)), *(targets**power for power in (1, 2, 3))])
    explained: NDArray[np.float64] = terms @ np.linalg.lstsq(terms, levels, rcond=None)[0]
    return levels - explained


def _by_series(series: NDArray[Any], values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Part values by series, in their order; of those that have two."""
    order = np.argsort(series, kind="stable")
    firsts = np.unique(series[order], return_index=True)[1][1:]
    return [part for part in np.split(values[order], firsts) if len(part) > 1]


def _halves(part: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return part[: len(part) // 2], part[len(part) // 2 :]
