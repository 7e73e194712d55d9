"""The layers of a torch module as records, in the order in which data pass through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.diagnosis.subjects.base import Layer
from unflat.diagnosis.subjects.torch_trace import first_tensor
from unflat.diagnosis.subjects.torch_units import activation_of, depth_names, kind_of, owners, units_of, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn
    from torch.nn import Parameter

    from unflat.diagnosis.subjects.torch_trace import Call

_WITH_STEPS = 3


def describe(module: nn.Module, calls: Sequence[Call], is_trained: Callable[[Parameter], bool]) -> tuple[Layer, ...]:
    """Describe the layers of a module.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    calls : sequence of Call
        One pass through it; empty where there was none, and the layers stand in the order they were made in.
    is_trained : callable
        Whether a parameter is trained.

    Returns
    -------
    tuple of Layer
        Parameters that no called layer has come first, as a layer of the kind "other".
    """
    units = units_of(module)
    counts = _counts(module, units, is_trained)
    layers = _from_calls(calls, counts) if calls else _from_units(units, counts)
    seen = {layer.name for layer in layers}
    rest = [Layer(name, "other", None, None, *counts[name]) for name in counts if name not in seen]
    return (*rest, *layers)


def _counts(
    module: nn.Module, units: dict[str, nn.Module], is_trained: Callable[[Parameter], bool]
) -> dict[str, tuple[int, int]]:
    """Count the parameters of each layer: those trained, and all."""
    layer_of = owners(module, units)
    found: dict[str, tuple[int, int]] = {}
    for name, parameter in module.named_parameters():
        trained, all_of_them = found.get(layer_of[name], (0, 0))
        size = parameter.numel()
        found[layer_of[name]] = (trained + size * is_trained(parameter), all_of_them + size)
    return found


def _from_calls(calls: Sequence[Call], counts: dict[str, tuple[int, int]]) -> list[Layer]:
    found: dict[str, list[Layer]] = {}
    for position, call in enumerate(calls):
        if call.unit is None:
            layer = Layer(call.name, "activation", _width(call), call.function)
            found.setdefault(call.name, [layer])
        else:
            onward = _reads_steps(calls[position + 1 :])
            found.setdefault(call.name, _of_unit(call.name, call.unit, counts, _width(call), onward))
    return [layer for layers in found.values() for layer in layers]


def _from_units(units: dict[str, nn.Module], counts: dict[str, tuple[int, int]]) -> list[Layer]:
    return [layer for name, unit in units.items() for layer in _of_unit(name, unit, counts, None, None)]


def _of_unit(
    name: str, unit: nn.Module, counts: dict[str, tuple[int, int]], width: int | None, onward: bool | None
) -> list[Layer]:
    kind, names = kind_of(unit), depth_names(name, unit)
    own_width = width_of(unit)
    rate = float(getattr(unit, "p", 0.0)) if kind == "dropout" else 0.0
    return [
        Layer(
            inner,
            kind,
            width if own_width is None else own_width,
            activation_of(unit),
            *counts.get(inner, (0, 0)),
            rate=rate,
            returns_sequences=None if kind != "recurrent" else True if inner != names[-1] else onward,
        )
        for inner in names
    ]


def _width(call: Call) -> int | None:
    tensor = first_tensor(call.gave)
    return None if tensor is None or tensor.ndim < 2 else int(tensor.shape[-1])  # noqa: PLR2004 - sequences, values


def _reads_steps(later: Sequence[Call]) -> bool | None:
    """Whether the next layer reads all steps; None where no layer follows."""
    for call in later:
        tensor = first_tensor(call.read)
        if tensor is not None:
            return tensor.ndim >= _WITH_STEPS
    return None
