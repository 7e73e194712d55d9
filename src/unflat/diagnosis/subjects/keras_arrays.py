"""Keras's tensors, of whichever backend, as NumPy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.diagnosis.subjects.torch_inside import as_array

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray


def array_of(keras: ModuleType, value: Any) -> NDArray[Any]:  # noqa: ANN401 - a tensor or variable of any backend
    """Copy a tensor or variable.

    On torch not by Keras, whose way makes NumPy 2 warn of a missing keyword.
    """
    value = value.value if hasattr(value, "assign") else value
    if isinstance(value, torch.Tensor):
        return as_array(value)
    return np.array(keras.ops.convert_to_numpy(value))
