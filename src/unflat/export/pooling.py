"""Read-outs over time as operators; time is the first axis, as ONNX's recurrences have it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import UnsupportedOperatorError
from unflat.export.cells import side_by_side
from unflat.export.graph import LENGTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat.export.graph import Graph
    from unflat.network.arrays import DenseArrays, NetworkArrays

_KNOWN = ("last", "mean", "max", "attention")


def refuse_unknown(readout: Sequence[str]) -> None:
    """Raise `UnsupportedOperatorError` if a read-out cannot be written down."""
    for pooling in readout:
        if pooling not in _KNOWN:
            raise UnsupportedOperatorError(f"the read-out {pooling!r}", ", ".join(map(repr, _KNOWN)))


class Extent:
    """How far each sequence goes, written down where a read-out first asks for it.

    Parameters
    ----------
    graph : Graph
        What to add to.
    x : str
        Sequences of shape (T, n, features), whose lengths the file is given.
    """

    def __init__(self, graph: Graph, x: str) -> None:
        self._graph = graph
        self._x = x

    @cached_property
    def valid(self) -> str:
        """Which steps belong to a sequence: (T, n, 1), bool."""
        add, constant = self._graph.add, self._graph.constant
        longest = add("Squeeze", add("Shape", self._x, start=0, end=1))
        counted = add("Range", constant(0), longest, constant(1))
        return add("Less", add("Unsqueeze", counted, constant([1, 2])), self._column)

    @cached_property
    def steps(self) -> str:
        """Steps of each sequence: (n, 1), float32."""
        return self._graph.cast(self._column, "FLOAT")

    @cached_property
    def _column(self) -> str:
        return self._graph.add("Unsqueeze", LENGTHS, self._graph.constant([1]))

    def filled(self, x: str, value: float) -> str:
        """Fill what lies beyond a sequence's end."""
        return self._graph.add("Where", self.valid, x, self._graph.constant(value, np.float32))

    def mean(self, x: str) -> str:
        """Average steps of which those beyond the end are zero: (T, n, F) to (n, F)."""
        total = self._graph.add("ReduceSum", x, self._graph.constant([0]), keepdims=0)
        return self._graph.add("Div", total, self.steps)


def pooled(
    graph: Graph, read: tuple[str, str], extent: Extent, network: NetworkArrays, readout: Sequence[str]
) -> list[str]:
    """Pool states over time.

    Parameters
    ----------
    graph : Graph
        What to add to.
    read : tuple of two str
        The state after each step, (T, n, width), and that which each direction ends with, (directions, n, units).
    extent : Extent
        How far each sequence goes.
    network : NetworkArrays
        The weights of the attention.
    readout : sequence of str
        Which ways.

    Returns
    -------
    list of str
        A value of shape (n, width) for each way, in order.
    """
    states, final = read
    poolings = {
        "last": lambda: side_by_side(graph, final, network.layers[-1]),
        "mean": lambda: extent.mean(extent.filled(states, 0.0)),
        "max": lambda: graph.add("ReduceMax", extent.filled(states, -np.inf), graph.constant([0]), keepdims=0),
        "attention": lambda: _attended(graph, states, extent, *(network.attention or ())),
    }
    return [poolings[name]() for name in readout]


def _attended(graph: Graph, states: str, extent: Extent, project: DenseArrays, context: DenseArrays) -> str:
    """Average by softmax(context · tanh(project(state))): see `unflat.network.readout.Attention`."""
    projected = graph.add("MatMul", states, graph.constant(project.weight.T))
    tanh = graph.add("Tanh", graph.add("Add", projected, graph.constant(project.bias)))
    scores = graph.add("MatMul", tanh, graph.constant(context.weight.T))  # its bias moves all alike: softmax drops it
    shares = graph.add("Softmax", extent.filled(scores, -np.inf), axis=0)
    weighted = graph.add("Mul", shares, extent.filled(states, 0.0))
    return graph.add("ReduceSum", weighted, graph.constant([0]), keepdims=0)
