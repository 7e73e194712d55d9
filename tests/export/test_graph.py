"""Graphs: what is added is computed, and no constant stands in a file twice."""

import numpy as np
import onnx
import onnxruntime
import pytest

from unflat.export.graph import Graph


def two_inputs():
    """Begin a graph that takes sequences of two features, and their lengths."""
    graph = Graph(onnx)
    graph.take("sequences", "DOUBLE", ["n", "T", 2])
    graph.take("lengths", "INT64", ["n"])
    return graph


def test_a_graph_computes_what_was_added():
    """Operators feed each other by name; the value that is given out comes out."""
    graph = two_inputs()
    row = graph.add("ReduceSum", "sequences", graph.constant([1]), keepdims=0)
    steps = graph.cast(graph.add("Unsqueeze", "lengths", graph.constant([1])), "DOUBLE")
    graph.give(graph.add("Div", row, steps), "predictions", "DOUBLE", 2)
    session = onnxruntime.InferenceSession(graph.model(18).SerializeToString())
    values = np.arange(12.0).reshape(2, 3, 2)
    (given,) = session.run(None, {"sequences": values, "lengths": np.array([3, 3])})
    np.testing.assert_allclose(given, values.mean(axis=1))


def test_a_value_that_is_given_out_can_be_read_on():
    """Several values come out, each by its name, whatever reads them besides."""
    graph = two_inputs()
    total = graph.add("ReduceSum", "sequences", graph.constant([1]), keepdims=0)
    twice = graph.add("Mul", total, graph.constant(2.0))
    graph.give(total, "total", "DOUBLE", 2)
    graph.give(twice, "twice", "DOUBLE", 2)
    graph.give(graph.add("Sub", "total", "twice"), "less", "DOUBLE", 2)
    session = onnxruntime.InferenceSession(graph.model(18).SerializeToString())
    given = session.run(["less", "twice", "total"], {"sequences": np.ones((2, 3, 2)), "lengths": np.array([3, 3])})
    assert [values.tolist()[0] for values in given] == [[-3, -3], [6, 6], [3, 3]]


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
    graph = two_inputs()
    graph.give(graph.add("MatMul", "sequences", graph.constant(np.zeros((5, 1)))), "predictions", "DOUBLE", 1)
    with pytest.raises(onnx.shape_inference.InferenceError, match="Incompatible dimensions"):
        graph.model(18)


def test_what_nothing_asks_for_is_left_out():
    """Neither an operator without a use nor a recurrence's value without one stands in the file."""
    graph = two_inputs()
    graph.add("Sub", "sequences", graph.constant(1.0))
    x = graph.add("Transpose", graph.cast("sequences", "FLOAT"), perm=[1, 0, 2])
    weights = [graph.constant(np.ones((1, 6, 2)), np.float32) for _ in range(2)]
    _, final = graph.add_many("GRU", x, *weights, outputs=2, hidden_size=2)
    graph.give(graph.cast(graph.add("Squeeze", final, graph.constant([0])), "DOUBLE"), "predictions", "DOUBLE", 2)
    nodes = graph.model(18).graph.node
    assert [node.op_type for node in nodes] == ["Cast", "Transpose", "GRU", "Squeeze", "Cast"]
    assert list(nodes[2].output) == ["", final]
