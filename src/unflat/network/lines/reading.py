"""What lines read of sequences, and how they are judged before any network learns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.network.steps import valid_steps
from unflat.network.terms import summary
from unflat.sequences.batches import batches_of
from unflat.sequences.drawing import evenly
from unflat.sequences.folds import folds_of, folds_of_series, places_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.network.terms import Terms
    from unflat.scaling.scales import InputScaling, Scaler
    from unflat.sequences import Sequences
    from unflat.sequences.batches import Batch
    from unflat.sequences.folds import Fold

_MOST_NUMBERS = 10_000_000
"""Numbers that a line is fitted on, at the most."""

_FAR_OUT = 5.0
"""Scales from the center beyond which a value enters products no further: a few outliers would rule them."""


class Reader(NamedTuple):
    """Reads sequences as the skip of a network does.

    Parameters
    ----------
    inputs, context : InputScaling
        From raw values to the network's, of steps and of what stands beside sequences; None where nothing does.
    bounds : tuple of two Tensors of shape (F,), or None
        The range of each scaled feature that enters products; None where there are none.
    """

    inputs: InputScaling
    context: InputScaling | None
    bounds: tuple[Tensor, Tensor] | None

    def read(self, sequences: Sequences, terms: Terms) -> NDArray[np.float32]:
        """Read of each sequence what a line of these terms reads: shape (n, width)."""
        parts = [
            summary(self.inputs(batch.values), batch.lengths, self._beside(batch), terms, self.bounds)
            for batch in batches_of(sequences)
        ]
        summaries: NDArray[np.float32] = torch.cat(parts).numpy()
        return summaries

    def _beside(self, batch: Batch) -> Tensor | None:
        return None if self.context is None else self.context(batch.context)


def places_to_read(n: int, width: int) -> NDArray[np.int64]:
    """Choose the sequences that a line is fitted on, spread over n: as many as what is read of each leaves room for."""
    return evenly(n, max(_MOST_NUMBERS // width, 2))


def range_of_features(inputs: InputScaling, sequences: Sequences) -> tuple[Tensor, Tensor]:
    """Find the least and the largest value of each scaled feature, outliers left out."""
    low, high = (torch.full((inputs.width,), end, dtype=torch.float32, device="cpu") for end in (math.inf, -math.inf))
    for batch in batches_of(sequences):
        x = inputs(batch.values)
        steps = x.flatten(0, 1) if batch.lengths is None else x[valid_steps(batch.lengths, x.shape[1])[..., 0]]
        low, high = torch.minimum(low, steps.amin(0)), torch.maximum(high, steps.amax(0))
    return low.clamp(min=-_FAR_OUT), high.clamp(max=_FAR_OUT)


def usual_length(sequences: Sequences) -> int:
    """Give the length that nine sequences in ten have."""
    return sequences.longest if sequences.equally_long else int(np.quantile(sequences.lengths, 0.1))


def scaled_targets(target: Scaler, data: Dataset) -> NDArray[np.float64]:
    """Scale the targets of a data set."""
    scaled: NDArray[np.float64] = target(torch.from_numpy(data.y)).numpy()
    return scaled


def folds_for_lines(training: Dataset, learned: Dataset, index: NDArray[np.int64]) -> tuple[Fold, ...]:
    """Hold out every sequence once: with all of its series, where the model is for other series.

    They are dealt alike whatever the seed of the fit: no line hangs on it.

    Parameters
    ----------
    training : Dataset
        What there is to learn from.
    learned : Dataset
        What lines are fitted on, of it.
    index : ndarray of int64
        Where that stands.

    Returns
    -------
    tuple of Fold
        Positions among what lines are fitted on.
    """
    generator = np.random.default_rng(0)
    if training.for_other_series and learned.series is not None and len(np.unique(learned.series)) > 1:
        return folds_of_series(learned.series, generator)
    return folds_of(index, places_apart(training.sequences), generator)
