"""Series that training never saw: how much noise keeps a network from learning those that it saw by heart.

Windows of one series share its level, its wear, its make. A network with thousands of windows of a hundred series soon
knows each series again, and what it knows helps with no other. Where whole series are held out, these are what it is
for: it reads its sequences under noise as wide as the kernels by which so many series would tell the density of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.batches import BatchSource
from unflat.network.steps import mean_over_steps
from unflat.sequences import sequences_together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.batches import Batch
    from unflat.dataset import Dataset
    from unflat.scaling import InputScaling, Scaler

_WIDTHS = 2.0
"""Widths of a kernel that the noise is wide."""

_EACH = 2
"""Sequences of a series, on average, from which on it can be known again."""


def noise_for(training: Dataset) -> float:
    """Say how strong the noise is to be, as a multiple of how much the levels of series differ.

    It is twice the width of kernels that suits a normal density in so many dimensions (Silverman, Density Estimation
    for Statistics and Data Analysis, 1986, section 4.3.2), (4 / ((d + 2) m)) ** (1 / (d + 4)) for m series of d
    features.

    Parameters
    ----------
    training : Dataset
        The training part.

    Returns
    -------
    float
        0 where no whole series are held out, or where hardly any has two sequences.
    """
    series = training.series if training.for_other_series else None
    if series is None:
        return 0.0
    count = len(np.unique(series))
    if len(series) < _EACH * count:
        return 0.0
    features = training.sequences.n_features
    return float(_WIDTHS * (4 / ((features + 2) * count)) ** (1 / (features + 4)))


def deviations_of(inputs: InputScaling, target: Scaler, training: Dataset) -> Tensor:
    """Measure how much the level of each scaled feature tells of its series rather than of the target.

    It is the deviation, from series to series, of a sequence's mean step where the target is alike: of what a cubic of
    the target leaves. The series' sequences are cut into halves, and what both agree in is counted (their covariance):
    a mean of a few steps differs by chance, but not twice in the same way.

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
    Tensor of shape (inputs.width,), float32
        Deviations; 0 where series do not differ, and for what is no number: indicators of categories and of missing
        values. Nothing but 0 where it is not said which series a sequence is of.
    """
    deviations = torch.zeros(inputs.width)
    if training.series is None:
        return deviations
    numbers = len(inputs.numeric)
    levels = torch.cat([_levels(inputs, batch)[:, :numbers] for batch in _batches(training)]).double().numpy()
    own = _beyond(target(torch.from_numpy(training.y)).double().numpy(), levels)
    first, second = _halves(training.series, own)
    if len(first) > 1:
        agreed = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).mean(axis=0)
        deviations[:numbers] = torch.from_numpy(np.sqrt(np.maximum(agreed, 0)))
    return deviations


def _levels(inputs: InputScaling, batch: Batch) -> Tensor:
    return mean_over_steps(inputs(batch.values), batch.lengths)


def _batches(data: Dataset) -> Iterator[Batch]:
    return (batch for _, batch in BatchSource(data.sequences).in_order(sequences_together(data.sequences.longest)))


def _beyond(targets: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take from levels, (n, F), what a cubic of each target explains."""
    terms = np.column_stack([np.ones(len(targets)), *(targets**power for power in (1, 2, 3))])
    explained: NDArray[np.float64] = terms @ np.linalg.lstsq(terms, levels, rcond=None)[0]
    return levels - explained


def _halves(series: NDArray[Any], values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average values over the earlier and over the later sequences of each series that has two."""
    order = np.argsort(series, kind="stable")
    _, firsts, counts = np.unique(series[order], return_index=True, return_counts=True)
    parts = [values[order[first : first + count]] for first, count in zip(firsts, counts, strict=True) if count > 1]
    means = [(part[: len(part) // 2].mean(axis=0), part[len(part) // 2 :].mean(axis=0)) for part in parts]
    shape = (len(means), values.shape[1])
    return np.reshape([mean for mean, _ in means], shape), np.reshape([mean for _, mean in means], shape)
