"""What the skip reads of a sequence as operators: see `unflat.network.terms`; time is the first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.export.graph import LENGTHS

if TYPE_CHECKING:
    from unflat.export.graph import Graph
    from unflat.export.pooling import Extent
    from unflat.network.arrays import Array
    from unflat.network.terms import Terms


def summary(graph: Graph, x: str, extent: Extent, terms: Terms, bounds: tuple[Array, Array] | None) -> list[str]:
    """Give what the skip reads of each sequence, but for the context.

    Parameters
    ----------
    graph : Graph
        What to add to.
    x : str
        Sequences, (T, n, F), zero beyond their end.
    extent : Extent
        How far each sequence goes.
    terms : Terms
        What is read beside the last and the mean step.
    bounds : tuple of two ndarrays of shape (F,), or None
        The range of each feature that enters products.

    Returns
    -------
    list of str
        The columns of `unflat.network.terms.summary`, in parts of shape (n, ...).
    """
    # The last step is the first of the sequence turned around in its own length, and so on.
    turned = graph.add("ReverseSequence", x, LENGTHS, time_axis=0, batch_axis=1)
    vectors = [graph.add("Gather", turned, graph.constant(0), axis=0), extent.mean(x)]
    if terms.lags:
        vectors.append(_before_last(graph, turned, terms.lags))
    if bounds is not None and terms.moments:
        features = len(bounds[0])
        vectors.append(_mean_products(graph, extent.filled(_held(graph, x, bounds), 0.0), extent, features))
    if bounds is not None and terms.products:
        latest = _latest(graph, _held(graph, turned, bounds), terms.products)
        vectors.append(_products(graph, latest, terms.products * len(bounds[0])))
    if terms.extremes:
        vectors += [
            _most(graph, "ReduceMax", extent.filled(x, -np.inf)),
            _most(graph, "ReduceMin", extent.filled(x, np.inf)),
        ]
    if terms.first:
        vectors.append(graph.add("Gather", x, graph.constant(0), axis=0))
    return vectors


def _most(graph: Graph, operator: str, x: str) -> str:
    return graph.add(operator, x, graph.constant([0]), keepdims=0)


def _before_last(graph: Graph, turned: str, lags: int) -> str:
    first = graph.add("Unsqueeze", graph.add("Sub", LENGTHS, graph.constant(1)), graph.constant([0]))  # (1, n)
    back = graph.constant(np.arange(1, lags + 1)[:, None])
    place = graph.add("Unsqueeze", graph.add("Min", back, first), graph.constant([2]))  # (lags, n, 1)
    features = graph.add("Shape", turned, start=2, end=3)
    shape = graph.add("Concat", graph.constant([1, 1]), features, axis=0)
    steps = graph.add("GatherElements", turned, graph.add("Expand", place, shape), axis=0)  # (lags, n, F)
    return graph.add("Flatten", graph.add("Transpose", steps, perm=[1, 0, 2]), axis=1)


def _held(graph: Graph, x: str, bounds: tuple[Array, Array]) -> str:
    low, high = bounds
    return graph.add("Min", graph.add("Max", x, graph.constant(low)), graph.constant(high))


def _latest(graph: Graph, turned: str, steps: int) -> str:
    """Take the latest steps, the last first: (n, steps * F)."""
    last = graph.add("Gather", turned, graph.constant(0), axis=0)
    return last if steps == 1 else graph.add("Concat", last, _before_last(graph, turned, steps - 1), axis=1)


def _mean_products(graph: Graph, held: str, extent: Extent, features: int) -> str:
    """Average products of features, zero beyond the end: (T, n, F) to (n, F (F + 1) / 2)."""
    left, right = (graph.add("Transpose", held, perm=order) for order in ([1, 2, 0], [1, 0, 2]))
    square = graph.add("MatMul", left, right)
    row, column = np.triu_indices(features)
    kept = graph.add("Gather", graph.add("Flatten", square, axis=1), graph.constant(row * features + column), axis=1)
    return graph.add("Div", kept, extent.steps)


def _products(graph: Graph, values: str, count: int) -> str:
    """Multiply numbers in pairs: (n, W) to (n, W (W + 1) / 2)."""
    row, column = (graph.add("Gather", values, graph.constant(places), axis=1) for places in np.triu_indices(count))
    return graph.add("Mul", row, column)
