"""One pass through a Keras model, written down; and the model as it was when the pass is over.

Layers are met by standing before their `call` while the context lasts, which works for every kind of model and on
every backend, and makes no new layers, functions or graphs.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat._optional import require
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.keras_arrays import array_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from numpy.typing import NDArray

_SEEDS = "global_seed_generator"
"""Where Keras keeps its global generator."""


@dataclass(frozen=True, eq=False)
class KerasCall:
    """One call of a layer.

    Parameters
    ----------
    name : str
        The layer's name.
    layer : keras.layers.Layer
        The layer.
    read, gave : ndarray
        What it was given and what it returned; of several things, the first.
    mask : ndarray of shape (n, T), bool, or None
        Which steps count.
    start : tuple of ndarray
        The state that a recurrent layer began with; empty where it began at zero.
    """

    name: str
    layer: Any
    read: NDArray[Any]
    gave: NDArray[Any]
    mask: NDArray[Any] | None
    start: tuple[NDArray[Any], ...]


@contextmanager
def traced(keras: ModuleType, units: Mapping[str, Any]) -> Iterator[list[KerasCall]]:
    """Write down the calls of layers while the context lasts, in the order in which they end."""
    calls: list[KerasCall] = []

    def array(value: Any) -> NDArray[Any]:  # noqa: ANN401 - a tensor of any backend
        return array_of(keras, value)

    def watched(name: str, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - Keras is optional
        @wraps(call)
        def write(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a layer's own signature
            read = array(_first((*args, *kwargs.values())))
            start = tuple(map(array, _start(layer, args, kwargs)))
            gave = call(*args, **kwargs)
            mask = kwargs.get("mask")
            is_plain = mask is None or isinstance(mask, list | tuple)
            calls.append(KerasCall(name, layer, read, array(_first(gave)), None if is_plain else array(mask), start))
            return gave

        return write

    with replaced(units, watched):
        yield calls


def _first(value: Any) -> Any:  # noqa: ANN401 - what a layer reads or gives
    while isinstance(value, list | tuple | dict):
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value


def _start(layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    """Find the state that a recurrent layer begins with."""
    if not hasattr(layer, "return_state"):
        return ()
    given = args[1] if len(args) > 1 else kwargs.get("initial_state")
    if given is None and layer.stateful:
        given = getattr(layer, "states", None)
    return () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)


@contextmanager
def replaced(
    units: Mapping[str, Any], wrapper: Callable[[str, Any, Callable[..., Any]], Callable[..., Any]]
) -> Iterator[None]:
    """Put a function before the `call` of layers while the context lasts.

    Parameters
    ----------
    units : mapping of str to keras.layers.Layer
        The layers, by name.
    wrapper : callable
        Of a layer's name, the layer and its `call`; gives what is called instead.
    """
    own = [(layer, layer.__dict__.get("call")) for layer in units.values()]
    try:
        for name, layer in units.items():
            # Not by setattr: Keras and its backends keep an account of what is set.
            object.__setattr__(layer, "call", wrapper(name, layer, layer.call))
        yield
    finally:
        for layer, call in own:
            if call is not None:
                object.__setattr__(layer, "call", call)
            elif "call" in layer.__dict__:
                object.__delattr__(layer, "call")


@contextmanager
def kept_model(keras: ModuleType, model: Any, units: Mapping[str, Any]) -> Iterator[None]:  # noqa: ANN401 - as above
    """Put back what a pass may change: statistics of norms, states, seeds of layers and all global randomness."""
    trained = {id(variable) for variable in model.trainable_variables}
    variables = [variable for variable in model.variables if id(variable) not in trained]
    variables += [state for layer in units.values() for state in _kept_states(layer)]
    values = [array_of(keras, variable) for variable in variables]
    state = require("keras.src.backend.common.global_state", extra="keras")
    seeds = state.get_global_attribute(_SEEDS)
    seed = None if seeds is None else array_of(keras, seeds.state)
    cuda = [torch.device("cuda", i) for i in range(torch.cuda.device_count())]
    with kept_randomness(cuda):
        try:
            yield
        finally:
            state.set_global_attribute(_SEEDS, seeds)
            if seeds is not None:
                _restore(keras, [seeds.state], [seed])
            _restore(keras, variables, values)


def _kept_states(layer: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Give the states that a recurrent layer carries on from batch to batch; a model does not count them."""
    states = getattr(layer, "states", None) if getattr(layer, "stateful", False) else None
    return list(states) if states else []


def _restore(keras: ModuleType, variables: list[Any], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        if not np.array_equal(array_of(keras, variable), value):
            variable.assign(value)
