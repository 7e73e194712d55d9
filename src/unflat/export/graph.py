"""A graph of operators, written down one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import ArrayLike

SEQUENCES, LENGTHS, CONTEXT = "sequences", "lengths", "context"
"""What a file takes: the third where something stands beside sequences."""

PREDICTIONS, SCALED, VECTOR = "predictions", "scaled", "vector"
"""What a file gives: predictions, the same on the target's scale, and what these are made of."""

_RECURRENCES = ("LSTM", "GRU")
"""Operators that need not give any of their values."""


class Graph:
    """Collects operators and constants.

    Parameters
    ----------
    onnx : module
        The package `onnx`.
    """

    def __init__(self, onnx: ModuleType) -> None:
        self.onnx = onnx
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Any] = {}
        self._taken: list[Any] = []
        self._given: list[Any] = []

    def take(self, name: str, kind: str, shape: Sequence[str | int]) -> None:
        """Take an input of a type, such as DOUBLE."""
        of_type = getattr(self.onnx.TensorProto, kind)
        self._taken.append(self.onnx.helper.make_tensor_value_info(name, of_type, list(shape)))

    def give(self, value: str, name: str, kind: str, width: int) -> None:
        """Give a value out, (n, width), of a type, such as DOUBLE, under a name: from then on it goes by that."""
        of_type = getattr(self.onnx.TensorProto, kind)
        self._given.append(self.onnx.helper.make_tensor_value_info(name, of_type, ["n", width]))
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [name if each == value else each for each in names]

    def constant(self, value: ArrayLike, dtype: type[np.generic] | None = None) -> str:
        """Write an array down, once however often it is used, and give its name."""
        array = np.ascontiguousarray(value, dtype=dtype).reshape(np.shape(value))  # a number stays one
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._constants[key] = self.onnx.numpy_helper.from_array(array, name)
        return str(self._constants[key].name)

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Apply an operator that gives one value, and give that value's name."""
        return self.add_many(operator, *inputs, outputs=1, **attributes)[0]

    def add_many(self, operator: str, *inputs: str, outputs: int, **attributes: object) -> list[str]:
        """Apply an operator that gives several values, and give their names."""
        names = [f"{operator}_{len(self._nodes)}_{i}" for i in range(outputs)]
        node = self.onnx.helper.make_node(operator, list(inputs), names, name=f"{operator}_{len(self._nodes)}")
        node.attribute.extend(self.onnx.helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return names

    def cast(self, value: str, kind: str) -> str:
        """Turn a value into another type, such as FLOAT."""
        return self.add("Cast", value, to=getattr(self.onnx.TensorProto, kind))

    def _used(self) -> list[Any]:
        """Leave out what nothing asks for: an operator, or one of several values that a recurrence gives."""
        wanted, used = {value.name for value in self._given}, []
        for node in reversed(self._nodes):
            if wanted.isdisjoint(node.output):
                continue
            if node.op_type in _RECURRENCES:
                node.output[:] = [name if name in wanted else "" for name in node.output]
            wanted.update(node.input)
            used.append(node)
        return used[::-1]

    def model(self, opset: int) -> Any:  # noqa: ANN401 - the types of onnx are not there
        """Put everything together and have `onnx` check it.

        Parameters
        ----------
        opset : int
            The operator set.

        Returns
        -------
        onnx.ModelProto
            Of the oldest format that has this operator set.
        """
        helper = self.onnx.helper
        graph = helper.make_graph(self._used(), "unflat", self._taken, self._given, list(self._constants.values()))
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
        self.onnx.checker.check_model(model, full_check=True)
        return model
