"""What the parts of a torch module are: which of them count as layers, of what kind, with which weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.modules import activation, batchnorm, dropout, instancenorm, normalization, pooling

from unflat.diagnosis.subjects.recurrences import GRUCell, LSTMCell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.diagnosis.subjects.base import LayerKind
    from unflat.diagnosis.subjects.recurrences import Cell

Stacked = nn.LSTM | nn.GRU | nn.RNN
STACKED = (nn.LSTM, nn.GRU, nn.RNN)
ONE_STEP = (nn.LSTMCell, nn.GRUCell, nn.RNNCell)

_WHOLE = (*STACKED, *ONE_STEP, nn.Linear, nn.MultiheadAttention)
"""Layers even where they have parts of their own, as a parametrized weight is one."""

FUNCTIONS = frozenset(
    {"relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax", "elu", "gelu", "selu", "silu", "softplus",
     "hardtanh", "hardsigmoid", "relu6", "celu", "mish", "softsign", "logsigmoid", "clamp"}
)  # fmt: skip
"""Activations that a forward pass may call without a module."""

_ACTIVATIONS = {
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "LogSoftmax": "log_softmax", "LogSigmoid": "logsigmoid",
}  # fmt: skip

NORMS = (batchnorm._BatchNorm, instancenorm._InstanceNorm)  # noqa: SLF001 - torch's common bases have no other name
"""Norms whose predictions depend on the mode."""

_KINDS: tuple[tuple[LayerKind, tuple[type, ...]], ...] = (
    ("recurrent", (*STACKED, *ONE_STEP)),
    ("dense", (nn.Linear, nn.Bilinear)),
    ("dropout", (dropout._DropoutNd,)),  # noqa: SLF001 - as above
    ("norm", (*NORMS, nn.LayerNorm, nn.GroupNorm, normalization.LocalResponseNorm)),
)


def units_of(module: nn.Module) -> dict[str, nn.Module]:
    """Give the parts of a module that count as layers, by their paths, in the order they were made in."""
    found: dict[str, nn.Module] = {}
    _collect(module, "", found, set())
    return found


def _collect(module: nn.Module, path: str, found: dict[str, nn.Module], seen: set[int]) -> None:
    if id(module) in seen:
        return
    seen.add(id(module))
    parts = list(module.named_children())
    if parts and not isinstance(module, _WHOLE) and not hasattr(module, "parametrizations"):
        for name, part in parts:
            _collect(part, f"{path}.{name}" if path else name, found, seen)
    else:
        found[path or type(module).__name__.lower()] = module


def kind_of(unit: nn.Module) -> LayerKind:
    """Say what a layer does."""
    for kind, types in _KINDS:
        if isinstance(unit, types):
            return kind
    if _is_activation(unit):
        return "activation"
    return "pooling" if type(unit).__module__ == pooling.__name__ else "other"


def activation_of(unit: nn.Module) -> str | None:
    """Name a layer's output activation."""
    if _is_activation(unit):
        name = type(unit).__name__
        return _ACTIVATIONS.get(name, name.lower())
    if isinstance(unit, nn.RNN | nn.RNNCell):
        return str(unit.nonlinearity)
    if isinstance(unit, STACKED + ONE_STEP):
        return "tanh"
    return "linear" if isinstance(unit, nn.Linear | nn.Bilinear) else None


def _is_activation(unit: nn.Module) -> bool:
    return type(unit).__module__ == activation.__name__ and not isinstance(unit, nn.MultiheadAttention)


def width_of(unit: nn.Module) -> int | None:
    """Count the values that a layer gives, where it says so itself."""
    if isinstance(unit, STACKED):
        return int((unit.proj_size or unit.hidden_size) * (2 if unit.bidirectional else 1))
    width = next((getattr(unit, n) for n in ("hidden_size", "out_features", "num_features") if hasattr(unit, n)), None)
    return None if width is None else int(width)


def depth_of(unit: nn.Module) -> int:
    """Count the layers that are stacked in one module."""
    return unit.num_layers if isinstance(unit, STACKED) else 1


def depth_names(name: str, unit: nn.Module) -> list[str]:
    """Name each of the layers that are stacked in one module."""
    depth = depth_of(unit)
    return [name] if depth == 1 else [f"{name}[{k}]" for k in range(depth)]


def owners(module: nn.Module, units: Mapping[str, nn.Module]) -> dict[str, str]:
    """Say which layer each parameter belongs to: both by name; those of no layer to the module that holds them."""
    layers = {id(unit): name for name, unit in units.items()}
    found: dict[str, str] = {}
    for path, part in module.named_modules():
        holder = layers.get(id(part)) or _unit_around(path, units)
        for name, _ in part.named_parameters(recurse=False):
            layer = holder or path or "parameters"
            found[f"{path}.{name}" if path else name] = _at_depth(layer, name, units.get(layer))
    return found


def _unit_around(path: str, units: Mapping[str, nn.Module]) -> str | None:
    return next((name for name in units if path.startswith(f"{name}.")), None)


def _at_depth(layer: str, parameter: str, unit: nn.Module | None) -> str:
    """Name the one of stacked layers that a parameter such as `weight_hh_l1_reverse` belongs to."""
    if unit is None or depth_of(unit) == 1:
        return layer
    return f"{layer}[{parameter.removesuffix('_reverse').rpartition('_l')[2]}]"


def cell_of(unit: nn.Module, suffix: str = "") -> Cell | None:
    """Take the weights of one direction of one layer.

    Parameters
    ----------
    unit : torch.nn.Module
        A recurrent layer or cell.
    suffix : str
        What torch appends to the names of its weights, such as "_l0" or "_l1_reverse".

    Returns
    -------
    LSTMCell, GRUCell or None
        The same step in NumPy; None for a recurrence without gates.
    """
    kernel, recurrent = (_array(getattr(unit, f"weight_{part}{suffix}")).T for part in ("ih", "hh"))
    biases = [getattr(unit, f"bias_{part}{suffix}", None) for part in ("ih", "hh")]
    bias, recurrent_bias = (kernel[0] * 0 if b is None else _array(b) for b in biases)
    if isinstance(unit, nn.LSTM | nn.LSTMCell):
        projection = getattr(unit, f"weight_hr{suffix}", None)
        return LSTMCell(kernel, recurrent, bias + recurrent_bias, None if projection is None else _array(projection).T)
    if isinstance(unit, nn.GRU | nn.GRUCell):
        return GRUCell(kernel, recurrent, bias, recurrent_bias)
    return None


def _array(tensor: Tensor) -> NDArray[Any]:
    values: NDArray[Any] = tensor.detach().double().cpu().numpy()
    return values
