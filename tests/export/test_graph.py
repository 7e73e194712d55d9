"""Graphs: what is added is computed, and no constant stands in a file twice."""

import numpy as np
import onnx
import onnxruntime
import pytest

from unflat.export.graph import Graph


def test_a_graph_computes_what_was_added():
    """Operators feed each other by name; the value that was named last comes out."""
    graph = Graph(onnx)
    row = graph.add("ReduceSum", "sequences", graph.constant([1]), keepdims=0)
    steps = graph.cast(graph.add("Unsqueeze", "lengths", graph.constant([1])), "DOUBLE")
    graph.add("Div", row, steps)
    graph.name_last("predictions")
    session = onnxruntime.InferenceSession(graph.model(2, 2, 18).SerializeToString())
    values = np.arange(12.0).reshape(2, 3, 2)
    (given,) = session.run(None, {"sequences": values, "lengths": np.array([3, 3])})
    np.testing.assert_allclose(given, values.mean(axis=1))


def test_equal_constants_are_one():
    """The same numbers of the same type and shape share a name; another type or shape does not."""
    graph = Graph(onnx)
    names = [
        graph.constant(0),
        graph.constant(np.int64(0)),
        graph.constant([0]),
        graph.constant(0.0),
        graph.constant(0.0, np.float32),
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_a_constant_keeps_its_bits():
    """Neither the layout of an array nor its type changes on the way into the file."""
    graph = Graph(onnx)
    array = np.asfortranarray(np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32))
    name = graph.constant(array)
    (kept,) = [value for value in graph._constants.values() if value.name == name]
    assert np.array_equal(onnx.numpy_helper.to_array(kept), array)
    assert onnx.numpy_helper.to_array(kept).dtype == np.float32


def test_a_graph_that_does_not_fit_together_is_refused():
    """Onnx checks every shape before a file is made of it."""
    graph = Graph(onnx)
    graph.add("MatMul", "sequences", graph.constant(np.zeros((5, 1))))
    graph.name_last("predictions")
    with pytest.raises(onnx.shape_inference.InferenceError, match="Incompatible dimensions"):
        graph.model(2, 1, 18)


def test_what_nothing_asks_for_is_left_out():
    """Neither an operator without a use nor a recurrence's value without one stands in the file."""
    graph = Graph(onnx)
    graph.add("Sub", "sequences", graph.constant(1.0))
    x = graph.add("Transpose", graph.cast("sequences", "FLOAT"), perm=[1, 0, 2])
    weights = [graph.constant(np.ones((1, 6, 2)), np.float32) for _ in range(2)]
    _, final = graph.add_many("GRU", x, *weights, outputs=2, hidden_size=2)
    graph.cast(graph.add("Squeeze", final, graph.constant([0])), "DOUBLE")
    graph.name_last("predictions")
    nodes = graph.model(2, 2, 18).graph.node
    assert [node.op_type for node in nodes] == ["Cast", "Transpose", "GRU", "Squeeze", "Cast"]
    assert list(nodes[2].output) == ["", final]
