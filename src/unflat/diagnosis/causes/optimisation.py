"""Causes in the training: steps too short, too few, too long, cut off, or pulled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.diagnosis.causes.network import (
    distance,
    gradients_in_one_shape,
    last_states,
    reach,
    steps_made,
    to_network,
)
from unflat.diagnosis.causes.rule import compiled_as_before, cure_for
from unflat.diagnosis.causes.symptoms import knows_more, unlearned, worse_than_it_should
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.subjects.optimizers import ADAPTIVE, is_adaptive, usual_rate
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.subjects import Settings

FAR = 3.0
"""Factor from a usual rate on that makes another one low: half of an order of magnitude."""

FEW_STEPS = 300
"""Steps of a usual rate after which no weight has moved by more than 0.3, about what initial weights are."""

_SHORT = 0.1
"""Way of a weight, rate times steps, below which none is another than it was: half of Glorot's ±0.2 for 50 units."""

_SILENT = 1e-3
"""Mean magnitude of states below which they hold the output back, not the rate: an untrained LSTM's are 0.1."""

_FALLING = 0.1
"""Share of the loss that is lost in the last fifth of the epochs while training still goes on."""

_STUCK = 0.05
"""Share of the loss that is lost in all epochs where it never moved."""

_HALF = 0.5
"""Share of the loss below which a loss that falls along a straight line, at a low rate, has a longer way to go."""

_COURSE = 3
"""Epochs from which on a loss has a course."""

_RATE_CODE: Code = {
    "unflat": 'model.set_params(learning_rate=5e-3, schedule="one-cycle").fit(X, y)',
    "keras": compiled_as_before("model", "keras.optimizers.Adam(learning_rate=1e-3)") + "\nmodel.fit(X, y, epochs=50)",
    "torch": "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)",
    "sklearn": "model.set_params(learning_rate_init=1e-3).fit(X, y)  # of MLPRegressor",
}
_EPOCHS_CODE: Code = {
    "unflat": 'model.set_params(epochs="auto", batch_size="auto").fit(X, y)',
    "keras": "stop = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)\n"
    "model.fit(X, y, epochs=500, validation_split=0.1, callbacks=[stop])",
    "torch": "for epoch in range(500):  # until the loss on held-out data has not fallen for 20 epochs\n    ...",
    "sklearn": "model.set_params(max_iter=2000).fit(X, y)  # of MLPRegressor",
}


class _Unfinished(NamedTuple):
    evidence: tuple[Evidence, ...]
    confidence: float


def rate_too_low(examination: Examination) -> Cause | None:
    """Find steps so short that the output, or the weights, did not get to where they must."""
    found = _unfinished(examination)
    share = _blame(_low_rate(examination), _few_steps(examination))
    if found is None or share == 0 or _is_usual(examination.settings):
        return None
    return Cause(
        "rate_too_low",
        "The learning rate is so low that, over all steps, weights hardly moved from where they began.",
        (*found.evidence, *_settings_as_evidence(examination)),
        cure_for(examination, _raise_it(_name(examination.settings)), _RATE_CODE),
        found.confidence * share,
    )


def too_few_updates(examination: Examination) -> Cause | None:
    """Find a training that ended while it was still getting on."""
    found = _unfinished(examination)
    share = _blame(_few_steps(examination), _low_rate(examination))
    if found is None or share == 0:
        return None
    return Cause(
        "too_few_updates",
        "Training ended before the weights got to where they must.",
        (*found.evidence, *_settings_as_evidence(examination)),
        cure_for(examination, "Train for more epochs, or with smaller batches.", _EPOCHS_CODE),
        found.confidence * share,
    )


def _blame(this: float | None, other: float | None) -> float:
    """Share the blame between two settings by how far each is off, as a factor; None where a setting is not known."""
    if this is not None and this > 1:
        return 1.0 if other is None or other <= this else float(np.log(this) / np.log(other))
    if other is not None and other > 1:
        return 0.0
    return 0.6 if this is None else 0.5


def _raise_it(optimizer: str | None) -> str:
    usual = "Raise the learning rate to a usual one"
    # Else the rate in the code, which is Adam's, would seem to be that of plain descent.
    return (
        f"{usual}." if is_adaptive(optimizer) else f"{usual}, {usual_rate(optimizer):g} for {optimizer}, or use Adam."
    )


def _is_usual(settings: Settings | None) -> bool:
    """Whether the rate is a usual one already, or higher: to raise it to a usual one would lower it."""
    rate = None if settings is None else settings.learning_rate
    return rate is not None and rate >= usual_rate(_name(settings))


def _low_rate(examination: Examination) -> float | None:
    """Say by which factor the rate lies below a usual one; 1 where by less than `FAR`."""
    settings = examination.settings
    if settings is None or settings.learning_rate is None or settings.learning_rate <= 0:
        return None
    factor = usual_rate(settings.optimizer) / settings.learning_rate
    return factor if factor > FAR else 1.0


def _few_steps(examination: Examination) -> float | None:
    """Say by which factor there were too few steps; 1 where there were enough."""
    steps = steps_made(examination)
    return None if steps is None else max(FEW_STEPS / max(steps, 1), 1.0)


def _name(settings: Settings | None) -> str | None:
    return None if settings is None else settings.optimizer


def _settings_as_evidence(examination: Examination) -> tuple[Evidence, ...]:
    settings, steps = examination.settings, steps_made(examination)
    rate = None if settings is None else settings.learning_rate
    usual = usual_rate(_name(settings))
    found = () if rate is None else (Evidence("learning rate", rate, f"about {usual:g}"),)
    return found if steps is None else (*found, Evidence("steps", steps, f"at least {FEW_STEPS}"))


def _unfinished(examination: Examination) -> _Unfinished | None:
    """Say, from the strongest sign to the weakest, that training had not arrived when it ended."""
    if not worse_than_it_should(examination) or not examination.training.finite:
        return None
    if not unlearned(examination):
        return None if knows_more(examination) else _hardly_moved(examination)
    return (
        _out_of_reach(examination)
        or _hardly_moved(examination)
        or _loss_says_so(examination)
        or _hardly_begun(examination)
    )


def _out_of_reach(examination: Examination) -> _Unfinished | None:
    reached, states = reach(examination), last_states(examination)
    needed = float(distance(to_network(examination, examination.training.y)).max())
    if reached is None or reached >= needed or states is None or np.abs(states).mean() < _SILENT:
        return None
    if reached * FAR >= needed and (examination.training.spread < FLAT_SPREAD).all():
        return None  # a third of the way and more would show: it is not the reach that keeps predictions together
    words = "reach of the output, lr·S·(Σ|h|+1)"
    evidence = Evidence(words, reached, f"well above {needed:.4g}, where targets are")
    return _Unfinished((evidence,), 0.9 if reached * FAR < needed else 0.7)


def _hardly_moved(examination: Examination) -> _Unfinished | None:
    settings, steps = examination.settings, steps_made(examination)
    if settings is None or settings.optimizer not in ADAPTIVE or settings.learning_rate is None or steps is None:
        return None
    way = settings.learning_rate * steps
    if way >= _SHORT:
        return None
    return _Unfinished((Evidence("longest way of a weight, rate times steps", way, f"above {_SHORT}"),), 0.8)


def _loss_says_so(examination: Examination) -> _Unfinished | None:
    losses = np.asarray(examination.losses)
    if len(losses) < _COURSE or not np.isfinite(losses).all() or losses[0] <= 0:
        return None
    before = losses[-1 - max(len(losses) // 5, 1)]
    falling = float(1 - losses[-1] / before) if before > 0 else 0.0
    if falling > _FALLING:
        return _Unfinished((Evidence("share of the loss lost in the last fifth", falling, "near 0"),), 0.8)
    lost = float(1 - losses[-1] / losses[0])
    if 0 <= lost < _STUCK and np.all(np.diff(losses) <= 0.02 * losses[0]):
        return _Unfinished((Evidence("share of the loss lost in all epochs", lost, "most"),), 0.5)
    if 0 < lost < _HALF and (_low_rate(examination) or 1.0) > 1 and _straight(losses):
        words = "share of the loss lost in all epochs, along a straight line"
        return _Unfinished((Evidence(words, lost, "most, and little at the end"),), 0.6)
    return None


def _hardly_begun(examination: Examination) -> _Unfinished | None:
    """Find very few steps where no course of the loss is known; of steps too long, more would not help."""
    if len(examination.losses) >= _COURSE:
        return None
    steps, settings = steps_made(examination), examination.settings
    rate = None if settings is None else settings.learning_rate
    if steps is None or rate is None or steps * FAR > FEW_STEPS or rate >= _high_rate(settings):
        return None
    return _Unfinished((Evidence("steps in all", steps, f"at least {FEW_STEPS}"),), 0.65)


_HIGH_RATE = {True: 0.02, False: 0.5}
"""Rates at which a step changes weights of about 0.2 by a tenth (healthy is 1e-4 to 1e-1: CS231n); for SGD, half of
what a squared error of curvature 2 diverges at."""

_TIMES_USUAL = 20.0
"""The same as a factor of the usual rate, for optimizers whose usual rate is larger than those."""

_VERY_HIGH = 5.0
"""Factor from there on that leaves nothing of initial weights in one or two steps."""

_LOWER_RATE_CODE: Code = {
    "unflat": "model.set_params(learning_rate=5e-3, clip_norm=1.0).fit(X, y)",
    "keras": "fresh = keras.models.clone_model(model)  # new weights\n"
    + compiled_as_before("fresh", "keras.optimizers.Adam(learning_rate=1e-3, clipnorm=1.0)")
    + "\nfresh.fit(X, y, epochs=50)",
    "torch": "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # of a model with new weights",
    "sklearn": "model.set_params(learning_rate_init=1e-3).fit(X, y)  # of MLPRegressor",
}


def rate_too_high(examination: Examination) -> Cause | None:
    """Find steps so long that training jumps about, or is thrown out."""
    settings = examination.settings
    rate = None if settings is None else settings.learning_rate
    limit = _high_rate(settings)
    beyond_doubt = rate is not None and rate >= limit * _VERY_HIGH and worse_than_it_should(examination)
    if not (beyond_doubt or unlearned(examination)):
        return None
    lost = not examination.training.finite and bool(np.isfinite(examination.training.y).all())
    rises = _rises(examination)
    confidence = _confidence_of_high_rate(rate, limit, lost=lost, unsteady=rises > _UNSTEADY)
    if confidence == 0:
        return None
    evidence = [] if rate is None else [Evidence("learning rate", rate, f"below {limit:g}")]
    if examination.losses:
        evidence.append(Evidence("rises of the loss over its falls", rises, f"below {_UNSTEADY}"))
    if lost:
        share = float(np.mean(~np.isfinite(examination.training.prediction)))
        evidence.append(Evidence("share of predictions that are not finite", share, "0"))
    return Cause(
        "rate_too_high",
        "Each step is so long that it leaps over what it should go down to: gates saturate, or weights are thrown out.",
        tuple(evidence),
        cure_for(examination, "Lower the learning rate, and start from new weights.", _LOWER_RATE_CODE),
        confidence,
    )


_UNSTEADY = 0.5
"""Sum of the rises of a loss over the sum of its falls, from epoch to epoch, at which it mostly goes up and down."""


def _high_rate(settings: Settings | None) -> float:
    """Give the rate from which on one is high for an optimizer."""
    name = _name(settings)
    return max(_HIGH_RATE[is_adaptive(name)], _TIMES_USUAL * usual_rate(name))


def _confidence_of_high_rate(rate: float | None, limit: float, *, lost: bool, unsteady: bool) -> float:
    if rate is None:
        return 0.7 if lost else 0.5 if unsteady else 0.0
    if rate >= limit * _VERY_HIGH:
        return 0.92  # more than the dead units that such steps leave behind
    if rate >= limit and (lost or unsteady):
        return 0.9
    if rate >= limit:
        return 0.6
    return 0.6 if lost else 0.0


def _rises(examination: Examination) -> float:
    losses = np.asarray(examination.losses)
    change = np.diff(losses[np.isfinite(losses)])
    falls, rises = -change[change < 0].sum(), change[change > 0].sum()
    return float(rises / falls) if falls > 0 else 0.0


_CLIP_CODE: Code = {
    "unflat": "model.set_params(clip_norm=1.0).fit(X, y)",
    "keras": "settings = model.optimizer.get_config() | {'clipnorm': 1.0, 'clipvalue': None, 'global_clipnorm': None}\n"
    + compiled_as_before("model", "type(model.optimizer).from_config(settings)"),
    "torch": "torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
}


def gradient_clipped(examination: Examination) -> Cause | None:
    """Find gradients cut so short that plain gradient descent cannot get anywhere.

    Each step moves all weights together by at most rate times the norm that gradients are cut to, so the output
    moves by at most lr · S · clip · √(Σh² + 1). Optimizers that divide by the gradient's size undo the cut.
    """
    settings, steps, states = examination.settings, steps_made(examination), last_states(examination)
    if (
        settings is None
        or settings.learning_rate is None
        or is_adaptive(settings.optimizer)
        or not unlearned(examination)
    ):
        return None
    if settings.clip_norm is None:
        return _steps_cut_short(examination, settings.learning_rate)
    if steps is None or states is None:
        return None
    length = float(np.sqrt((states**2).sum(axis=1) + 1).mean())
    reached = settings.learning_rate * steps * settings.clip_norm * length
    needed = float(distance(to_network(examination, examination.training.y)).max())
    norm = examination.gradients.norm if examination.gradients is not None else float("nan")
    if reached >= needed or norm <= settings.clip_norm:
        return None
    return Cause(
        "gradient_clipped",
        "Gradients are cut to so small a norm that all steps together do not get the output to the targets.",
        (
            Evidence("reach of the output, lr·S·clip·√(Σh²+1)", reached, f"well above {needed:.4g}"),
            Evidence("norm that gradients are cut to", settings.clip_norm, "about 1"),
            Evidence("norm of the gradient", norm, "near what it is cut to"),
        ),
        cure_for(examination, "Cut gradients to a norm of about 1, or use Adam.", _CLIP_CODE),
        0.95,
    )


_CUT = 0.1
"""Fall of the loss in an epoch, over what one step alone should bring, below which steps were cut short."""


_STRAIGHT = -0.95
"""Correlation of loss and epoch up to which the loss falls along a line: -0.98 with cut gradients and dropout, -0.82 of
the straightest that was not cut, in programs of the benchmark of injected faults."""


def falls_straight(examination: Examination) -> bool:
    """Whether the loss falls along a straight line to the last epoch: then training has come to rest nowhere."""
    losses = np.asarray(examination.losses)
    if len(losses) <= _COURSE or not np.isfinite(losses).all() or np.ptp(losses) == 0:
        return False
    return losses[-1] < losses[0] and _straight(losses)


def _straight(losses: NDArray[np.float64]) -> bool:
    if np.ptp(losses) == 0:
        return True
    return float(np.corrcoef(losses, np.arange(len(losses)))[0, 1]) <= _STRAIGHT


def _steps_cut_short(examination: Examination, rate: float) -> Cause | None:
    """Find a loss that falls by far less than plain steps of this rate along this gradient would make it.

    A step of gradient descent lowers the loss by rate · norm², as long as it is short; an epoch has one step at least.
    Steps that are cut are all of one length, so that the loss falls along a straight line, from the first epoch to the
    last; one that has fallen and lies still has got where it could.
    """
    losses, gradients = np.asarray(examination.losses), gradients_in_one_shape(examination)
    if gradients is None or len(losses) < 2 or not np.isfinite(losses).all():  # noqa: PLR2004 - a fall
        return None
    expected, fall = rate * gradients.norm**2, float(losses[0] - losses[-1]) / (len(losses) - 1)
    if not (0 <= fall < _CUT * expected < losses[-1] and _straight(losses)):
        return None
    return Cause(
        "gradient_clipped",
        "The loss falls by far less than steps of this rate along this gradient would lower it: gradients are cut on "
        "the way to the optimizer.",
        (
            Evidence("fall of the loss in an epoch", fall, f"above {expected:.4g}, that of one step"),
            Evidence("norm of the gradient", gradients.norm, "what steps are made of"),
            Evidence("learning rate", rate, "any"),
        ),
        cure_for(examination, "Cut gradients to a norm of about 1, or use Adam.", _CLIP_CODE),
        0.8,
    )


_MOST_DROPPED = 0.7
"""Dropout above which less than a third of a layer is left; usual are 0.1 to 0.5 (Srivastava et al. 2014, A.4)."""

_MOST_DECAY = {True: 1.0, False: 0.1}
"""Weight decay that holds weights at nothing: decoupled (usual: 0.01, Loshchilov & Hutter 2019), and as a penalty."""

_DECOUPLED = ("adamw", "lion")

_REGULAR_CODE: Code = {
    "unflat": "model.set_params(dropout=0.1, weight_decay=1e-4).fit(X, y)",
    "keras": "keras.layers.Dropout(0.2)  # and no weight_decay, or 1e-4",
    "torch": "torch.nn.Dropout(0.2)\noptimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)",
    "sklearn": "model.set_params(alpha=1e-4).fit(X, y)  # of MLPRegressor",
}


def over_regularised(examination: Examination) -> Cause | None:
    """Find dropout or weight decay that leave nothing to learn with."""
    settings = examination.settings
    dropped = max((layer.rate for layer in examination.layers), default=0.0)
    penalty = max((layer.penalty for layer in examination.layers), default=0.0)
    decay = max((settings.weight_decay if settings else None) or 0.0, 0.0)
    limit = _MOST_DECAY[settings is not None and settings.optimizer in _DECOUPLED]
    harm = max(_thinned(dropped), decay / limit, penalty / _MOST_DECAY[False])
    if not unlearned(examination) or harm < 1:
        return None
    return Cause(
        "over_regularised",
        "So much is dropped, or weights are pulled to zero so strongly, that the model does not fit its training data.",
        (
            Evidence("largest share that dropout leaves out", dropped, "0.1 to 0.5"),
            Evidence("weight decay", decay, f"well below {limit:g}"),
            Evidence("penalty on squared weights", penalty, f"well below {_MOST_DECAY[False]:g}"),
        ),
        cure_for(examination, "Lower dropout, weight decay and penalties.", _REGULAR_CODE),
        0.93 if harm >= _FAR_BEYOND else 0.8,  # dead units and lost gradients are what comes of it
    )


_FAR_BEYOND = 5.0
"""Times the limit from which on nothing is left: of weights after some steps, or of a layer but a twentieth."""


def _thinned(dropped: float) -> float:
    """Say how many times less dropout leaves than at its limit."""
    return (1 - _MOST_DROPPED) / max(1 - dropped, 1e-9)
