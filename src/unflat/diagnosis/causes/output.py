"""Causes at the output: what it can give, in which shape, in which mode, and whether it is trained at all."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.activity import saturated_gates
from unflat.diagnosis.causes.network import (
    distance,
    gradients_in_one_shape,
    losses_of_targets,
    output_image,
    reach,
    to_network,
)
from unflat.diagnosis.causes.optimisation import falls_straight, over_regularised
from unflat.diagnosis.causes.rule import compiled_as_before, cure_for
from unflat.diagnosis.causes.symptoms import attainable, unlearned, varies, worse_than_it_should
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references import GAIN
from unflat.diagnosis.subjects.optimizers import ADAPTIVE
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination, Part

_RANGE_CODE: Code = {
    "keras": "outputs = keras.layers.Dense(units)(states)  # no activation on the last layer",
    "torch": "self.head = torch.nn.Linear(hidden, outputs)  # and nothing after it in forward",
    "sklearn": "model.out_activation_  # 'identity' for a regressor; scale the target into the range of any other",
    "function": "# return the last linear map itself, without sigmoid, tanh, softmax or ReLU",
}


def output_range(examination: Examination) -> Cause | None:
    """Find targets outside of what the last activation can give."""
    found = output_image(examination)
    if found is None or not worse_than_it_should(examination):
        return None
    name, image = found
    targets = to_network(examination, examination.training.y)
    nearest = np.clip(targets, image.low, image.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = 1 - np.mean((targets - nearest) ** 2, axis=0) / np.var(targets, axis=0)
    best = np.where(varies(targets), best, 1.0)
    output = int(best.argmin())
    if not best[output] < 1 - GAIN:
        return None
    outside = float(np.mean(nearest[:, output] != targets[:, output]))
    return Cause(
        "output_range",
        f"The predictions come out of {name}, which gives nothing outside of [{image.low:g}, {image.high:g}], and "
        "targets lie there.",
        (
            Evidence("share of targets that the last activation cannot give", outside, "0"),
            Evidence("highest R² that it can reach", float(best[output]), "1"),
        ),
        cure_for(examination, "Leave the last layer linear.", _RANGE_CODE),
        0.9 if best[output] < 0.5 else 0.7,  # noqa: PLR2004 - more than half of the variance is out of reach
    )


_BROADCAST_CODE: Code = {
    "torch": "loss = criterion(model(X).squeeze(-1), y)  # both (n,); or criterion(model(X), y.reshape(-1, 1))",
    "keras": "y = y.reshape(len(y), -1)  # (n, 1), as the predictions; or loss='mse' in place of an own loss",
    "function": "loss = numpy.mean((prediction.reshape(y.shape) - y) ** 2)",
}


def loss_broadcast(examination: Examination) -> Cause | None:
    """Find a loss that compares every prediction with every target, because of an axis too many.

    Such a loss is larger for predictions without any error, two variances of the targets, than for their mean, one.
    Where the loss is not known, shapes that would be broadcast must do.
    """
    part = examination.training
    if not unlearned(examination) or not part.finite or not np.isfinite(part.y).all() or _for_each_step(part):
        return None
    perfect, mean = losses_of_targets(examination)
    if perfect is None or mean is None:
        broadcast = _would_broadcast(part) and examination.subject.framework in {"torch", "function"}
    else:
        broadcast = perfect > mean
    if not broadcast or _fell_below(examination, mean):
        return None
    evidence = [
        Evidence("axes of the predictions", float(len(part.prediction_shape)), f"{len(part.y_shape)}, as targets"),
        Evidence("spread", float(np.nanmin(part.spread)), "near 1"),
    ]
    if perfect is not None and mean is not None:
        evidence.insert(0, Evidence("loss of predictions without any error", perfect, f"below {mean:.4g}, the mean's"))
    pull = _pull(examination)
    if pull is not None:
        words = "pull of that loss on the weights, as a share of its pull with both in one shape"
        evidence.append(Evidence(words, pull, "1 or more, unless training rests where that loss lets it"))
    return Cause(
        "loss_broadcast",
        f"Predictions of shape {part.prediction_shape} against targets of shape {part.y_shape} are broadcast to every "
        "pair of the two; that loss is smallest where every prediction is the mean of all targets.",
        tuple(evidence),
        cure_for(examination, "Give predictions and targets the same shape before the loss.", _BROADCAST_CODE),
        _confidence_of_broadcast(examination, pull, mean),
    )


_BELOW = 0.9
"""Share of the mean's loss that no loss which is broadcast falls below, whatever is predicted; a tenth for batches."""

_AT_REST = 0.3
"""Gradient of the loss as it is broadcast, over that of the same with both in one shape, below which training came to
rest where the former has it; fixed on the first half of the benchmark of faults: 0.1, and 0.4 to 1 for other faults."""


def _fell_below(examination: Examination, mean: float | None) -> bool:
    """Whether training saw a loss that is lower than predictions can have when they are broadcast."""
    losses = np.asarray(examination.losses)
    return mean is not None and len(losses) > 0 and bool(losses[-1] < _BELOW * mean)


def _pull(examination: Examination) -> float | None:
    """Compare the gradient of the loss as shapes come with that of the same loss, both in one shape."""
    part, as_it_comes = examination.training, examination.gradients
    if as_it_comes is None or examination.subject.loss_of(part.y[:2], part.y[:2]) is None:
        return None
    together = gradients_in_one_shape(examination)
    if together is None:
        return None
    return as_it_comes.norm / together.norm if together.norm > 0 else 1.0  # nothing is trained, so nothing is at rest


_WEAKER = 0.6
"""The same where the recorded loss lies still at the mean's: two-layer networks at 15 and 60 epochs left 0.33 to 0.50,
and 0.60 to 1 where a rate was at fault and the loss in one shape."""

_STILL = 0.05
"""How far a loss that lies still at the mean's may lie off it, as a share of it, in the last half of the epochs."""

_EPOCHS = 6
"""Epochs from which on a loss can be seen to lie still."""


def _lies_at_the_means(examination: Examination, mean: float | None) -> bool:
    """Whether the recorded loss stayed where a loss that is broadcast is smallest, for the last half of the epochs."""
    losses = np.asarray(examination.losses)
    if mean is None or len(losses) < _EPOCHS:
        return False
    return bool((np.abs(losses[len(losses) // 2 :] - mean) <= _STILL * mean).all())


def _confidence_of_broadcast(examination: Examination, pull: float | None, mean: float | None) -> float:
    """Believe it most where predictions are the mean; least where training came to rest nowhere, or could not move.

    Where the loss is not known, there are but shapes to go by, which many a sound program has as well. A loss recorded
    at the mean's, although the same loss in one shape pulls harder, counts for more than how far steps can have led:
    that bound rests on states that such a training has shrunk.
    """
    if pull is not None and pull < _WEAKER and _lies_at_the_means(examination, mean):
        return 0.95 if pull < _AT_REST and _is_the_mean(examination.training) else 0.75
    reached = reach(examination)
    if reached is not None and reached < distance(to_network(examination, examination.training.y)).max():
        return 0.3
    if (pull is not None and pull >= _AT_REST) or falls_straight(examination):
        return 0.2
    if saturated_gates(examination) is not None or over_regularised(examination) is not None:
        return 0.3  # a loss that is broadcast shuts no gate, and drops or shrinks nothing
    if mean is None:
        return 0.4
    return 0.95 if _is_the_mean(examination.training) else 0.6


def _would_broadcast(part: Part) -> bool:
    return part.prediction_shape != part.y_shape and prod(part.prediction_shape) == prod(part.y_shape)


def _is_the_mean(part: Part) -> bool:
    """Whether predictions are nearly the mean of the targets, whatever they are given."""
    off = np.abs(part.prediction.mean(axis=0) - part.y.mean(axis=0))
    return bool((off <= part.y.std(axis=0) / 2).all() and (part.spread[varies(part.y)] < FLAT_SPREAD).all())


def _for_each_step(part: Part) -> bool:
    """Whether there is a prediction for every time step, and a target for none."""
    given, wanted, steps = part.prediction_shape, part.y_shape, part.values.shape[1]
    return len(given) > 1 and given[1] == steps > 1 and prod(given[1:]) == steps * prod(wanted[1:])


_SEQUENCES_CODE: Code = {
    "keras": "keras.layers.LSTM(units)  # the last recurrent layer without return_sequences=True",
    "torch": "states, _ = self.lstm(x)\nreturn self.head(states[:, -1])  # the last step only",
    "function": "prediction = prediction[:, -1]",
}


def sequences_returned(examination: Examination) -> Cause | None:
    """Find predictions for every step against targets of one number a sequence."""
    part = examination.training
    if not _for_each_step(part):
        return None
    given, wanted, steps = part.prediction_shape, part.y_shape, part.values.shape[1]
    return Cause(
        "sequences_returned",
        "The model gives a prediction for every time step, and each is held against the one target of the sequence; "
        "the first steps have seen nothing of it yet.",
        (
            Evidence("predictions for a sequence", float(prod(given[1:])), f"{prod(wanted[1:])}, as targets"),
            Evidence("time steps of a sequence", float(steps), "not the number of predictions"),
        ),
        cure_for(examination, "Let the last recurrent layer pass on its last step only.", _SEQUENCES_CODE),
        0.95,
    )


_MODE_CODE: Code = {
    "torch": "model.eval()  # before predicting; and model.train() while training, so that statistics follow",
    "keras": "model.predict(X)  # or model(X, training=False); train with fit, or with model(X, training=True)",
    "function": "# switch dropout off, and let norms use their running statistics, before predicting",
}

_MOVED = 0.5
"""Difference between two modes, in deviations of the predictions, at which a quarter of the variance is the mode's."""


def stale_mode(examination: Examination) -> Cause | None:
    """Find predictions that depend on the mode of the model: statistics of norms, or dropout left on."""
    if not worse_than_it_should(examination):
        return None
    X, subject = examination.training.X, examination.subject
    drawn = subject.draws(X) or 0.0
    if drawn >= _MOVED:
        return _drawn(examination, drawn)
    as_it_stands, own = subject.gives_other_in_evaluation(X) or 0.0, subject.gives_other_in_training(X) or 0.0
    if max(as_it_stands, own) < _MOVED and not _is_what_is_missing(examination, as_it_stands):
        return None
    return Cause(
        "stale_mode",
        "Predictions change with the mode of the model: it was left in training mode, or the statistics of its norms "
        "never followed the data.",
        (
            Evidence("difference to predictions in evaluation mode, in their deviation", as_it_stands, "0"),
            Evidence("difference to predictions with the batch's own statistics, in their deviation", own, "below 0.5"),
        ),
        cure_for(
            examination, "Predict in evaluation mode, after statistics were gathered in training mode.", _MODE_CODE
        ),
        0.85,
    )


def _is_what_is_missing(examination: Examination, moved: float) -> bool:
    """Whether so much of the predictions, in their deviation, is at least half of what others explain beyond them."""
    part = examination.training
    missing = attainable(examination, part) - part.r2
    added = (moved * part.spread) ** 2
    return moved > 0 and bool((np.isfinite(missing) & (missing > 0) & (added >= missing / 2)).any())


_DRAWN_CODE: Code = {
    "torch": "x = torch.nn.functional.dropout(x, p, training=self.training)  # training=True is its default, whatever "
    "the mode",
    "keras": "x = keras.layers.Dropout(rate)(x)  # without training=True, which leaves it on while predicting",
    "function": "model.eval()  # of PyTorch, before predicting; or model(x, training=False) of Keras",
}


def _drawn(examination: Examination, drawn: float) -> Cause:
    """Blame what is random in prediction itself."""
    return Cause(
        "stale_mode",
        "Two predictions of the same sequences differ: something is drawn at random in prediction, such as dropout "
        "that is always on.",
        (Evidence("difference of two predictions of the same sequences, in their deviation", drawn, "0"),),
        cure_for(examination, "Switch off in prediction what is random in training.", _DRAWN_CODE),
        0.85,
    )


_FROZEN_CODE: Code = {
    "torch": "for parameter in model.parameters():\n    parameter.requires_grad_(True)\n"
    "optimizer = torch.optim.Adam(model.parameters())  # all of them, made after the last layer was added",
    "keras": f"model.trainable = True\n{compiled_as_before('model')}  # takes effect when compiled",
}

_MAY_STAND = ("norm", "line")
"""Kinds of layers that need no gradients: their parameters are measured or fitted."""

_MOSTLY = 0.05
"""Trained share of all parameters below which a model is mostly frozen: a head on 20 times its size."""


def frozen_parameters(examination: Examination) -> Cause | None:
    """Find layers whose parameters are not trained, or that the optimizer does not hold; or that no step was taken."""
    if not unlearned(examination):
        return None
    return _not_trained(examination) or _no_step(examination)


def _not_trained(examination: Examination) -> Cause | None:
    weighted = [layer for layer in examination.layers if layer.parameters and layer.kind not in _MAY_STAND]
    frozen = [layer for layer in weighted if layer.trainable == 0]
    if not frozen:
        return None
    total = sum(layer.parameters for layer in weighted)
    trained = sum(layer.trainable for layer in weighted)
    head = weighted[-1] in frozen
    share = trained / total
    if not head and share > 0.5 and not any(layer.kind == "recurrent" for layer in frozen):  # noqa: PLR2004 - most
        return None
    return Cause(
        "frozen_parameters",
        f"Parameters of {', '.join(layer.name for layer in frozen)} are not trained, and stay what they were.",
        (
            Evidence("share of the parameters that is trained", share, "1"),
            Evidence("layers without any trained parameter", float(len(frozen)), "0"),
        ),
        cure_for(examination, "Train all parameters, and give the optimizer all of them.", _FROZEN_CODE),
        0.9 if head or share < _MOSTLY else 0.6,
    )


_STEP_CODE: Code = {
    "torch": "optimizer.zero_grad()\nloss.backward()\noptimizer.step()  # of an optimizer of this model's parameters",
}

_LEVEL = 1e-6
"""Range of a loss, as a share of it, that is float32's rounding of the same sum in another order."""

_FAR_MORE = 100.0
"""Times that range which a single step along the gradient would have lowered the loss by."""


def _no_step(examination: Examination) -> Cause | None:
    """Find a loss that lies still to rounding, although a single step of this rate would have lowered it by far more.

    To first order a step lowers the loss by rate · ‖g‖², one of Adam's kin by rate · Σ|g| ≥ rate · ‖g‖. A network
    without any gradient, of dead units for instance, is another matter.
    """
    settings, losses, gradients = examination.settings, np.asarray(examination.losses), examination.gradients
    if settings is None or settings.learning_rate is None or gradients is None or len(losses) < _EPOCHS:
        return None
    step = settings.learning_rate * gradients.norm ** (1 if settings.optimizer in ADAPTIVE else 2)
    moved = float(np.ptp(losses))
    if not (settings.clip_norm is None and moved <= _LEVEL * np.abs(losses).max() and step > _FAR_MORE * moved):
        return None
    return Cause(
        "frozen_parameters",
        "No step was taken: the loss lies still although there is a gradient to follow, and all parameters stay what "
        "they were.",
        (
            Evidence("range of the loss over all epochs", moved, f"above {step:.4g}, what one step would lower it by"),
            Evidence("norm of the gradient", gradients.norm, "any, if steps follow it"),
        ),
        cure_for(examination, "Let the optimizer take its step after each backward pass.", _STEP_CODE),
        0.9,
    )
