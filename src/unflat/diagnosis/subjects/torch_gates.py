"""The gates of torch's recurrent layers, from what the layers read and the weights that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.diagnosis.subjects.recurrences import one_after_another, run, run_states, side_by_side
from unflat.diagnosis.subjects.torch_trace import Packed, first_tensor
from unflat.diagnosis.subjects.torch_units import ONE_STEP, STACKED, Stacked, cell_of, depth_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.diagnosis.subjects.base import Gates
    from unflat.diagnosis.subjects.recurrences import State
    from unflat.diagnosis.subjects.torch_trace import Call


def gates_of(calls: list[Call]) -> dict[str, Gates]:
    """Recompute the gates of one recurrent module.

    Parameters
    ----------
    calls : list of Call
        All calls of the module in one pass: one for a whole layer, one for each step for a cell.

    Returns
    -------
    dict of str to Gates
        By the layer's name, the layers of a stack each for itself; empty for a recurrence without gates.
    """
    unit = calls[0].unit
    if isinstance(unit, STACKED):
        return _of_stack(calls[-1], unit, run)
    cell = cell_of(unit) if isinstance(unit, ONE_STEP) else None
    if cell is None:
        return {}
    steps = [run(cell, _array(_read(call))[:, None], start=_start(call.read[1:])) for call in calls]
    return {calls[0].name: one_after_another(steps)}


def states_of(call: Call) -> dict[str, NDArray[Any]]:
    """Recompute the states of each layer of a stack; empty for a recurrence without gates."""
    layers = _of_stack(call, call.unit, run_states) if isinstance(call.unit, STACKED) else {}
    return {name: np.asarray(layer.states) for name, layer in layers.items()}


def _of_stack(call: Call, unit: Stacked, read: Callable[..., Gates]) -> dict[str, Gates]:
    x, mask = _sequences(call, unit)
    state = call.read[1] if len(call.read) > 1 else None
    found: dict[str, Gates] = {}
    for depth, name in enumerate(depth_names(call.name, unit)):
        directions = [
            read(cell, x, mask=mask, start=_start_of(state, row), backward=bool(reverse))
            for row, reverse, cell in _cells(unit, depth)
        ]
        if not directions:
            return {}
        found[name] = side_by_side(*directions) if unit.bidirectional else directions[0]
        x = np.asarray(found[name].states)
    return found


def _cells(unit: Stacked, depth: int) -> list[tuple[int, int, Any]]:
    """Give, for each direction of a layer, its row in the initial state, whether it reads backward, and its weights."""
    directions = 2 if unit.bidirectional else 1
    cells = [
        (depth * directions + reverse, reverse, cell_of(unit, f"_l{depth}{'_reverse' * reverse}"))
        for reverse in range(directions)
    ]
    return [entry for entry in cells if entry[2] is not None]


def _sequences(call: Call, unit: Stacked) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Give what a layer read as (n, T, F), and where it has steps."""
    read = call.read[0]
    if isinstance(read, Packed):
        steps = torch.arange(read.values.shape[1])
        return _array(read.values), (steps < read.lengths[:, None]).numpy()
    x = _array(_read(call))
    if x.ndim == 2:  # noqa: PLR2004 - one sequence without an axis for sequences
        return x[None], None
    return (x if unit.batch_first else x.swapaxes(0, 1)), None


def _read(call: Call) -> Tensor:
    tensor = first_tensor(call.read)
    if tensor is None:
        raise TypeError(f"The layer {call.name} read no tensor.")
    return tensor


def _start(state: tuple[Any, ...]) -> State | None:
    """Turn the state that a cell was given into (n, H) arrays; None where it begins at zero."""
    parts = state[0] if state and isinstance(state[0], tuple | list) else state
    return tuple(_array(part) for part in parts if part is not None) or None


def _start_of(state: Any, row: int) -> State | None:  # noqa: ANN401 - a tensor, two of them, or None
    """Take one direction of one layer out of the initial state (layers x directions, n, H) of a stack."""
    if state is None:
        return None
    parts = state if isinstance(state, tuple | list) else (state,)
    return tuple(np.atleast_2d(_array(part[row])) for part in parts)


def _array(tensor: Tensor) -> NDArray[Any]:
    values: NDArray[Any] = tensor.detach().cpu().double().numpy()
    return values
