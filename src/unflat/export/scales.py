"""The scales as operators: float64 until the scale is gone, so that 1.7e9 ± 1 keeps its ±1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from unflat.export.graph import Graph
    from unflat.network.arrays import InputArrays, PredictorArrays


def scaled_inputs(graph: Graph, raw: str, inputs: InputArrays, features: int) -> str:
    """Turn raw sequences (n, T, F), or what stands beside them (n, F), float64, into what the network reads, float32.

    Scaled numbers with 0, the center, where one is missing; then 1 for each missing value of a column that has a
    missing-indicator; then 1 for each category that is present, shares for an unseen one: as
    `unflat.scaling.scales.InputScaling` does it.

    Parameters
    ----------
    graph : Graph
        What to add to.
    raw : str
        The raw values, features last.
    inputs : InputArrays
        The scale.
    features : int
        How many features they have.

    Returns
    -------
    str
        The scaled values.
    """
    parts = []
    if len(inputs.numeric):
        numbers = _columns(graph, raw, inputs.numeric, features)
        centered = graph.add("Sub", numbers, graph.constant(inputs.center))
        scaled = graph.add("Div", centered, graph.constant(inputs.scale))
        missing = graph.add("IsNaN", scaled)
        parts.append(graph.cast(graph.add("Where", missing, graph.constant(np.float64(0)), scaled), "FLOAT"))
        if len(inputs.with_missing):
            parts.append(graph.cast(_columns(graph, missing, inputs.with_missing, len(inputs.numeric)), "FLOAT"))
    if len(inputs.codes):
        labels = graph.add("Gather", raw, graph.constant(inputs.code_columns), axis=-1)
        present = graph.cast(graph.add("Equal", labels, graph.constant(inputs.codes)), "FLOAT")
        parts.append(_with_unseen(graph, labels, present, inputs))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=-1)


def _with_unseen(graph: Graph, labels: str, present: str, inputs: InputArrays) -> str:
    """Give a category that training never saw its shares: one that is there, and equal to none of its column's."""
    if not inputs.unseen.any():
        return present
    found = graph.add("MatMul", present, graph.constant(inputs.together))
    known = graph.add("Or", graph.add("Greater", found, graph.constant(np.float32(0))), graph.add("IsNaN", labels))
    return graph.add("Where", known, present, graph.constant(inputs.unseen))


def held_predictions(graph: Graph, scaled: str, arrays: PredictorArrays) -> str:
    """Hold scaled predictions, float32, between their ends, where they are held."""
    if arrays.held is None:
        return scaled
    low, high = arrays.held
    return graph.add("Min", graph.add("Max", scaled, graph.constant(low)), graph.constant(high))


def raw_predictions(graph: Graph, scaled: str, arrays: PredictorArrays) -> str:
    """Turn scaled predictions, float32, into the target's units, float64, and between its limits."""
    wide = graph.add("Mul", graph.cast(scaled, "DOUBLE"), graph.constant(arrays.target_scale))
    raw = graph.add("Add", wide, graph.constant(arrays.target_center))
    raw = graph.add("Exp", raw) if arrays.logarithmic else raw
    if not arrays.limited:
        return raw
    above = graph.add("Max", raw, graph.constant(arrays.lowest))
    return graph.add("Min", above, graph.constant(arrays.highest))


def _columns(graph: Graph, values: str, columns: np.ndarray, width: int) -> str:
    """Select columns of the last axis, where they are not all."""
    if columns.tolist() == list(range(width)):
        return values
    return graph.add("Gather", values, graph.constant(columns), axis=-1)
