"""What one network makes of the steps so far: its layers, its read-out, and what it mixes in from beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.streaming.cells import CELLS
from unflat.streaming.pooling import Attention, Last, Maximum, Mean

if TYPE_CHECKING:
    from unflat.config import NetworkConfig
    from unflat.network.arrays import Array, NetworkArrays
    from unflat.streaming.pooling import Pooling


class Reading:
    """One network, step by step.

    All that layers read stands in one array, `[x, 1, h1, 1, h2, ...]`: each layer sees its input, a one for its bias
    and its own state side by side, and the next one sees its state without a copy.

    Parameters
    ----------
    arrays : NetworkArrays
        A network that reads forward only.
    config : NetworkConfig
        Its shape.
    x : ndarray of shape (n, features), float32
        Where each scaled step is put.
    context : ndarray of shape (n, columns), float32
        Where what stands beside each stream is put.
    steps : ndarray of shape (n, 1), float64
        How many steps each stream has been fed.
    """

    def __init__(self, arrays: NetworkArrays, config: NetworkConfig, x: Array, context: Array, steps: Array) -> None:
        self._arrays, self._config, self._source, self._context, self._steps = arrays, config, x, context, steps
        widths = [x.shape[1], *(layer[0].units for layer in arrays.layers)]
        starts = np.cumsum([0, *(width + 1 for width in widths[:-1])]).tolist()
        line = np.zeros((len(x), starts[-1] + widths[-1]), dtype=np.float32)
        line[:, [start - 1 for start in starts[1:]]] = 1.0
        self._x, self._states = line[:, : widths[0]], line[:, starts[-1] :]
        step = CELLS[config.cell]
        self._layers = [
            step(layer[0], line[:, start : after + width])
            for layer, start, after, width in zip(arrays.layers, starts, starts[1:], widths[1:], strict=False)
        ]
        self._poolings: dict[str, Pooling] = {}

    def place(self, vector: Array) -> int:
        """Put what is made of the steps into the first columns of an array, and say how many these are."""
        width, first = self._states.shape[1], 0
        for number, kind in enumerate(self._config.readout):
            self._poolings[f"{kind}_{number}"] = self._pooling(kind, vector[:, first : first + width])
            first += width
        mix = self._arrays.mix
        if mix is None:
            return first
        self._pooled, self._mixed = vector[:, :first], vector[:, first : first + len(mix.bias)]
        self._of_states, self._of_context = np.split(np.ascontiguousarray(mix.weight.T), [first])
        return first + len(mix.bias)

    def _pooling(self, kind: str, result: Array) -> Pooling:
        if kind == "last":
            return Last(self._states, result)
        if kind == "max":
            return Maximum(self._states, result)
        if kind == "mean":
            return Mean(self._states, result, self._steps)
        return Attention(self._states, result, self._arrays.attention)  # type: ignore[arg-type]  # there when named

    @property
    def state(self) -> dict[str, tuple[Array, float]]:
        """What is kept from step to step, and its value before the first."""
        kept: dict[str, tuple[Array, float]] = {}
        for depth, layer in enumerate(self._layers):
            kept |= {f"layer_{depth}_{name}": (array, 0.0) for name, array in layer.state.items()}
        for name, pooling in self._poolings.items():
            kept[f"{name}_result"] = (pooling.result, pooling.start)
            kept |= {f"{name}_{key}": value for key, value in pooling.state.items()}
        if self._arrays.mix is not None:
            kept["mixed"] = (self._mixed, 0.0)
        return kept

    def advance(self) -> None:
        """Take the step in."""
        np.copyto(self._x, self._source)
        for layer in self._layers:
            layer.advance()
        for pooling in self._poolings.values():
            pooling.advance()
        mix = self._arrays.mix
        if mix is not None:
            mixed = self._pooled @ self._of_states
            mixed += self._context @ self._of_context
            mixed += mix.bias
            np.tanh(mixed, out=self._mixed)
