"""Series that training never saw: how much noise keeps a network from learning those that it saw by heart.

Windows of one series share its level, its wear, its make. A network with thousands of windows of a hundred series soon
knows each series again, and what it knows helps with no other. Where whole series are held out, these are what it is
for: it reads its sequences under noise as wide as the kernels by which so many series would tell the density of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from unflat.baselines.design import evenly
from unflat.batches import BatchSource
from unflat.network.steps import valid_steps

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.scaling import InputScaling

_SEQUENCES = 1000
"""Sequences that tell how much a feature varies."""

_EACH = 2
"""Sequences of a series, on average, from which on it can be known again."""


def noise_for(training: Dataset) -> float:
    """Say how strong the noise is to be, in deviations of each feature.

    It is the width of kernels that suits a normal density in so many dimensions (Silverman, Density Estimation for
    Statistics and Data Analysis, 1986, section 4.3.2), (4 / ((d + 2) m)) ** (1 / (d + 4)) for m series of d features.

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
    return float((4 / ((features + 2) * count)) ** (1 / (features + 4)))


def deviations_of(inputs: InputScaling, training: Dataset) -> Tensor:
    """Measure how much each scaled feature varies.

    Parameters
    ----------
    inputs : InputScaling
        From raw values to the network's.
    training : Dataset
        The training part.

    Returns
    -------
    Tensor of shape (inputs.width,)
        Deviations over steps; 0 for what is no number: indicators of categories and of missing values.
    """
    index = torch.from_numpy(evenly(len(training), _SEQUENCES))
    batch = BatchSource(training.sequences).draw(index)
    x = inputs(batch.values)
    steps = x.flatten(0, 1) if batch.lengths is None else x[valid_steps(batch.lengths, x.shape[1])[..., 0]]
    deviations: Tensor = steps.std(dim=0)
    deviations[len(inputs.numeric) :] = 0
    return deviations
