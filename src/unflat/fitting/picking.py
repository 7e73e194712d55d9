"""Lines that pick the little that tells, for trained networks to be mixed with as far as held-out sequences vouch.

Networks begin at a line that reads little. Where a single product, an extreme value or one feature of many tells most,
of few sequences neither that line nor what is learned after it finds it; a line that picks does. It is fitted beside
the networks, to what each learns from, and not under them: what is left after products is rough, and recurrences that
were trained on that got no further. Whoever is better on what is held out counts more (Wolpert, Stacked generalization,
Neural Networks 5, 1992; Breiman, Stacked regressions, Machine Learning 24, 1996).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.network.lines.boosting import moves_worth_making, stopped, to_pick_from
from unflat.network.lines.line import Line, least_of
from unflat.network.lines.reading import (
    Reader,
    folds_for_lines,
    places_to_read,
    range_of_features,
    scaled_targets,
    usual_length,
)
from unflat.parting.moderation import is_moderated

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.config import LossName
    from unflat.dataset import Dataset
    from unflat.network import Predictor
    from unflat.parting import Parting


class Picks(NamedTuple):
    """Lines that pick, one of each part.

    Parameters
    ----------
    lines : tuple of Line
        Fitted to what the networks of a part learn from; all of the same terms.
    bounds : tuple of two Tensors of shape (F,)
        The range of each scaled feature that enters products.
    errors : tuple of Tensor of shape (n, outputs)
        Scaled target less prediction, on what each part holds out.
    """

    lines: tuple[Line, ...]
    bounds: tuple[Tensor, Tensor]
    errors: tuple[Tensor, ...]


NOTHING_PICKED = Picks(
    (), (torch.empty(0, dtype=torch.float32, device="cpu"), torch.empty(0, dtype=torch.float32, device="cpu")), ()
)
"""Where there are no such lines."""


def picks_of(predictor: Predictor, parting: Parting, loss: LossName) -> Picks:
    """Fit a line that picks to what the networks of each part learn from.

    When to stop is chosen by cross-validation among all that any of them learns from; what is picked, by each part
    alone: nothing that a part holds out has a say in it.

    Parameters
    ----------
    predictor : Predictor
        What `prepare` made.
    parting : Parting
        What its networks learn from, and what they hold out.
    loss : str
        What networks are trained on.

    Returns
    -------
    Picks
        Nothing where nothing is held out that could vouch for them, where networks have no line, and where errors are
        judged by something else than squares.
    """
    if parting.held_out is None or not is_moderated(predictor.network.config, loss):
        return NOTHING_PICKED
    inputs, training = predictor.inputs, parting.whole
    terms = to_pick_from(inputs.width, usual_length(training.sequences))
    beside = 0 if predictor.context is None else predictor.context.width
    index = places_to_read(len(training), terms.width(inputs.width) + beside)
    learned = training.take(index)
    skip = predictor.network.members[0].skip
    own = None if skip is None else skip.bounds  # which the products of both are held to
    bounds = range_of_features(inputs, learned.sequences) if own is None else own
    reader = Reader(inputs, predictor.context, bounds)
    read, targets = reader.read(learned.sequences, terms), scaled_targets(predictor.target, learned)
    moves = moves_worth_making(read, targets, learned.weights, folds_for_lines(training, learned, index))
    lines = []
    for part in parting.parts:
        inside = np.isin(index, part.places)
        weights = None if learned.weights is None else learned.weights[inside]
        lines.append(Line(terms, *stopped(read[inside], targets[inside], weights, moves)))
    lines = least_of(lines, inputs.width, beside)
    errors = [
        _errors(reader, line, predictor, held_out)
        for line, (_, held_out) in zip(lines, parting.held_out_parts, strict=True)
    ]
    return Picks(tuple(lines), bounds, tuple(errors))


def _errors(reader: Reader, line: Line, predictor: Predictor, held_out: Dataset) -> Tensor:
    missed = scaled_targets(predictor.target, held_out) - line.predict(reader.read(held_out.sequences, line.terms))
    return torch.from_numpy(missed).float()
