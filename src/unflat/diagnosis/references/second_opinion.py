"""A second opinion before a model is let pass: what a small recurrent network finds that other learners do not.

Learners of tables know little of what hangs on the order of steps. A model that is as good as they are, or finds no
more than they do, may still be far from what its kind can do; so a network of its kind is trained, briefly, before it
is called healthy, or before it is said that there is nothing to find.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.references.idle import steps_that_tell
from unflat.diagnosis.references.recurrent import RECURRENT, recurrent, steps_of
from unflat.diagnosis.references.signal import signals_of
from unflat.diagnosis.references.tables import Tables, in_place, orders_of, padded_alike
from unflat.sequences.folds import folds_of, places_apart_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.references.signal import Reference, References
    from unflat.diagnosis.references.tables import Pairs

FEWEST_SEQUENCES = 50
"""Sequences below which a network learns nothing that others do not."""


def with_second_opinion(
    found: References, training: Pairs, held_out: Pairs | None, generator: np.random.Generator
) -> References:
    """Let a small recurrent network learn the targets as well.

    It sees the sequences that the others saw, without idle steps at their end, and is judged as they are.

    Parameters
    ----------
    found : References
        What other learners reach.
    training : tuple of ndarray of shape (n, T, F) and (n, k), float64
        Sequences and targets, as they were given to them.
    held_out : tuple of the same, or None
        Data that the model was not trained on.
    generator : numpy.random.Generator
        Seeds the network, and draws folds and shuffles.

    Returns
    -------
    more : References
        With one learner more, which is also among all of them together; as it was for fewer than 50 sequences, or
        where no target varies.
    """
    together = found.together
    if together is None or found.n < FEWEST_SEQUENCES or np.isnan(together.r2).all():
        return found
    places, asked = _seen(together.prediction), _seen(together.held_out_prediction)
    values, y = (part[places] for part in training)
    new = None if held_out is None else (held_out[0][asked], held_out[1][asked])
    every = padded_alike(values, new)
    every = every[:, : steps_that_tell(every[: len(y)], y)]
    tables = Tables.of(steps_of(every, len(y)), y, new)
    apart = places_apart_in(training[0])
    predicted = recurrent(tables, folds_of(places, apart, generator), generator)
    orders = orders_of(places, len(training[1]), apart, generator)
    network = tables.reached(RECURRENT, *predicted, orders)
    elsewhere = (None, 0) if held_out is None else (asked, len(held_out[1]))
    learners = (*found.learners, in_place(network, (places, len(training[1])), elsewhere))
    both = tables.together((_among_seen(together, places, asked), network))
    return replace(
        found,
        learners=learners,
        signal=signals_of(learners),
        together=in_place(both, (places, len(training[1])), elsewhere),
    )


def _seen(prediction: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """Find the sequences that learners were asked about."""
    if prediction is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.isfinite(prediction).any(axis=1))


def _among_seen(learner: Reference, places: NDArray[np.int64], asked: NDArray[np.int64]) -> Reference:
    """Keep the predictions for sequences that learners were asked about."""
    known, new = learner.prediction, learner.held_out_prediction
    width = len(learner.r2)
    return replace(
        learner,
        prediction=None if known is None else known[places],
        held_out_prediction=np.empty((0, width)) if new is None else new[asked],
    )
