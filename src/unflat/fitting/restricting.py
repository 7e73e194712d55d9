"""Predictions restricted to the range of known targets, where what was held out does not vouch for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.intervals import describe
from unflat.network.lines.reading import scaled_targets
from unflat.scaling.limits import Trial, ends_of

if TYPE_CHECKING:
    from unflat.dataset import Dataset
    from unflat.network import Predictor
    from unflat.parting import Part, Parting


def restrict_to_known_targets(predictor: Predictor, parting: Parting) -> None:
    """Hold predictions within the range of the targets, unless what was held out vouches for what lies beyond.

    Only where every sequence was held out by networks that learned from others: then the largest and the smallest
    target were predicted by somebody who had seen none like it, and a trend that goes on shows. Not of a series, which
    goes on to where it has not been.

    Parameters
    ----------
    predictor : Predictor
        Trained; it is changed in place.
    parting : Parting
        What its networks learned from, and what they held out.
    """
    of_a_series = parting.latest is not None
    if not parting.crossed or of_a_series or len(parting.firsts) < len(parting.whole):
        return
    trials = [_trial(predictor, part, held_out) for part, held_out in parting.held_out_parts]
    predictor.hold.set_ends(ends_of(trials))


def _trial(predictor: Predictor, part: Part, held_out: Dataset) -> Trial:
    learned, true = (scaled_targets(predictor.target, data) for data in (part.training, held_out))
    predicted = describe(predictor.only(part.members), held_out.sequences)[:, : predictor.network.outputs]
    return Trial(learned, predicted.double().numpy(), true, held_out.weights)
