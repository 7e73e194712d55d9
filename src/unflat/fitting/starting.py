"""What training begins at: the line of the skip, chosen and fitted on sequences spread over the training part.

Where the target is a later value of a feature, the validation part may speak against the line and for that feature's
last value: what a line learned of one season is wrong in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.network.lines.anchor import last_value
from unflat.network.lines.line import choose_line, richest, terms_to_try
from unflat.network.lines.reading import (
    Reader,
    folds_for_lines,
    places_to_read,
    range_of_features,
    scaled_targets,
    usual_length,
)
from unflat.parting.moderation import share_of_way
from unflat.sequences.folds import places_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.network.lines.anchor import Anchor
    from unflat.network.lines.line import Line
    from unflat.network.terms import Terms
    from unflat.parting import Parting
    from unflat.scaling.scales import InputScaling, Scaler


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


def starts_of(
    inputs: InputScaling, context: InputScaling | None, target: Scaler, parting: Parting
) -> tuple[Start, ...]:
    """Choose what the skips read, and fit each to what its network learns from.

    Parameters
    ----------
    inputs, context : InputScaling
        From raw values to the network's, of steps and of what stands beside sequences; None where nothing does.
    target : Scaler
        From raw targets to the network's.
    parting : Parting
        What networks learn from. What all of them hold out may refute the line, and of a series its end.

    Returns
    -------
    tuple of Start
        Of each network: the line, and the range of what it multiplies. All read the same terms.
    """
    training = parting.whole
    choices = terms_to_try(inputs.width, usual_length(training.sequences), len(training))
    widest, beside = richest(choices), 0 if context is None else context.width
    index = places_to_read(len(training), widest.width(inputs.width) + beside)
    learned = training.take(index)
    reader = Reader(inputs, context, range_of_features(inputs, learned.sequences) if widest.curved else None)
    anchor = _anchor(inputs, target, learned)
    read = reader.read(learned.sequences, widest)
    scales = _scales(read, widest, inputs.width)
    read, targets = np.divide(read, scales, out=read), scaled_targets(target, learned)
    choice = choose_line(
        read,
        targets,
        learned.weights,
        [(terms, terms.columns_among(widest, inputs.width, beside)) for terms in choices],
        folds_for_lines(training, learned, index),
        anchor=anchor,
    )
    lines = [choice.line]
    if parting.crossed:
        inside = [np.isin(index, part.places) for part in parting.parts]
        lines = [
            choice.fitted_to(read[own], targets[own], None if learned.weights is None else learned.weights[own])
            for own in inside
        ]
    lines = [line._replace(weight=line.weight / scales[choice.columns]) for line in lines]
    latest = None if parting.latest is None else parting.latest.held_out
    if latest is not None and not anchor.at_mean:
        read = reader.read(latest.sequences, choice.terms)
        share = _share_not_refuted(anchor, lines[-1], read, scaled_targets(target, latest), latest)
        lines = [line.nearer_to(anchor, share) for line in lines]
    return tuple(Start(lines[parting.parts.index(part)], reader.bounds) for part in parting.of_each)


def _scales(read: NDArray[np.float32], terms: Terms, features: int) -> NDArray[np.float32]:
    """Give the deviation of each mean product, and one for all else.

    Over hundreds of steps of which one alone counts, a mean hardly varies: a penalty that fits numbers of a deviation
    near one would shrink it. All else keeps its scale: what varies little among steps that are alike is noise.
    """
    scales = np.ones(read.shape[1], dtype=np.float32)
    places = terms.moments_among(features)
    deviations = read[:, places].std(axis=0)
    scales[places] = np.where(deviations > 0, deviations, 1)
    return scales


def _anchor(inputs: InputScaling, target: Scaler, data: Dataset) -> Anchor:
    """Find what the line is held back towards where it is the last value of something."""
    ends = data.sequences.starts + data.sequences.lengths - 1
    last = data.sequences.rows[ends][:, inputs.numeric.numpy()].astype(np.float64)
    return last_value(last, data.y, inputs.scaler, target, inputs.width)


def _share_not_refuted(
    anchor: Anchor, line: Line, read: NDArray[np.float32], targets: NDArray[np.float64], validation: Dataset
) -> NDArray[np.float64]:
    before, after = (torch.from_numpy(targets - simple.predict(read)) for simple in (anchor, line))
    weights = None if validation.weights is None else torch.from_numpy(validation.weights)
    return share_of_way(before, after, weights, places_apart(validation.sequences)).not_refuted.numpy()
