"""A graph of operators, written down one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import ArrayLike

SEQUENCES, LENGTHS, PREDICTIONS = "sequences", "lengths", "predictions"
"""What a file takes and gives."""

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

    def name_last(self, name: str) -> None:
        """Name the value that the last operator gave."""
        self._nodes[-1].output[0] = name

    def _used(self) -> list[Any]:
        """Leave out what nothing asks for: an operator, or one of several values that a recurrence gives."""
        wanted, used = {PREDICTIONS}, []
        for node in reversed(self._nodes):
            if wanted.isdisjoint(node.output):
                continue
            if node.op_type in _RECURRENCES:
                node.output[:] = [name if name in wanted else "" for name in node.output]
            wanted.update(node.input)
            used.append(node)
        return used[::-1]

    def model(self, features: int, outputs: int, opset: int) -> Any:  # noqa: ANN401 - the types of onnx are not there
        """Put everything together and have `onnx` check it.

        Parameters
        ----------
        features : int
            Raw features of a time step.
        outputs : int
            Numbers predicted for a sequence.
        opset : int
            The operator set.

        Returns
        -------
        onnx.ModelProto
            Of the oldest format that has this operator set.
        """
        helper, kinds = self.onnx.helper, self.onnx.TensorProto
        given = [
            helper.make_tensor_value_info(SEQUENCES, kinds.DOUBLE, ["n", "T", features]),
            helper.make_tensor_value_info(LENGTHS, kinds.INT64, ["n"]),
        ]
        gives = [helper.make_tensor_value_info(PREDICTIONS, kinds.DOUBLE, ["n", outputs])]
        graph = helper.make_graph(self._used(), "unflat", given, gives, list(self._constants.values()))
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
        self.onnx.checker.check_model(model, full_check=True)
        return model
