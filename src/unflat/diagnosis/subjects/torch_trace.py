"""One pass through a torch module, written down: what each layer read and what it passed on, in the order of the calls.

Layers are met by hooks, activations that are called as functions by torch's function mode; both are gone when the
pass is over, also after an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

from unflat.diagnosis.subjects.torch_units import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer.

    Parameters
    ----------
    name : str
        The layer's name; for a function, that of the layer before it and its own: "fc1.relu".
    unit : torch.nn.Module or None
        The layer; None for a function.
    function : str or None
        The function's name.
    read : tuple
        What the call was given, as copies; shapes alone where nothing is kept.
    gave : Any
        What it returned, likewise.
    """

    name: str
    unit: nn.Module | None
    function: str | None
    read: tuple[Any, ...]
    gave: Any


class Trace:
    """Calls in the order in which they ended.

    Parameters
    ----------
    keep : bool
        Whether to keep copies of all values, or their shapes alone.
    """

    def __init__(self, *, keep: bool) -> None:
        self.calls: list[Call] = []
        self._copy: Callable[[Any], Any] = copied if keep else _without_values
        self._open: list[tuple[Any, ...]] = []

    def named(self) -> dict[str, list[Call]]:
        """Give the calls of each layer, by name, in the order of the first."""
        found: dict[str, list[Call]] = {}
        for call in self.calls:
            found.setdefault(call.name, []).append(call)
        return found

    def began(self, unit: nn.Module, read: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Note what a layer is about to read: it may write over it. Functions that it calls are its own."""
        self._open.append(self._copy((*read, *named.values())))

    def ended(self, name: str, unit: nn.Module, gave: object) -> None:
        """Write a layer's call down."""
        self.calls.append(Call(name, unit, None, self._open.pop(), self._copy(gave)))

    def called(self, function: str, read: tuple[Any, ...], gave: object) -> None:
        """Write the call of an activation down, unless a layer made it."""
        if not self._open:
            before = next((call.name for call in reversed(self.calls) if call.unit is not None), None)
            name = function if before is None else f"{before}.{function}"
            self.calls.append(Call(name, None, function, self._copy(read[:1]), self._copy(gave)))


@contextmanager
def traced(units: Mapping[str, nn.Module], *, keep: bool) -> Iterator[Trace]:
    """Write down every pass while the context lasts.

    Parameters
    ----------
    units : mapping of str to torch.nn.Module
        The layers, by name.
    keep : bool
        Whether to keep values.
    """
    trace = Trace(keep=keep)
    with ExitStack() as hooks:
        for name, unit in units.items():
            hooks.callback(unit.register_forward_pre_hook(trace.began, with_kwargs=True).remove)
            hooks.callback(unit.register_forward_hook(_writer(trace, name)).remove)
        hooks.enter_context(_Activations(trace))
        yield trace


def _writer(trace: Trace, name: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def write(unit: nn.Module, _read: tuple[Any, ...], gave: Any) -> None:  # noqa: ANN401 - a layer may return anything
        trace.ended(name, unit, gave)

    return write


class _Activations(TorchFunctionMode):
    """Sees every torch function while it is entered, and writes the activations among them down."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self._trace = trace

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,  # noqa: ANN401 - torch's own signature
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - as above
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "").rstrip("_")
        if name in FUNCTIONS and isinstance(result, torch.Tensor):
            self._trace.called(name, args, result)
        return result


def copied(value: Any) -> Any:  # noqa: ANN401 - whatever a layer reads or gives
    """Copy the tensors in a value, packed sequences padded: a later operation may write into the original."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, PackedSequence):
        return Packed(*pad_packed_sequence(value, batch_first=True))
    return type(value)(map(copied, value)) if type(value) in {tuple, list} else value


def _without_values(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, torch.Tensor):
        return torch.empty(value.shape, device="meta")
    if isinstance(value, PackedSequence):
        return torch.empty((0, 0, 0), device="meta")
    return tuple(map(_without_values, value)) if type(value) in {tuple, list} else None


@dataclass(frozen=True, eq=False)
class Packed:
    """A packed sequence, padded.

    Parameters
    ----------
    values : Tensor of shape (n, T, F)
        Zero beyond each sequence's end.
    lengths : Tensor of shape (n,)
        Steps of each.
    """

    values: Tensor
    lengths: Tensor


def first_tensor(value: Any) -> Tensor | None:  # noqa: ANN401 - whatever a layer reads or gives
    """Find the tensor that a value is about: itself, the first of several such as (output, state), or the one named."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Packed):
        return value.values
    if isinstance(value, PackedSequence):
        return pad_packed_sequence(value, batch_first=True)[0]
    if isinstance(value, tuple | list):
        return next((found for item in value if (found := first_tensor(item)) is not None), None)
    if isinstance(value, Mapping):
        tensors = [tensor for item in value.values() if (tensor := first_tensor(item)) is not None]
        return tensors[0] if len(tensors) == 1 else None
    return None
