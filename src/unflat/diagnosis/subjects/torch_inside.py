"""What the layers of a torch module read and passed on in one pass, as arrays: sequences first, then time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.diagnosis.subjects.torch_gates import states_of
from unflat.diagnosis.subjects.torch_trace import Packed, first_tensor
from unflat.diagnosis.subjects.torch_units import ONE_STEP, STACKED, depth_names, depth_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.diagnosis.subjects.torch_trace import Call, Trace

_WITH_STEPS = 3


def passed_on(trace: Trace) -> dict[str, NDArray[Any]]:
    """Give what each layer passed on, the layers of a stack each for itself."""
    found: dict[str, NDArray[Any]] = {}
    for name, calls in trace.named().items():
        if _is_stack(calls[-1]):
            found.update(states_of(calls[-1]))
        last = depth_names(name, calls[-1].unit)[-1] if calls[-1].unit is not None else name
        _put(found, last, [call.gave for call in calls], calls[-1])
    return found


def was_read(trace: Trace) -> dict[str, NDArray[Any]]:
    """Give what each layer read, the layers of a stack each for itself."""
    found: dict[str, NDArray[Any]] = {}
    for name, calls in trace.named().items():
        names = depth_names(name, calls[-1].unit) if calls[-1].unit is not None else [name]
        _put(found, names[0], [call.read for call in calls], calls[-1])
        if _is_stack(calls[-1]):
            inner = states_of(calls[-1])
            found.update({after: inner[name] for name, after in pairwise(names) if name in inner})
    return found


def _is_stack(call: Call) -> bool:
    return call.unit is not None and depth_of(call.unit) > 1


def _put(found: dict[str, NDArray[Any]], name: str, values: list[Any], call: Call) -> None:
    """Add the values of a layer's calls: a cell's along time, of any other layer the last."""
    tensors = [tensor for value in values if (tensor := first_tensor(value)) is not None]
    if tensors and isinstance(call.unit, ONE_STEP):
        found[name] = as_array(torch.stack(tensors, dim=1))
    elif tensors:
        found[name] = as_array(_sequences_first(tensors[-1], call, values[-1]))


def _sequences_first(tensor: Tensor, call: Call, value: Any) -> Tensor:  # noqa: ANN401 - what a layer read or gave
    packed = isinstance(value, Packed) or (isinstance(value, tuple) and isinstance(value[0], Packed))
    turned = isinstance(call.unit, STACKED) and not call.unit.batch_first and not packed
    return tensor.transpose(0, 1) if turned and tensor.ndim == _WITH_STEPS else tensor


def as_array(tensor: Tensor) -> NDArray[Any]:
    """Copy a tensor to NumPy, half precision as float32."""
    tensor = tensor.detach().cpu()
    half = tensor.dtype in {torch.bfloat16, torch.float16}
    return np.array((tensor.float() if half else tensor).numpy())
