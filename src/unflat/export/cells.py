"""Recurrent layers as ONNX's own operators, which stop each sequence at its length and read both ways.

ONNX orders gates otherwise than torch, and its GRU has the reset gate where torch has it only with
`linear_before_reset`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import UnsupportedOperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unflat.export.graph import Graph
    from unflat.network.arrays import Array, CellArrays


@dataclass(frozen=True)
class _Operator:
    name: str
    order: tuple[int, ...]  # where ONNX's gates stand among torch's
    outputs: int
    attributes: Mapping[str, int]


_OPERATORS = {
    "lstm": _Operator("LSTM", (0, 3, 1, 2), 3, {}),  # i o f g of i f g o
    "gru": _Operator("GRU", (1, 0, 2), 2, {"linear_before_reset": 1}),  # z r n of r z n
}


def refuse_unknown(cell: str) -> None:
    """Raise `UnsupportedOperatorError` if ONNX has no operator for a cell."""
    if cell not in _OPERATORS:
        raise UnsupportedOperatorError(f"the cell {cell!r}", ", ".join(map(repr, _OPERATORS)))


def recurrence(graph: Graph, x: str, lengths: str, cell: str, directions: Sequence[CellArrays]) -> tuple[str, str]:
    """Read sequences with one layer.

    Parameters
    ----------
    graph : Graph
        What to add to.
    x : str
        Sequences of shape (T, n, features).
    lengths : str
        Steps of each, of shape (n,), int32.
    cell : {"lstm", "gru"}
        The cell.
    directions : sequence of CellArrays
        Forward, or forward and backward.

    Returns
    -------
    states : str
        The state after each step, (T, n, width); beyond a sequence's end it has no meaning.
    final : str
        The state that each direction ends with, (directions, n, units).
    """
    operator = _OPERATORS[cell]
    states, final, *_ = graph.add_many(
        operator.name,
        x,
        *(graph.constant(weights) for weights in _weights(directions, operator.order)),
        lengths,
        outputs=operator.outputs,
        hidden_size=directions[0].units,
        direction="forward" if len(directions) == 1 else "bidirectional",
        **operator.attributes,
    )
    if len(directions) == 1:
        return graph.add("Squeeze", states, graph.constant([1])), final
    joined = graph.add("Transpose", states, perm=[0, 2, 1, 3])  # (T, n, directions, units)
    return graph.add("Reshape", joined, graph.constant([0, 0, -1])), final


def side_by_side(graph: Graph, final: str, directions: Sequence[CellArrays]) -> str:
    """Join the states that each direction ends with: (directions, n, units) to (n, width)."""
    if len(directions) == 1:
        return graph.add("Squeeze", final, graph.constant([0]))
    return graph.add("Reshape", graph.add("Transpose", final, perm=[1, 0, 2]), graph.constant([0, -1]))


def _weights(directions: Sequence[CellArrays], order: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Stack the directions' weights for the input, for the state, and their biases, as ONNX has them."""
    biases = [[_reordered(bias, order) for bias in (of.bias_input, of.bias_hidden)] for of in directions]
    return (
        np.stack([_reordered(of.weight_input, order) for of in directions]),
        np.stack([_reordered(of.weight_hidden, order) for of in directions]),
        np.stack([np.concatenate(both) for both in biases]),
    )


def _reordered(rows: Array, order: tuple[int, ...]) -> Array:
    gates = np.split(rows, len(order))
    return np.concatenate([gates[place] for place in order])
