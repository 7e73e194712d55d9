"""A predictor that keeps its state from one step to the next, for a fixed number of streams."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from unflat.network.terms import Terms
from unflat.streaming.inputs import StepScaling
from unflat.streaming.pooling import Before, First, Last, Maximum, Mean, Minimum, Moments, Products
from unflat.streaming.reading import Reading

if TYPE_CHECKING:
    from unflat.network.arrays import Array, PredictorArrays
    from unflat.scaling.ranges import InputRange
    from unflat.streaming.pooling import Pooling


class Engine:
    """A predictor, step by step.

    Parameters
    ----------
    arrays : PredictorArrays
        A predictor that reads forward only.
    ranges : InputRange
        The range of each raw feature in training, and of what stood beside sequences.
    streams : int
        How many streams advance together.
    beside : tuple of str
        The names of what stands beside a sequence.
    """

    def __init__(self, arrays: PredictorArrays, ranges: InputRange, streams: int, beside: tuple[str, ...] = ()) -> None:
        self._arrays = arrays
        self._limited = arrays.limited
        self.steps = np.zeros((streams, 1))
        x = np.zeros((streams, arrays.inputs.width), dtype=np.float32)
        self._vector = np.zeros((streams, arrays.head.weight.shape[1]), dtype=np.float32)
        self._weight = np.ascontiguousarray(arrays.head.weight.T)
        has_skip = arrays.config.skip
        self._scaling = StepScaling(arrays.inputs, x, ranges, arrays.beyond)
        self._context, self._beside = np.zeros((streams, 0), dtype=np.float32), None
        if arrays.context is not None and ranges.context is not None:
            width = arrays.context.width
            # The skip reads it as the last part of the vector.
            self._context = self._vector[:, -width:] if has_skip else np.zeros((streams, width), dtype=np.float32)
            self._beside = StepScaling(arrays.context, self._context, ranges.context, arrays.beyond, beside)
        self._readings, first = [], 0
        for network in arrays.networks:
            reading = Reading(network, arrays.config, x, self._context, self.steps)
            self._readings.append(reading)
            first += reading.place(self._vector[:, first:])
        self._skip = self._make_skip(x, first) if has_skip else {}
        self.state, self._starts = self._collect()
        self.reset(slice(None))

    def _make_skip(self, x: Array, first: int) -> dict[str, Pooling]:
        """Make what the skip reads of the steps, each with its part of the vector."""
        arrays, terms = self._arrays, Terms.of(self._arrays.config)
        ends = first + np.cumsum([0, x.shape[1], x.shape[1], *terms.widths(x.shape[1])[1:]])
        parts = [self._vector[:, slice(*part)] for part in pairwise(ends)]
        last, mean, before, moments, products, extremes, begun = parts
        poolings: dict[str, Pooling] = {"skip_last": Last(x, last), "skip_mean": Mean(x, mean, self.steps)}
        if terms.lags:
            poolings["skip_before"] = Before(x, before, self.steps)
        if arrays.bounds is not None and terms.moments:
            poolings["skip_moments"] = Moments(x, moments, self.steps, arrays.bounds)
        if arrays.bounds is not None and terms.products:
            poolings["skip_products"] = Products(x, products, self.steps, arrays.bounds, terms.products)
        if terms.extremes:
            largest, smallest = np.split(extremes, 2, axis=1)
            poolings |= {"skip_largest": Maximum(x, largest), "skip_smallest": Minimum(x, smallest)}
        if terms.first:
            poolings["skip_first"] = First(x, begun, self.steps)
        return poolings

    def _collect(self) -> tuple[dict[str, Array], dict[str, float]]:
        """Name every array that is kept from step to step, and its value before the first."""
        kept: dict[str, tuple[Array, float]] = {"steps": (self.steps, 0.0)}
        if self._beside is not None:
            kept["context"] = (self._context, 0.0)
        for place, reading in enumerate(self._readings):
            kept |= {f"network_{place}_{name}": value for name, value in reading.state.items()}
        for name, pooling in self._skip.items():
            kept[f"{name}_result"] = (pooling.result, pooling.start)
            kept |= {f"{name}_{key}": value for key, value in pooling.state.items()}
        return {name: array for name, (array, _) in kept.items()}, {name: start for name, (_, start) in kept.items()}

    def reset(self, streams: slice | Array) -> None:
        """Put streams back to before their first step."""
        for name, array in self.state.items():
            array[streams] = self._starts[name]

    def advance(self, x: Array, context: Array | None) -> None:
        """Read one raw step of each stream, (n, features), and what stands beside them, (n, columns), both float64."""
        self._scaling.put(x)
        if self._beside is not None and context is not None:
            self._beside.put(context)
        self.steps += 1
        for reading in self._readings:
            reading.advance()
        for pooling in self._skip.values():
            pooling.advance()

    def predict(self) -> Array:
        """Predict from what was read so far: (n, outputs), float64, in the target's units."""
        arrays = self._arrays
        scaled = np.dot(self._vector, self._weight)
        scaled += arrays.head.bias
        scaled = scaled if arrays.held is None else np.clip(scaled, *arrays.held)
        raw: Array = scaled * arrays.target_scale  # float64 from here on
        raw += arrays.target_center
        raw = np.exp(raw) if arrays.logarithmic else raw
        return np.clip(raw, arrays.lowest, arrays.highest) if self._limited else raw
