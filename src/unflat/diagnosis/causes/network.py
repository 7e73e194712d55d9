"""Data and predictions as the network itself has them: after the scales that are part of a model."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.diagnosis.causes.symptoms import varies
from unflat.diagnosis.measured.examination import SAMPLE, evenly_among
from unflat.diagnosis.subjects import TargetScale, last_activated, output_activation
from unflat.diagnosis.subjects.optimizers import ADAPTIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.subjects import Gradients, Layer

_ROUNDING = 1e-4
"""Relative difference that may be float32's, summed in another order."""


class Image(NamedTuple):
    """What an output activation can give.

    Parameters
    ----------
    low, high : float
        Its bounds.
    """

    low: float
    high: float


IMAGES: Mapping[str, Image] = {
    "sigmoid": Image(0.0, 1.0),
    "hard_sigmoid": Image(0.0, 1.0),
    "softmax": Image(0.0, 1.0),
    "tanh": Image(-1.0, 1.0),
    "softsign": Image(-1.0, 1.0),
    "relu": Image(0.0, np.inf),
    "relu6": Image(0.0, 6.0),
    "softplus": Image(0.0, np.inf),
    "exponential": Image(0.0, np.inf),
    "elu": Image(-1.0, np.inf),
}
"""Activations that cannot give every number."""


def to_network(examination: Examination, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring targets or predictions (n, k) onto the scale that the network learns them on."""
    scale = examination.subject.target_scale() or _scale_after_the_head(examination)
    return y if scale is None else scale.scaled(y)


def network_inputs(examination: Examination) -> NDArray[np.float64]:
    """Give what the first trained layer reads of the first sequences; inputs as given where it cannot be seen.

    A convolution learns, too: what it makes of the inputs is not their scale.
    """
    inputs = examination.layer_inputs
    given = examination.training.values[:SAMPLE]
    before = next((layer.name for layer in examination.layers if layer.parameters and layer.kind != "norm"), None)
    read = None if before is None or before not in inputs else np.asarray(inputs[before])
    for seen in () if read is None or read.ndim != given.ndim else (read, read.swapaxes(1, 2)):
        if seen.shape[1:] == given.shape[1:]:
            return seen.astype(np.float64)
    first = next((layer.name for layer in examination.layers if _is_learner(layer)), None)
    if first is None or first not in inputs:
        return given
    return np.asarray(inputs[first], dtype=np.float64)


def gradients_in_one_shape(examination: Examination) -> Gradients | None:
    """Measure gradients of the loss with targets in the shape of the predictions, whatever shape they came in.

    Training may have brought both into one shape before the loss, which nobody sees who is given the data alone.
    """
    part = examination.training
    if prod(part.prediction_shape[1:]) != prod(part.y_shape[1:]):
        return examination.gradients
    y = part.y[:SAMPLE].reshape((-1, *part.prediction_shape[1:]))
    return examination.subject.gradients(part.X[:SAMPLE], y)


def losses_of_targets(examination: Examination) -> tuple[float | None, float | None]:
    """Measure the model's own loss of training targets as they come.

    Parameters
    ----------
    examination : Examination
        What was measured.

    Returns
    -------
    perfect, mean : float or None
        Of some targets as predictions of themselves, and of their mean; None where the loss is not known, shapes differ
        by more than axes, or targets are constant.
    """
    part = examination.training
    places = evenly_among(len(part))
    targets, n = part.y[places], len(places)
    if prod(part.prediction_shape[1:]) != part.y.shape[1] or not varies(targets).any():
        return None, None
    shape, y = (n, *part.prediction_shape[1:]), targets.reshape((n, *part.y_shape[1:]))
    mean = np.broadcast_to(targets.mean(axis=0), targets.shape)
    subject = examination.subject
    return subject.loss_of(targets.reshape(shape), y), subject.loss_of(mean.reshape(shape), y)


def last_states(examination: Examination) -> NDArray[np.float64] | None:
    """Give what the last dense layer reads of the first sequences, (n, H); None where it cannot be seen."""
    inputs = examination.layer_inputs
    last = next((layer.name for layer in reversed(examination.layers) if layer.kind == "dense"), None)
    if last is None or last not in inputs:
        return None
    states = np.asarray(inputs[last], dtype=np.float64)
    return states[:, -1] if states.ndim == 3 else states  # noqa: PLR2004 - sequences, time, units


def steps_made(examination: Examination) -> int | None:
    """Count the optimizer's steps, from what is known; None if too little is."""
    settings = examination.settings
    if settings is None:
        return None
    if settings.steps is not None:
        return settings.steps
    epochs = settings.epochs or len(examination.losses)
    if not epochs or settings.batch_size is None:
        return None
    return epochs * -(-len(examination.training) // settings.batch_size)


def reach(examination: Examination) -> float | None:
    """Say how far the output can have moved from where it began: lr · S · (Σ|h| + 1).

    Holds for optimizers that move each parameter by about the rate in a step; h are the states that the last dense
    layer reads, S the number of steps. Every weight of that layer has then moved by at most lr · S, as has its bias.

    Parameters
    ----------
    examination : Examination
        What was measured.

    Returns
    -------
    float or None
        In the network's units of the target; None where rate, steps or states are not known, or for other optimizers.
    """
    settings, states, steps = examination.settings, last_states(examination), steps_made(examination)
    if settings is None or settings.optimizer not in ADAPTIVE or settings.learning_rate is None:
        return None
    if states is None or steps is None:
        return None
    return settings.learning_rate * steps * (float(np.abs(states).sum(axis=1).mean()) + 1)


def distance(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how far from 0, where outputs begin, a network must get: |mean| + 2 deviations, for 95 % of targets."""
    mean, deviation = moments(targets)
    return np.abs(mean) + 2 * deviation


def output_image(examination: Examination) -> tuple[str, Image] | None:
    """Name the activation that predictions come out of, and what it can give; None if it can give every number.

    Parameters
    ----------
    examination : Examination
        What was measured.

    Returns
    -------
    tuple of (str, Image) or None
        Name and bounds, in the network's units of the target.
    """
    last = last_activated(examination.layers)
    seen = 0 if last is None else len(examination.activations.get(last.name, ()))  # a long sequence's are few
    prediction = to_network(examination, examination.training.prediction[:seen])
    name = output_activation(examination.layers, examination.activations, prediction)
    if name == "softmax" and prediction.shape[1] == 1:
        return "softmax of one unit", Image(1.0, 1.0)
    return None if name is None or name not in IMAGES else (name, IMAGES[name])


def moments(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of the last axis's columns over all others, of finite values only; 0 where there are none."""
    rows = values.reshape(-1, values.shape[-1])
    finite = np.isfinite(rows)
    count = np.maximum(finite.sum(axis=0), 1)
    with np.errstate(over="ignore", invalid="ignore"):
        known = np.where(finite, rows, 0.0)
        mean = known.sum(axis=0) / count
        square = np.where(finite, (known - mean) ** 2, 0.0).sum(axis=0) / count
    return mean, np.sqrt(square)


def _scale_after_the_head(examination: Examination) -> TargetScale | None:
    """Measure the straight line from the last layer's values to the predictions; None where there is none."""
    last = next((layer.name for layer in reversed(examination.layers) if _is_learner(layer)), None)
    values = examination.activations.get(last) if last is not None else None
    if values is None or not examination.training.finite or len(values) <= 2:  # noqa: PLR2004 - two points are a line
        return None
    prediction = examination.training.prediction[: len(values)]
    given = np.asarray(values, dtype=np.float64)
    if given.shape != prediction.shape or np.allclose(given, prediction, rtol=_ROUNDING, atol=_ROUNDING):
        return None
    spread = given.std(axis=0)
    flat = (spread <= _ROUNDING * np.abs(given).max(axis=0)) | (np.ptp(prediction, axis=0) == 0)
    if flat.any():  # a line through such values is one of rounding
        return None
    scale = (given * (prediction - prediction.mean(axis=0))).mean(axis=0) / spread**2
    center = prediction.mean(axis=0) - scale * given.mean(axis=0)
    exact = np.abs(center + scale * given - prediction).max(axis=0) <= 0.01 * prediction.std(axis=0)
    return TargetScale(center, scale) if exact.all() else None


def _is_learner(layer: Layer) -> bool:
    return layer.kind in {"recurrent", "dense"}
