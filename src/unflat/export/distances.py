"""How far errors reach, as operators: learned from the states that a prediction is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.export.graph import BOUNDS, DISTANCES, PREDICTIONS
from unflat.intervals import FARTHEST, FLOOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.export.graph import Graph
    from unflat.intervals import Spread
    from unflat.network.arrays import PredictorArrays


class Reach(NamedTuple):
    """How far errors reach.

    Parameters
    ----------
    spread : Spread
        The distances below and above that were learned.
    usual : ndarray of shape (1, outputs), float64
        How many of them the bounds that a file gives lie away.
    """

    spread: Spread
    usual: NDArray[np.float64]


def give_bounds(graph: Graph, described: str, reach: Reach, arrays: PredictorArrays) -> None:
    """Go a number of distances to either side of predictions, in the target's units.

    Parameters
    ----------
    graph : Graph
        What to add to; its predictions are there.
    described : str
        Predictions on the target's scale beside the states that they were made of, (n, width), float32.
    reach : Reach
        The distances: see `unflat.intervals.spread`.
    arrays : PredictorArrays
        The target's scale. Where the target's logarithm was taken, a distance is one of logarithms.
    """
    usual, scale = graph.constant(reach.usual), graph.constant(arrays.target_scale)
    for sign, side, bound, name in zip(
        ("Sub", "Add"), _sides(graph, described, reach.spread), BOUNDS, DISTANCES, strict=True
    ):
        wide = graph.add("Mul", graph.cast(side, "DOUBLE"), scale)
        far = graph.add("Mul", usual, wide)
        if arrays.logarithmic:
            operator = {"Sub": "Div", "Add": "Mul"}[sign]
            graph.give(graph.add(operator, PREDICTIONS, graph.add("Exp", far)), bound, arrays.outputs)
        else:
            graph.give(graph.add(sign, PREDICTIONS, far), bound, arrays.outputs)
        graph.give(wide, name, arrays.outputs)


def _sides(graph: Graph, described: str, spread: Spread) -> list[str]:
    """Give the distances below and above on the target's scale, (n, outputs) each, float32."""
    sizes = np.split(spread.size.numpy(), 2)
    if not bool(spread.learned):
        rows = graph.add("Concat", graph.add("Shape", described, start=0, end=1), graph.constant([1]), axis=0)
        return [graph.add("Tile", graph.constant(size[None]), rows) for size in sizes]
    states = graph.add("Sub", described, graph.constant(spread.center.numpy()))
    states = graph.add("Div", states, graph.constant(spread.scale.numpy()))
    states = graph.add("Clip", states, *(graph.constant(np.float32(end)) for end in (-FARTHEST, FARTHEST)))
    weights, biases = np.split(spread.weight.numpy(), 2, axis=1), np.split(spread.bias.numpy(), 2)
    sides = []
    for weight, bias, size in zip(weights, biases, sizes, strict=True):
        product = graph.add("Gemm", states, graph.constant(weight), graph.constant(bias))
        share = graph.add("Add", graph.add("Softplus", product), graph.constant(np.float32(FLOOR)))
        sides.append(graph.add("Mul", share, graph.constant(size)))
    return sides
