"""What the layers of a Keras model are, and the weights of its recurrences; Keras itself is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.subjects.base import Layer
from unflat.diagnosis.subjects.keras_arrays import array_of
from unflat.diagnosis.subjects.recurrences import GRUCell, LSTMCell, run, side_by_side, sigmoid

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects.base import Gates, LayerKind
    from unflat.diagnosis.subjects.keras_trace import KerasCall
    from unflat.diagnosis.subjects.recurrences import Cell, Squash

_KINDS: dict[LayerKind, tuple[str, ...]] = {
    "recurrent": ("RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "dense": ("Dense", "EinsumDense"),
    "activation": ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    "dropout": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "AlphaDropout"),
    "norm": ("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization"),
    "pooling": (
        "GlobalAveragePooling1D", "GlobalMaxPooling1D", "AveragePooling1D", "MaxPooling1D",
        "GlobalAveragePooling2D", "GlobalMaxPooling2D", "AveragePooling2D", "MaxPooling2D",
    ),
}  # fmt: skip

_ACTIVATIONS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}

_STATISTICS = frozenset({"moving_mean", "moving_variance", "mean", "variance", "count"})
"""Names of variables that norms count, not learn."""


def units_of(keras: ModuleType, model: Any, prefix: str = "") -> dict[str, Any]:  # noqa: ANN401 - Keras is optional
    """Give the layers of a model by name, those of models within it by path; wrappers count as one layer."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found.update(units_of(keras, layer, f"{prefix}{layer.name}/"))
        elif not isinstance(layer, keras.layers.InputLayer):
            found[f"{prefix}{layer.name}"] = layer
    return found


def describe(keras: ModuleType, name: str, layer: Any, width: int | None) -> Layer:  # noqa: ANN401 - as above
    """Describe a layer.

    Parameters
    ----------
    keras : module
        Keras.
    name : str
        The layer's name.
    layer : keras.layers.Layer
        The layer.
    width : int or None
        Values that it was seen to give.

    Returns
    -------
    Layer
        The record.
    """
    inner = _wrapped(keras, layer)
    kind = _kind(keras, layer, inner)
    learned = [v for v in layer.weights if v.name not in _STATISTICS]
    trained = {id(v) for v in layer.trainable_weights}
    own_width = getattr(inner, "units", None) if width is None else width
    return Layer(
        name,
        kind,
        None if own_width is None else int(own_width),
        _activation(inner, kind),
        sum(_size(v) for v in learned if id(v) in trained),
        sum(map(_size, learned)),
        float(inner.rate) if kind == "dropout" else 0.0,
        bool(getattr(layer, "return_sequences", False)) if kind == "recurrent" else None,
        max(_penalty(inner, name) for name in _REGULARIZED),
    )


_REGULARIZED = ("kernel_regularizer", "recurrent_regularizer")


def _penalty(layer: Any, name: str) -> float:  # noqa: ANN401 - as above
    """Give the factor of a regularizer's square penalty; 0 where there is none, or one of another kind."""
    factor = getattr(getattr(layer, name, None), "l2", None)
    return 0.0 if factor is None else float(factor)


def _wrapped(keras: ModuleType, layer: Any) -> Any:  # noqa: ANN401 - as above
    """Give the layer within a wrapper, of two directions the forward one."""
    if isinstance(layer, keras.layers.Bidirectional):
        return layer.forward_layer
    return layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer


def _kind(keras: ModuleType, layer: Any, inner: Any) -> LayerKind:  # noqa: ANN401 - as above
    for kind, names in _KINDS.items():
        types = tuple(getattr(keras.layers, name) for name in names if hasattr(keras.layers, name))
        if isinstance(layer, types) or isinstance(inner, types):
            return kind
    return "other"


def _activation(layer: Any, kind: LayerKind) -> str | None:  # noqa: ANN401 - as above
    if kind == "activation" and type(layer).__name__ in _ACTIVATIONS:
        return _ACTIVATIONS[type(layer).__name__]
    activation = getattr(getattr(layer, "cell", layer), "activation", None)
    if activation is None:
        return "linear" if kind == "dense" else None
    return str(getattr(activation, "__name__", type(activation).__name__)).lower()


def _size(variable: Any) -> int:  # noqa: ANN401 - as above
    return int(np.prod(variable.shape))


def has_gates(keras: ModuleType, layer: Any) -> bool:  # noqa: ANN401 - as above
    """Whether it is a recurrent layer whose equations are known."""
    inner = _wrapped(keras, layer)
    return isinstance(getattr(inner, "cell", None), keras.layers.LSTMCell | keras.layers.GRUCell)


def gates_of(keras: ModuleType, call: KerasCall) -> Gates:
    """Recompute the gates of a layer from a call of it; states are in the order of the steps, read backward or not."""
    layer = call.layer
    if not isinstance(layer, keras.layers.Bidirectional):
        start = call.start or None
        backward = bool(layer.go_backwards)
        return run(_cell(keras, layer.cell), call.read, mask=call.mask, start=start, backward=backward)
    half = len(call.start) // 2
    forward, backward_layer = layer.forward_layer, layer.backward_layer
    return side_by_side(
        run(_cell(keras, forward.cell), call.read, mask=call.mask, start=call.start[:half] or None),
        run(
            _cell(keras, backward_layer.cell),
            call.read,
            mask=call.mask,
            start=call.start[half:] or None,
            backward=True,
        ),
    )


def _cell(keras: ModuleType, cell: Any) -> Cell:  # noqa: ANN401 - as above
    def array(variable: Any) -> NDArray[Any]:  # noqa: ANN401 - as above
        return array_of(keras, variable).astype(np.float64)

    kernel, recurrent = array(cell.kernel), array(cell.recurrent_kernel)
    bias = np.zeros(kernel.shape[1]) if cell.bias is None else array(cell.bias)
    gate, squash = _squash(keras, cell.recurrent_activation), _squash(keras, cell.activation)
    if isinstance(cell, keras.layers.LSTMCell):
        return LSTMCell(kernel, recurrent, bias, gate=gate, squash=squash)
    both = np.stack([bias, np.zeros_like(bias)]) if bias.ndim == 1 else bias  # a second bias where reset comes after
    kernel, recurrent, both = (_reset_first(values) for values in (kernel, recurrent, both))
    return GRUCell(kernel, recurrent, both[0], both[1], bool(cell.reset_after), gate, squash)


def _reset_first(values: NDArray[Any]) -> NDArray[Any]:
    """Reorder Keras's gates z, r, h to r, z, n."""
    z, r, n = np.split(values, 3, axis=1)
    return np.concatenate([r, z, n], axis=1)


def _squash(keras: ModuleType, activation: Any) -> Squash:  # noqa: ANN401 - as above
    """Give an activation for arrays; of any but the usual two, Keras's own."""
    known: dict[str, Squash] = {"sigmoid": sigmoid, "tanh": np.tanh}
    name = getattr(activation, "__name__", "")
    if name in known and activation is getattr(keras.activations, name):
        return known[name]

    def by_keras(z: NDArray[Any]) -> NDArray[Any]:
        return array_of(keras, activation(keras.ops.convert_to_tensor(z)))

    return by_keras
