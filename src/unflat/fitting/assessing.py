"""How a trained predictor did on what was held out: scores beside the baselines'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.baselines import Baselines
from unflat.metrics import assess
from unflat.network import predict_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.dataset import Dataset
    from unflat.metrics import Assessment
    from unflat.network import Predictor
    from unflat.parting import Part, Parting


def assess_on(predictor: Predictor, baselines: Baselines, data: Dataset) -> Assessment:
    """Hold a predictor against the baselines on a part of the data."""
    prediction = predict_all(predictor, data.sequences)
    references, reasons = baselines.predict(data.sequences), baselines.reasons_for(data.sequences)
    return assess(data.y, prediction, references, reasons, data.weights)


def assess_held_out(predictor: Predictor, baselines: Baselines, parting: Parting) -> Assessment | None:
    """Hold a predictor against the baselines on what was held out; None where nothing was.

    Where networks held out different parts, each part is predicted by the network that did not learn from it, and by
    baselines that did not; what several of them held out, by the mean of these.
    """
    if parting.held_out is None:
        return None
    if not parting.crossed:
        return assess_on(predictor, baselines, parting.held_out)
    predicted = [_unseen(predictor, part, held_out) for part, held_out in parting.held_out_parts]
    prediction = parting.once(np.concatenate([own for own, _ in predicted]))
    names = [name for name in predicted[0][1] if all(name in of_part for _, of_part in predicted)]
    references = {name: parting.once(np.concatenate([of_part[name] for _, of_part in predicted])) for name in names}
    once = parting.held_out.take(parting.firsts)
    return assess(once.y, prediction, references, baselines.reasons_for(once.sequences), once.weights)


def _unseen(
    predictor: Predictor, part: Part, held_out: Dataset
) -> tuple[NDArray[np.float64], Mapping[str, NDArray[np.float64]]]:
    """Predict what a part holds out, by its networks and by baselines of what they learned from."""
    training = part.training
    baselines = Baselines.fit(training.sequences, training.y, training.past, sample_weight=training.weights)
    return predict_all(predictor.only(part.members), held_out.sequences), baselines.predict(held_out.sequences)
