"""A Keras model's configuration, changed as cures say. Keras itself is passed in; a configuration is plain data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.programs.edits import LAYERS_LEFT, Edit
from unflat.diagnosis.subjects.keras_arrays import array_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import ModuleType

Config = dict[str, Any]

STRUCTURAL = frozenset({Edit.SWAP_AXES, Edit.MASK_PADDING, Edit.POOL_STATES, Edit.FEWER_LAYERS})
"""Changes that add layers, take some out, or change what goes in: possible where layers stand in one row."""

_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"})
_ACTIVATION_LAYERS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"})


def rebuilt(keras: ModuleType, model: Any, edits: Collection[Edit], padding: float | None) -> Any:  # noqa: ANN401 - Keras is optional
    """Make a model anew from its configuration, changed, with new weights.

    What was not trained keeps its values: frozen weights, and the statistics of normalization layers.

    Parameters
    ----------
    keras : module
        Keras.
    model : keras.Model
        The user's; it is not changed.
    edits : collection of Edit
        What to change.
    padding : float or None
        The value that sequences are padded with at their end.

    Returns
    -------
    keras.Model
        Not compiled.
    """
    config = copy.deepcopy(model.get_config())
    layers: list[Config] = config["layers"]
    for layer in _all_layers(layers):
        layer.pop("build_config", None)  # shapes that may no longer hold
    for edit, change in _CHANGES.items():
        if edit in edits:
            change(layers)
    if Edit.MASK_PADDING in edits and padding is not None:
        mask = keras.layers.Masking(mask_value=padding, name="padding_mask")
        layers.insert(_first_after_input(layers), keras.saving.serialize_keras_object(mask))
    if Edit.POOL_STATES in edits:
        place = _last_recurrent(layers)
        _set(layers[place], "return_sequences", value=True)
        pool = keras.layers.GlobalAveragePooling1D(name="mean_over_steps")
        layers.insert(place + 1, keras.saving.serialize_keras_object(pool))
    if Edit.SWAP_AXES in edits:
        _swap_input(config)
    fresh = type(model).from_config(config)
    if not fresh.built:
        shape = model.input_shape
        fresh.build((shape[0], shape[2], shape[1]) if Edit.SWAP_AXES in edits else shape)
    keep_untrained(keras, model, fresh)
    return fresh


def recurrent_layers(layers: list[Config]) -> list[int]:
    """Give the places of the recurrent layers of a configuration."""
    return [place for place, layer in enumerate(layers) if layer["class_name"] in _RECURRENT]


def _all_layers(layers: list[Config]) -> Iterator[Config]:
    """Give the configurations of layers, of those that they wrap, and of those of models within."""
    for layer in layers:
        yield layer
        inner = layer.get("config", {})
        wrapped = [inner[key] for key in ("layer", "backward_layer") if isinstance(inner.get(key), dict)]
        yield from _all_layers([*wrapped, *(part for part in inner.get("layers", ()) if isinstance(part, dict))])


def _set(layer: Config, key: str, *, value: object) -> None:
    """Set a parameter of a layer, and of the layers that it wraps, where they have it."""
    for part in _all_layers([layer]):
        if key in part.get("config", {}):
            part["config"][key] = value


def _linear_output(layers: list[Config]) -> None:
    for layer in reversed(layers):
        activation = layer["config"].get("activation")
        if layer["class_name"] in _ACTIVATION_LAYERS:
            layer["class_name"] = layer["registered_name"] = "Activation"
            layer["config"] = {"name": layer["config"]["name"], "activation": "linear"}
            layer["registered_name"] = None
            return
        if activation is not None:
            layer["config"]["activation"] = "linear"
            return


def _without_regularisation(layers: list[Config]) -> None:
    for layer in _all_layers(layers):
        config = layer.get("config", {})
        if "Dropout" in layer.get("class_name", "") and "rate" in config:
            config["rate"] = 0.0
        for key in config:
            if key in {"dropout", "recurrent_dropout"}:
                config[key] = 0.0
            elif key.endswith("_regularizer"):
                config[key] = None


def _thaw(layers: list[Config]) -> None:
    for layer in _all_layers(layers):
        if "trainable" in layer.get("config", {}):
            layer["config"]["trainable"] = True


def _smooth(layers: list[Config]) -> None:
    for layer in _all_layers(layers):
        config = layer.get("config", {})
        if config.get("activation") == "relu":
            config["activation"] = "tanh"
        elif layer.get("class_name") == "ReLU":
            layer["class_name"] = "Activation"
            layer["config"] = {"name": config["name"], "activation": "tanh"}


def _last_state(layers: list[Config]) -> None:
    place = _last_recurrent(layers)
    if place >= 0:
        _set(layers[place], "return_sequences", value=False)


def _two_layers(layers: list[Config]) -> None:
    """Leave the first recurrent layer and the last."""
    places = recurrent_layers(layers)
    for place in reversed(places[1:-1] if len(places) > LAYERS_LEFT else []):
        del layers[place]


def _moving(layers: list[Config]) -> None:
    """Let batch norms move with the data at once: nine tenths of what was, the commonest default elsewhere."""
    for layer in _all_layers(layers):
        if layer.get("class_name") == "BatchNormalization":
            layer["config"]["momentum"] = 0.9


_CHANGES: dict[Edit, Callable[[list[Config]], None]] = {
    Edit.SMOOTH_UNITS: _smooth,
    Edit.LINEAR_OUTPUT: _linear_output,
    Edit.NO_REGULARISATION: _without_regularisation,
    Edit.THAW: _thaw,
    Edit.LAST_STATE: _last_state,
    Edit.FEWER_LAYERS: _two_layers,
    Edit.SETTLE_NORMS: _moving,
}


def _last_recurrent(layers: list[Config]) -> int:
    return max(recurrent_layers(layers), default=-1)


def _first_after_input(layers: list[Config]) -> int:
    return sum(layer["class_name"] == "InputLayer" for layer in layers)


def _swap_input(config: Config) -> None:
    for layer in config["layers"]:
        for key in ("batch_shape", "batch_input_shape"):
            shape = layer["config"].get(key)
            if shape is not None:
                layer["config"][key] = (shape[0], shape[2], shape[1])
    if config.get("build_input_shape") is not None:
        n, steps, features = config["build_input_shape"]
        config["build_input_shape"] = (n, features, steps)


def keep_untrained(keras: ModuleType, model: Any, fresh: Any) -> None:  # noqa: ANN401 - Keras is optional
    """Copy what training did not change: frozen weights, and statistics that were adapted before.

    Parameters
    ----------
    keras : module
        Keras.
    model : keras.Model
        The user's; it is not changed.
    fresh : keras.Model
        Made of its configuration; layers of models within are seen to as well.
    """
    theirs = {layer.name: layer for layer in model.layers}
    for layer in fresh.layers:
        old = theirs.get(layer.name)
        if isinstance(layer, keras.Model) and isinstance(old, keras.Model):
            keep_untrained(keras, old, layer)
            continue
        if old is None or not layer.weights or [w.shape for w in layer.weights] != [w.shape for w in old.weights]:
            continue
        if isinstance(layer, keras.layers.Normalization) or not old.trainable:
            layer.set_weights([np.array(array_of(keras, weight)) for weight in old.weights])
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()
