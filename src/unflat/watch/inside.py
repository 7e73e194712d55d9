"""What is seen inside a network under watch: its reach, dead units and saturated gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.diagnosis.causes.activity import RECTIFIED, dead_share, saturated_shares
from unflat.diagnosis.subjects import output_activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.diagnosis.material import Data
    from unflat.diagnosis.subjects import Layer, Subject

FEW = 16
"""Sequences that the inside is looked at with: units that are dead for these and gates that stand are rarely alive."""

_BOUNDED = ("tanh", "sigmoid", "hard_sigmoid", "softsign")
_PASSING = ("dropout", "pooling")


def weights_of_an_output(subject: Subject, seen: Data, prediction: NDArray[Any]) -> int | None:
    """Count the weights, bias included, by which an output is a straight line of states between -1 and 1: H + 1.

    An optimizer that moves each weight by about lr in a step moves the output by at most lr · S · (H + 1) in S steps.

    Parameters
    ----------
    subject : Subject
        The model.
    seen : Data
        Some sequences.
    prediction : ndarray of shape (n, ...)
        What it predicts for them.

    Returns
    -------
    int or None
        None where states are not bounded, or something else than a linear layer gives the predictions.
    """
    X = seen.X[:FEW]
    activations = subject.activations(X)
    if not activations:
        return None
    inputs = subject.layer_inputs(X) or {}
    layers = subject.layers() or ()
    head, before = _head(layers)
    if head is None or before is None or output_activation(layers, activations, prediction[:FEW]) != "linear":
        return None
    read = np.abs(inputs.get(head.name, np.inf)).max()
    if before.activation not in _BOUNDED or not read <= 1:
        return None
    outputs = int(np.shape(activations[head.name])[-1])
    return head.parameters // max(outputs, 1)


def _head(layers: Sequence[Layer]) -> tuple[Layer | None, Layer | None]:
    """Find the last dense layer, and what it reads past layers that leave values between their bounds."""
    telling = [layer for layer in layers if not _passes_on(layer)]
    if len(telling) < 2 or telling[-1].kind != "dense":  # noqa: PLR2004 - a head, and what it reads
        return None, None
    return telling[-1], telling[-2]


def _passes_on(layer: Layer) -> bool:
    is_linear = layer.kind == "activation" and layer.activation == "linear"
    learns_nothing = not layer.parameters and layer.activation is None
    return layer.kind in _PASSING or is_linear or learns_nothing


def dead_and_saturated(subject: Subject, seen: Data) -> tuple[float | None, float | None]:
    """Measure the share of dead units, and of saturated gate values, in the layers where they are most.

    Parameters
    ----------
    subject : Subject
        The model.
    seen : Data
        Some sequences.

    Returns
    -------
    tuple of (float or None, float or None)
        None where there are no rectified layers, or no gates, to be seen.
    """
    X = seen.X[:FEW]
    activations = subject.activations(X) or {}
    rectified = [layer.name for layer in subject.layers() or () if layer.activation in RECTIFIED]
    dead = [dead_share(activations[name]) for name in rectified if name in activations]
    with threadpool_limits(1, user_api="blas"):  # products of a time step are small
        gates = subject.gates(X) or {}
    saturated = [float(np.mean(list(shares.values()))) for g in gates.values() if (shares := saturated_shares(g))]
    return max(dead, default=None), max(saturated, default=None)
