"""A whole predictor as one graph: raw sequences in, raw predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unflat.export import cells, pooling
from unflat.export.graph import LENGTHS, PREDICTIONS, SEQUENCES, Graph
from unflat.export.scales import raw_predictions, scaled_inputs

if TYPE_CHECKING:
    from types import ModuleType

    from unflat.network.arrays import PredictorArrays


def build(onnx: ModuleType, arrays: PredictorArrays, features: int, opset: int) -> Any:  # noqa: ANN401 - onnx has no types
    """Write a predictor down.

    Parameters
    ----------
    onnx : module
        The package `onnx`.
    arrays : PredictorArrays
        The predictor.
    features : int
        Raw features of a time step.
    opset : int
        The operator set.

    Returns
    -------
    onnx.ModelProto
        With the inputs `sequences` (n, T, features), float64, and `lengths` (n,), int64, and the output
        `predictions` (n, outputs), float64.

    Raises
    ------
    UnsupportedOperatorError
        If ONNX has no operator for a part of it.
    """
    config = arrays.config
    cells.refuse_unknown(config.cell)
    pooling.refuse_unknown(config.readout)
    graph = Graph(onnx)
    scaled = scaled_inputs(graph, SEQUENCES, arrays.inputs, features)
    x = graph.add("Transpose", scaled, perm=[1, 0, 2])  # time first
    extent = pooling.Extent(graph, x)
    if config.skip:  # whose mean would take in the padding; a recurrence stops before it
        x = extent.filled(x, 0.0)
    states, lengths = x, graph.cast(LENGTHS, "INT32")
    for directions in arrays.layers:
        states, final = cells.recurrence(graph, states, lengths, config.cell, directions)
    vectors = pooling.pooled(graph, states, final, extent, arrays)
    if config.skip:
        vectors += pooling.summary(graph, x, extent, config.lags)
    vector = vectors[0] if len(vectors) == 1 else graph.add("Concat", *vectors, axis=1)
    weight, bias = graph.constant(arrays.head.weight.T), graph.constant(arrays.head.bias)
    raw_predictions(graph, graph.add("Gemm", vector, weight, bias), arrays)
    graph.name_last(PREDICTIONS)
    return graph.model(features, arrays.outputs, opset)
