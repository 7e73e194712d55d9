"""Causes in the depth of a network: what gets lost from layer to layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.causes.memory import signal_lies_early
from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import unlearned, worse_than_it_should
from unflat.diagnosis.records import Cause, Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.subjects import Layer

_VANISHED = 1e-3
"""Gradient of the first layer over that of the last, or of the first steps over the last, below which it vanishes."""

_VANISHING_CODE: Code = {
    "unflat": 'model.set_params(units=(64,), readout=("last", "mean", "max"), skip=True).fit(X, y)',
    "keras": "x = keras.layers.LSTM(64, return_sequences=True)(inputs)\n"
    "x = keras.layers.concatenate([keras.layers.GlobalAveragePooling1D()(x), keras.layers.GlobalMaxPooling1D()(x)])\n"
    "outputs = keras.layers.Dense(1)(x)",
    "torch": "states, _ = self.lstm(x)\n"
    "return self.head(torch.cat([states[:, -1], states.mean(1), states.amax(1)], dim=-1))  # in_features: 3 * hidden",
}


def vanishing_gradient(examination: Examination) -> Cause | None:
    """Find layers, or time steps, that the error never gets back to; or sigmoid layers that it hardly gets through."""
    if not worse_than_it_should(examination):
        return None
    evidence, confidence = _lost(examination) if unlearned(examination) else ((), 0.0)
    within = [layer for layer in examination.layers if layer.kind in {"dense", "activation"}][:-1]
    sigmoid = [layer for layer in within if layer.activation in _SIGMOID]
    if len(sigmoid) >= _MANY_SIGMOID:
        words = "largest share of the error that gets back through sigmoid layers, 1/4 each, before weights"
        evidence, confidence = (*evidence, Evidence(words, 0.25 ** len(sigmoid), "near 1")), max(confidence, 0.65)
    if not evidence:
        return None
    return Cause(
        "vanishing_gradient",
        "The error shrinks on its way back until nothing of it is left for the first layers or steps to learn by.",
        evidence,
        cure_for(
            examination, "Take fewer layers, and read the recurrence out over all steps, or past it.", _VANISHING_CODE
        ),
        confidence,
    )


_SIGMOID = ("sigmoid", "hard_sigmoid", "logistic")

_MANY_SIGMOID = 4
"""Sigmoid layers, one after the other, of which each has a slope of a quarter at the most: 1/256 for four."""


def _lost(examination: Examination) -> tuple[tuple[Evidence, ...], float]:
    """Compare gradients of the first layers and steps with those of the last; nothing where enough gets back."""
    if examination.gradients is None:
        return (), 0.0
    by_layer = [(name, norm) for name, norm in examination.gradients.by_layer.items() if np.isfinite(norm)]
    evidence: list[Evidence] = []
    lost_on_the_way = len(by_layer) > 1 and by_layer[-1][1] > 0 and by_layer[0][1] / by_layer[-1][1] < _VANISHED
    if lost_on_the_way:
        ratio = by_layer[0][1] / by_layer[-1][1]
        words = f"gradient of {by_layer[0][0]} over that of {by_layer[-1][0]}"
        evidence.append(Evidence(words, ratio, f"above {_VANISHED:g}"))
    by_time = _lost_over_time(examination.gradients.by_step)
    if by_time is not None and by_time < _VANISHED and signal_lies_early(examination):
        evidence.append(
            Evidence("gradient of the first quarter of the steps over the last's", by_time, f"above {_VANISHED:g}")
        )
    # At rest all gradients are small, and the ratio of two of them no proof; over time alone, what is read out explains
    # it better.
    return tuple(evidence), 0.55 if lost_on_the_way else 0.5


def _lost_over_time(by_step: NDArray[Any] | None) -> float | None:
    if by_step is None or len(by_step) < 4 or not np.isfinite(by_step).all():  # noqa: PLR2004 - quarters
        return None
    quarter = len(by_step) // 4
    last = float(np.max(by_step[-quarter:]))
    return float(np.max(by_step[:quarter])) / last if last > 0 else None


_DEEP = 5
"""Layers, each after a gate or activation: two train, eight did not (a public question)."""

_NARROW = 8
"""Units of the narrowest of them: eight layers of four did not train."""

_SHALLOW_CODE: Code = {
    "unflat": "model.set_params(units=(50, 100)).fit(X, y)",
    "keras": "keras.Sequential([keras.Input(X.shape[1:]), keras.layers.LSTM(64), keras.layers.Dense(1)])",
    "torch": "self.lstm = torch.nn.LSTM(features, 64, num_layers=1, batch_first=True)",
    "sklearn": "model.set_params(hidden_layer_sizes=(64, 64)).fit(X, y)  # of MLPRegressor",
}


def too_deep_narrow(examination: Examination) -> Cause | None:
    """Find many narrow layers one after the other, through which differences between sequences get lost."""
    if not is_deep_and_narrow(examination) or not worse_than_it_should(examination):
        return None
    hidden = _hidden(examination)
    evidence = [
        Evidence("hidden layers", float(len(hidden)), "1 to 3"),
        Evidence("units of the narrowest", float(_narrowest(hidden)), "32 and more"),
    ]
    kept = _variation_kept(examination, hidden[0].name, hidden[-1].name)
    if kept is not None:
        words = f"deviation over sequences in {hidden[-1].name}, over that in {hidden[0].name}"
        evidence.insert(0, Evidence(words, kept, "near 1"))
    alike = kept is not None and kept < 0.1  # noqa: PLR2004 - an order of magnitude
    return Cause(
        "too_deep_narrow",
        "Each of many narrow layers makes sequences more alike, until the last one sees no difference; and the error "
        "gets lost on its way back."
        if alike
        else "What a sequence tells must get through many narrow layers, and the error through all of them on its way "
        "back: that is hard to train.",
        tuple(evidence),
        cure_for(examination, "Take one or two layers of more units.", _SHALLOW_CODE),
        0.85 if alike else 0.65,
    )


def is_deep_and_narrow(examination: Examination) -> bool:
    """Whether a network has at least five hidden layers, one of them of eight units or fewer."""
    hidden = _hidden(examination)
    return len(hidden) >= _DEEP and _narrowest(hidden) <= _NARROW


def _hidden(examination: Examination) -> list[Layer]:
    return [layer for layer in examination.layers if layer.kind in {"recurrent", "dense"}][:-1]


def _narrowest(hidden: list[Layer]) -> float:
    return min((layer.units for layer in hidden if layer.units is not None), default=np.inf)


def _variation_kept(examination: Examination, first: str, last: str) -> float | None:
    if first not in examination.activations or last not in examination.activations:
        return None
    before, after = (_deviation_over_sequences(examination.activations[name]) for name in (first, last))
    return after / before if before > 0 else None


def _deviation_over_sequences(values: NDArray[Any]) -> float:
    states = np.asarray(values, dtype=np.float64)
    return float((states[:, -1] if states.ndim == 3 else states).std(axis=0).mean())  # noqa: PLR2004 - with steps
