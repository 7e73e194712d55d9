"""A predictor that keeps its state from one step to the next, for a fixed number of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.streaming.cells import CELLS
from unflat.streaming.inputs import StepScaling
from unflat.streaming.pooling import Attention, Before, Last, Maximum, Mean

if TYPE_CHECKING:
    from unflat.network.arrays import Array, PredictorArrays
    from unflat.ranges import InputRange
    from unflat.streaming.pooling import Pooling


class Engine:
    """A predictor, step by step.

    All that layers read stands in one array, `[x, 1, h1, 1, h2, ...]`: each layer sees its input, a one for its bias
    and its own state side by side, and the next one sees its state without a copy.

    Parameters
    ----------
    arrays : PredictorArrays
        A predictor that reads forward only.
    ranges : InputRange
        The range of each raw feature in training.
    streams : int
        How many streams advance together.
    """

    def __init__(self, arrays: PredictorArrays, ranges: InputRange, streams: int) -> None:
        self._arrays = arrays
        widths = [arrays.inputs.width, *(layer[0].units for layer in arrays.layers)]
        starts = np.cumsum([0, *(width + 1 for width in widths[:-1])]).tolist()
        line = np.zeros((streams, starts[-1] + widths[-1]), dtype=np.float32)
        line[:, [start - 1 for start in starts[1:]]] = 1.0
        x, states = line[:, : widths[0]], line[:, starts[-1] :]
        self._scaling = StepScaling(arrays.inputs, x, ranges, goes_on=arrays.config.skip)
        step = CELLS[arrays.config.cell]
        self._layers = [
            step(layer[0], line[:, start : after + width])
            for layer, start, after, width in zip(arrays.layers, starts, starts[1:], widths[1:], strict=False)
        ]
        self.steps = np.zeros((streams, 1))
        self._vector = np.zeros((streams, arrays.head.weight.shape[1]), dtype=np.float32)
        self._poolings = self._make_poolings(x, states)
        self._weight = np.ascontiguousarray(arrays.head.weight.T)
        self.state, self._starts = self._collect()
        self.reset(slice(None))

    def _make_poolings(self, x: Array, states: Array) -> dict[str, Pooling]:
        """Make the poolings in the order of the head's inputs, each with its part of the vector."""
        config = self._arrays.config
        sources: list[tuple[str, str, Array]] = [(name, name, states) for name in config.readout]
        if config.skip:
            sources += [("skip_last", "last", x), ("skip_mean", "mean", x)]
        if config.lags:
            sources.append(("skip_before", "before", x))
        poolings: dict[str, Pooling] = {}
        first = 0
        for place, (name, kind, source) in enumerate(sources):
            width = source.shape[1] * (config.lags if kind == "before" else 1)
            poolings[f"{name}_{place}"] = self._pooling(kind, source, self._vector[:, first : first + width])
            first += width
        return poolings

    def _pooling(self, kind: str, source: Array, result: Array) -> Pooling:
        if kind == "last":
            return Last(source, result)
        if kind == "max":
            return Maximum(source, result)
        if kind == "mean":
            return Mean(source, result, self.steps)
        if kind == "before":
            return Before(source, result, self.steps)
        return Attention(source, result, self._arrays.attention)  # type: ignore[arg-type]  # there when named

    def _collect(self) -> tuple[dict[str, Array], dict[str, float]]:
        """Name every array that is kept from step to step, and its value before the first."""
        kept: dict[str, tuple[Array, float]] = {"steps": (self.steps, 0.0)}
        for depth, layer in enumerate(self._layers):
            kept |= {f"layer_{depth}_{name}": (array, 0.0) for name, array in layer.state.items()}
        for name, pooling in self._poolings.items():
            kept[f"{name}_result"] = (pooling.result, pooling.start)
            kept |= {f"{name}_{key}": value for key, value in pooling.state.items()}
        return {name: array for name, (array, _) in kept.items()}, {name: start for name, (_, start) in kept.items()}

    def reset(self, streams: slice | Array) -> None:
        """Put streams back to before their first step."""
        for name, array in self.state.items():
            array[streams] = self._starts[name]

    def advance(self, x: Array) -> None:
        """Read one raw step of each stream, float64 of shape (n, features)."""
        self._scaling.put(x)
        self.steps += 1
        for layer in self._layers:
            layer.advance()
        for pooling in self._poolings.values():
            pooling.advance()

    def predict(self) -> Array:
        """Predict from what was read so far: (n, outputs), float64, in the target's units."""
        arrays = self._arrays
        scaled = np.dot(self._vector, self._weight)
        scaled += arrays.head.bias
        raw: Array = scaled * arrays.target_scale  # float64 from here on
        raw += arrays.target_center
        return np.exp(raw) if arrays.logarithmic else raw
