"""A whole predictor as one graph: raw sequences in, raw predictions out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unflat.export import cells, pooling
from unflat.export.graph import CONTEXT, LENGTHS, PREDICTIONS, SCALED, SEQUENCES, VECTOR, Graph
from unflat.export.scales import held_predictions, raw_predictions, scaled_inputs
from unflat.export.summary import summary
from unflat.network.terms import Terms

if TYPE_CHECKING:
    from types import ModuleType

    from unflat.config import NetworkConfig
    from unflat.network.arrays import DenseArrays, NetworkArrays, PredictorArrays
    from unflat.scaling.ranges import InputRange


@dataclass(frozen=True)
class _Given:
    """What every network reads: scaled, time first."""

    x: str
    lengths: str
    extent: pooling.Extent
    context: list[str]


def build(onnx: ModuleType, arrays: PredictorArrays, ranges: InputRange, opset: int) -> Any:  # noqa: ANN401 - onnx has no types
    """Write a predictor down.

    Parameters
    ----------
    onnx : module
        The package `onnx`.
    arrays : PredictorArrays
        The predictor.
    ranges : InputRange
        Of the raw features, and of what stands beside a sequence: how many there are.
    opset : int
        The operator set.

    Returns
    -------
    onnx.ModelProto
        With the inputs `sequences` (n, T, features), float64, and `lengths` (n,), int64, and where something stands
        beside sequences `context` (n, columns), float64; with the outputs `predictions` (n, outputs), float64,
        `scaled`, the same on the target's scale, float32, and `vector` (n, width), float32, what the head reads.

    Raises
    ------
    UnsupportedOperatorError
        If ONNX has no operator for a part of it.
    """
    cells.refuse_unknown(arrays.config.cell)
    pooling.refuse_unknown(arrays.config.readout)
    graph = Graph(onnx)
    given = _take(graph, arrays, ranges)
    vectors = [vector for network in arrays.networks for vector in _read(graph, given, network, arrays.config)]
    if arrays.config.skip:
        vectors += [*summary(graph, given.x, given.extent, Terms.of(arrays.config), arrays.bounds), *given.context]
    vector = _joined(graph, vectors)
    scaled = held_predictions(graph, _dense(graph, vector, arrays.head), arrays)
    graph.give(raw_predictions(graph, scaled, arrays), PREDICTIONS, "DOUBLE", arrays.outputs)
    # What bounds are made of: already there, so that it costs nothing where nobody asks.
    graph.give(scaled, SCALED, "FLOAT", arrays.outputs)
    graph.give(vector, VECTOR, "FLOAT", arrays.head.weight.shape[1])
    return graph.model(opset)


def _take(graph: Graph, arrays: PredictorArrays, ranges: InputRange) -> _Given:
    """Take the inputs, and scale them."""
    graph.take(SEQUENCES, "DOUBLE", ["n", "T", len(ranges.low)])
    graph.take(LENGTHS, "INT64", ["n"])
    scaled = scaled_inputs(graph, SEQUENCES, arrays.inputs, len(ranges.low))
    x = graph.add("Transpose", scaled, perm=[1, 0, 2])  # time first
    extent = pooling.Extent(graph, x)
    if arrays.config.skip:  # whose mean would take in the padding; a recurrence stops before it
        x = extent.filled(x, 0.0)
    context = []
    if arrays.context is not None and ranges.context is not None:
        columns = len(ranges.context.low)
        graph.take(CONTEXT, "DOUBLE", ["n", columns])
        context.append(scaled_inputs(graph, CONTEXT, arrays.context, columns))
    return _Given(x, graph.cast(LENGTHS, "INT32"), extent, context)


def _read(graph: Graph, given: _Given, network: NetworkArrays, config: NetworkConfig) -> list[str]:
    """Give what one network makes of sequences and what stands beside them, for the head: each of shape (n, width)."""
    states, final = given.x, ""
    for directions in network.layers:
        states, final = cells.recurrence(graph, states, given.lengths, config.cell, directions)
    vectors = pooling.pooled(graph, (states, final), given.extent, network, config.readout)
    if network.mix is not None:
        vectors.append(graph.add("Tanh", _dense(graph, _joined(graph, [*vectors, *given.context]), network.mix)))
    return vectors


def _dense(graph: Graph, vector: str, layer: DenseArrays) -> str:
    return graph.add("Gemm", vector, graph.constant(layer.weight.T), graph.constant(layer.bias))


def _joined(graph: Graph, vectors: list[str]) -> str:
    return vectors[0] if len(vectors) == 1 else graph.add("Concat", *vectors, axis=1)
