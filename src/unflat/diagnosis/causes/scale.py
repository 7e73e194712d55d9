"""Scales of targets and inputs that a network cannot learn with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.network import distance, losses_of_targets, moments, network_inputs, reach, to_network
from unflat.diagnosis.causes.rule import compiled_as_before, cure_for, target_of
from unflat.diagnosis.causes.symptoms import behind, unlearned, worse_than_it_should
from unflat.diagnosis.causes.units import in_other_units
from unflat.diagnosis.measured.standing import MATTERS
from unflat.diagnosis.records import Cause, Evidence
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.subjects import Relearned

UNSCALED = 10.0
"""A magnitude of inputs or targets that is no longer about 1.

Initial weights are made for inputs and outputs of about 1 (LeCun et al. 1998, Efficient BackProp, section 4.3; Glorot &
Bengio 2010): ten times that is another order of magnitude.
"""

_NARROW = 1.25
"""Slope of the line from predictions to targets from which on predictions are on their way, and did not get there."""

VANISHING = 0.01
"""A deviation that is no longer about 1: what random initial weights give differs more than the values do."""

_TARGET_WORDS = (
    "Standardize the target by its own mean and standard deviation of the training part, and bring predictions back."
)
_MEAN = "mean, std = y.mean(axis=0), y.std(axis=0)  # of the training part only\n"
_BACK = "prediction = {predict} * std + mean"
_TARGET_CODE: Code = {
    "unflat": 'model.set_params(scale_target="standard").fit(X, y)',
    "keras": _MEAN
    + f"fresh = keras.models.clone_model(model)\n{compiled_as_before('fresh')}\n"
    + "fresh.fit(X, (y - mean) / std, epochs=50)\n"
    + _BACK.format(predict="fresh.predict(X_new)"),
    "torch": _MEAN
    + "y_scaled = torch.as_tensor((y - mean) / std, dtype=torch.float32)  # train on these, from new weights\n"
    + _BACK.format(predict="model(X_new).detach().cpu().numpy()"),
    "sklearn": "from sklearn.base import clone\n"
    "from sklearn.compose import TransformedTargetRegressor\n"
    "from sklearn.preprocessing import StandardScaler\n"
    "model = TransformedTargetRegressor(regressor=clone(model), transformer=StandardScaler()).fit(X, y)",
    "function": _MEAN + "# train on (y - mean) / std, then:\n" + _BACK.format(predict="predict(X_new)"),
}

_INPUT_WORDS = "Standardize each feature by its mean and standard deviation over all training sequences and steps."
_INPUT = (
    "mean, std = X.mean(axis=(0, 1)), X.std(axis=(0, 1))  # of the training part only; each feature for itself\n"
    "X_scaled = (X - mean) / std                          # and X_new by the same numbers\n"
)
_SCALED = "y as it was trained on"
_RAW = "y is not on a scale of about 1 either: train on (y - y.mean()) / y.std(), and bring predictions back"
_INPUT_CODE: Code = {
    "unflat": 'model.set_params(scale_inputs="standard").fit(X, y)',
    "keras": "scale = keras.layers.Normalization()  # becomes part of the model\nscale.adapt(X)\n"
    "fresh = keras.Sequential([keras.Input(X.shape[1:]), scale, keras.models.clone_model(model)])\n"
    f"{compiled_as_before('fresh')}\n"
    "fresh.fit(X, y, epochs=50)  # {target}",
    "torch": _INPUT + "# train on torch.as_tensor(X_scaled, dtype=torch.float32), from new weights",
    "sklearn": "from sklearn.base import clone\n"
    "from sklearn.pipeline import make_pipeline\n"
    "from sklearn.preprocessing import StandardScaler\n"
    "model = make_pipeline(StandardScaler(), clone(model)).fit(X, y)",
    "function": _INPUT,
}


def target_scale(examination: Examination) -> Cause | None:
    """Find targets so far from 0 or from 1 that the output cannot get to them, or leaves nothing of them to learn."""
    part = examination.training
    wrong = behind(examination, part)
    if not wrong.any() or not np.isfinite(part.y).all():
        return None
    if in_other_units(part, examination.losses) or _saw_others(examination):
        return None
    targets = to_network(examination, part.y)
    if not np.isfinite(targets).all():
        return None
    needed, deviation = distance(targets), moments(targets)[1]
    unscaled = wrong & ((needed > UNSCALED) | (deviation < VANISHING))
    if not unscaled.any():
        return None
    relearned = None
    if _shows_no_steps(examination):
        relearned = examination.relearned
        if not _gains(relearned):
            return None
    output = int(np.argmax(np.where(unscaled, needed, -1.0)))
    target = target_of(examination, output)
    evidence = [
        *_relearned_as_evidence(relearned),
        Evidence(f"magnitude of {target}, |mean| + 2 deviations", needed[output], "about 2"),
        Evidence(f"deviation of {target}", deviation[output], "about 1"),
    ]
    reached = reach(examination)
    if reached is not None:
        evidence.insert(0, Evidence("reach of the output, lr·S·(Σ|h|+1)", reached, f"well above {needed[output]:.4g}"))
    return Cause(
        "target_scale",
        f"The target is not on a scale of about 1: {_fixed(examination)}, which is nothing beside this target, or "
        "everything.",
        tuple(evidence),
        cure_for(examination, _TARGET_WORDS, _TARGET_CODE),
        _confidence_of_target(examination, output, needed[output], reached),
    )


def _shows_no_steps(examination: Examination) -> bool:
    """Whether it is a learner of which only a fit can tell what a scale does to it: a forest knows none."""
    return examination.subject.framework == "sklearn" and not examination.layers


def _gains(relearned: Relearned | None) -> bool:
    """Whether a copy explains more of targets that are standardized for it."""
    return relearned is not None and relearned.standardized > relearned.as_given + MATTERS


def _relearned_as_evidence(relearned: Relearned | None) -> Iterator[Evidence]:
    if relearned is not None:
        words = "R² of a copy on targets that it learned standardized"
        yield Evidence(words, relearned.standardized, f"as on these targets as they are, {relearned.as_given:.4g}")


def _fixed(examination: Examination) -> str:
    """Say what has a size of its own, whatever the target's."""
    if _shows_no_steps(examination):
        return "tolerances, penalties and priors of this learner have a size of their own"
    return "a step of the optimizer moves the output by a fixed small amount"


_LEARNED = 0.1
"""Share of the loss of the targets' mean that a training which ended lower learned most of its targets by."""


def _saw_others(examination: Examination) -> bool:
    """Whether training ended far below the loss that these targets' mean has: it learned others than these, then.

    Or it learned these from other inputs. Either way they were on no scale that kept it from learning.
    """
    _, mean = losses_of_targets(examination)
    return mean is not None and len(examination.losses) > 0 and examination.losses[-1] < _LEARNED * mean


def _confidence_of_target(examination: Examination, output: int, needed: float, reached: float | None) -> float:
    """Believe most what is proven, that the output cannot have got there; least where it did get to the mean.

    There, predictions that all lie too near to it have gone a part of the way.
    """
    if reached is not None and reached < needed:
        return 0.95
    if not examination.training.finite:
        return 0.7
    y, prediction = examination.training.y[:, output], examination.training.prediction[:, output]
    on_the_mean = abs(prediction.mean() - y.mean()) <= 0.5 * y.std()
    if not on_the_mean:
        return 0.85
    if prediction.std() < FLAT_SPREAD * y.std():
        return 0.7 if needed > UNSCALED**2 else 0.5
    covariance = float(np.mean((prediction - prediction.mean()) * (y - y.mean())))
    return 0.65 if covariance > _NARROW * prediction.var() else 0.5


def input_scale(examination: Examination) -> Cause | None:
    """Find features that saturate the gates, or that do not reach them.

    Large ones make a network rough, so that it may know its training data by heart and nothing of others; small ones
    hide what they tell.
    """
    if not worse_than_it_should(examination) or not examination.layers:
        return None
    by_heart = not unlearned(examination)
    mean, deviation = moments(network_inputs(examination))
    root = np.hypot(mean, deviation)
    varying = deviation > 0
    large, small = varying & (root > UNSCALED), varying & (root < VANISHING) & (not by_heart)
    unscaled = large | (small if small[varying].all() else np.zeros_like(small))
    if not unscaled.any():
        return None
    target = _RAW if target_scale(examination) is not None else _SCALED
    code = {**_INPUT_CODE, "keras": _INPUT_CODE["keras"].format(target=target)}
    feature = int(np.argmax(np.where(unscaled, np.abs(np.log(np.where(root > 0, root, 1.0))), -1.0)))
    return Cause(
        "input_scale",
        "The inputs are not on a scale of about 1: "
        + (
            "a small difference between sequences makes a large one in the network, which knows those that it was "
            "trained on by heart."
            if by_heart
            else "they drive the units into saturation, where no sequence looks different from another, or they are "
            "lost beside the biases."
        ),
        (
            Evidence(f"root mean square of feature {feature} as the network reads it", root[feature], "about 1"),
            Evidence("features that are not on a scale of about 1", float(unscaled.sum()), "0"),
        ),
        cure_for(examination, _INPUT_WORDS, code),
        0.5 + 0.3 * float(unscaled.sum() / max(int(varying.sum()), 1)),
    )
