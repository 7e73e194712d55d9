"""What training begins at: the line of the skip, chosen and fitted on sequences spread over the training part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.baselines.design import evenly
from unflat.batches import BatchSource
from unflat.dataset import places_apart
from unflat.folds import folds_of
from unflat.network.line import fit_line, richest, terms_to_try
from unflat.network.steps import valid_steps
from unflat.network.terms import summary
from unflat.sequences import sequences_together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from unflat.batches import Batch
    from unflat.dataset import Dataset
    from unflat.network.line import Line
    from unflat.scaling import InputScaling, Scaler
    from unflat.sequences import Sequences

_FAR_OUT = 5.0
"""Scales from the center beyond which a value enters products no further: a few outliers would rule them."""

_LINE_ELEMENTS = 10_000_000
"""Numbers that the line which training begins at is fitted on, at the most."""


class Start(NamedTuple):
    """What training begins at.

    Parameters
    ----------
    line : Line
        What the skip is set to.
    bounds : tuple of two Tensors of shape (F,), or None
        The range of each scaled feature that enters products; None where none were tried.
    """

    line: Line
    bounds: tuple[Tensor, Tensor] | None


def start_of(inputs: InputScaling, context: InputScaling | None, target: Scaler, training: Dataset) -> Start:
    """Choose what the skip reads, and fit it.

    Parameters
    ----------
    inputs, context : InputScaling
        From raw values to the network's, of steps and of what stands beside sequences; None where nothing does.
    target : Scaler
        From raw targets to the network's.
    training : Dataset
        The training part, and nothing else.

    Returns
    -------
    Start
        The line, and the range of what it multiplies.
    """
    choices = terms_to_try(inputs.width, _usual_length(training.sequences), len(training))
    widest, beside = richest(choices), 0 if context is None else context.width
    index = evenly(len(training), max(_LINE_ELEMENTS // (widest.width(inputs.width) + beside), 2))
    sequences = training.sequences.take(index)
    bounds = _bounds(inputs, sequences) if widest.curved else None
    summaries = [
        summary(inputs(batch.values), batch.lengths, _beside(context, batch), widest, bounds)
        for batch in _batches(sequences)
    ]
    line = fit_line(
        torch.cat(summaries).numpy(),
        target(torch.from_numpy(training.y[index])).numpy(),
        None if training.weights is None else training.weights[index],
        [(terms, terms.columns_among(widest, inputs.width, beside)) for terms in choices],
        # Dealt alike whatever the seed of the fit: the line does not hang on it.
        folds_of(index, places_apart(training.sequences), np.random.default_rng(0)),
    )
    return Start(line, bounds)


def _beside(context: InputScaling | None, batch: Batch) -> Tensor | None:
    return None if context is None else context(batch.context)


def _bounds(inputs: InputScaling, sequences: Sequences) -> tuple[Tensor, Tensor]:
    """Find the range of each scaled feature, outliers left out."""
    low, high = torch.full((inputs.width,), math.inf), torch.full((inputs.width,), -math.inf)
    for batch in _batches(sequences):
        x = inputs(batch.values)
        steps = x.flatten(0, 1) if batch.lengths is None else x[valid_steps(batch.lengths, x.shape[1])[..., 0]]
        low, high = torch.minimum(low, steps.amin(0)), torch.maximum(high, steps.amax(0))
    return low.clamp(min=-_FAR_OUT), high.clamp(max=_FAR_OUT)


def _batches(sequences: Sequences) -> Iterator[Batch]:
    return (batch for _, batch in BatchSource(sequences).in_order(sequences_together(sequences.longest)))


def _usual_length(sequences: Sequences) -> int:
    """Give the length that nine sequences in ten have."""
    return sequences.longest if sequences.equally_long else int(np.quantile(sequences.lengths, 0.1))
