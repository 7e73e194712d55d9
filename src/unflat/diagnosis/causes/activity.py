"""Units that answer the same whatever they are given: dead ones, and saturated gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.causes.depth import is_deep_and_narrow
from unflat.diagnosis.causes.rule import compiled_as_before, cure_for
from unflat.diagnosis.causes.symptoms import unlearned
from unflat.diagnosis.records import Cause, Evidence
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.subjects import Gates

RECTIFIED = ("relu", "relu6")
"""Activations that are zero below zero."""

_MANY_DEAD = 0.5
"""Share of a layer's units that are dead at which it is crippled; single dead units are ordinary."""

_ALL_DEAD = 0.9
"""Share from which on a flat model is flat for it, also where too little signal says what it should reach."""

_DEAD_CODE: Code = {
    "keras": "keras.layers.LSTM(units)  # tanh, its own activation, in place of activation='relu'\n"
    "keras.layers.Dense(units, activation='leaky_relu')",
    "torch": "torch.nn.LeakyReLU()  # in place of ReLU, from new weights",
    "sklearn": "model.set_params(activation='tanh').fit(X, y)  # of MLPRegressor",
}


def dead_units(examination: Examination) -> Cause | None:
    """Find rectified units that give zero for every sequence and step."""
    rectified = [layer.name for layer in examination.layers if layer.activation in RECTIFIED]
    dead = {name: dead_share(examination.activations[name]) for name in rectified if name in examination.activations}
    worst = max(dead, key=lambda name: dead[name], default=None)
    if worst is None or dead[worst] < _MANY_DEAD:
        return None
    if not (unlearned(examination) or (dead[worst] >= _ALL_DEAD and (examination.training.spread < FLAT_SPREAD).all())):
        return None
    return Cause(
        "dead_units",
        f"Units of {worst} give zero for every sequence; no gradient goes through them, so they never give anything "
        "else.",
        (Evidence(f"share of the units of {worst} that are zero on all sequences", dead[worst], "near 0"),),
        cure_for(examination, "Use tanh or a leaky ReLU, with a lower rate, from new weights.", _DEAD_CODE),
        # Deep and narrow networks of rectified units are born dead (Lu et al. 2020, Communications in Computational
        # Physics 28, 1671): then that is the cause, and this its effect.
        0.6 if is_deep_and_narrow(examination) else 0.5 + 0.4 * dead[worst],
    )


def dead_share(values: NDArray[Any]) -> float:
    """Give the share of the units of a rectified layer, the last axis, that are zero throughout."""
    units = np.asarray(values).reshape(-1, np.shape(values)[-1])
    return float(np.mean((units <= 0).all(axis=0)))


_SATURATED = 0.97
"""Magnitude of a tanh beyond which it hardly has a slope: 1 - 0.97² = 0.06."""

_SHARE = 0.05
"""Share of saturated values up to which gates do their work."""

_MOST = 0.5
"""Share at which it is not gates that open and close, but gates that stand."""

_VARIES = 0.05
"""Deviation of hidden states over sequences, of a range of 2, below which all sequences look alike."""

_OF_TANH = ("g", "n")
_OF_SIGMOID = ("i", "o", "r")
"""Forget gates, and a GRU's update gate, are left out: near 1 is how they remember."""

_GATES_CODE: Code = {
    "unflat": 'model.set_params(scale_inputs="standard", learning_rate=5e-3).fit(X, y)',
    "keras": "fresh = keras.models.clone_model(model)  # new weights\n"
    + compiled_as_before("fresh", "keras.optimizers.Adam(learning_rate=1e-3, clipnorm=1.0)"),
    "torch": "for name, parameter in model.named_parameters():\n"
    "    if 'weight_hh' in name:\n        torch.nn.init.orthogonal_(parameter)\n"
    "    elif 'weight_ih' in name:\n        torch.nn.init.xavier_uniform_(parameter)\n"
    "    elif 'bias' in name:\n        torch.nn.init.zeros_(parameter)",
}


def saturated_gates(examination: Examination) -> Cause | None:
    """Find gates that stand open or shut for every sequence."""
    if not unlearned(examination):
        return None
    for name, gates in examination.gates.items():
        shares = saturated_shares(gates)
        if not shares:
            continue
        variation = _variation(gates)
        worst = max(shares, key=lambda gate: shares[gate])
        standing = np.mean(list(shares.values())) > _MOST
        alike = variation is not None and variation < _VARIES and shares[worst] > _SHARE
        if standing or alike:
            return _of_gates(examination, name, shares, variation, confidence=0.75 if standing else 0.6)
    return None


def _of_gates(
    examination: Examination, name: str, shares: dict[str, float], variation: float | None, *, confidence: float
) -> Cause:
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    evidence = [
        Evidence(f"share of saturated values of gate {gate} of {name}", share, f"below {_SHARE}")
        for gate, share in ordered
    ]
    if variation is not None:
        evidence.append(Evidence(f"deviation over sequences of the last state of {name}", variation, "above 0.05"))
    return Cause(
        "saturated_gates",
        f"Gates of {name} stand at the ends of their range: they let through the same for every sequence, and have no "
        "slope to learn by.",
        tuple(evidence),
        cure_for(
            examination,
            "Start from new, smaller weights, with scaled inputs, a lower rate and clipped gradients.",
            _GATES_CODE,
        ),
        confidence,
    )


def saturated_shares(gates: Gates) -> dict[str, float]:
    """Give the share of values at the ends of their range, of each gate that should not stand there."""
    return {gate: _saturated(gate, gates) for gate in (*_OF_TANH, *_OF_SIGMOID) if gate in gates.values}


def _saturated(gate: str, gates: Gates) -> float:
    values = np.asarray(gates.values[gate])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0
    # A sigmoid is a tanh of half the slope, moved from (-1, 1) to (0, 1): it is measured on the same scale.
    return float(np.mean(np.abs(values if gate in _OF_TANH else 2 * values - 1) > _SATURATED))


def _variation(gates: Gates) -> float | None:
    if gates.states is None or not len(gates.states):
        return None
    last = np.asarray(gates.states)[:, -1]
    deviations = last[np.isfinite(last).all(axis=1)].std(axis=0) if np.isfinite(last).all(axis=1).any() else None
    return None if deviations is None else float(deviations.mean())
